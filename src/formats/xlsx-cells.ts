import { ReportFailed } from '../errors.ts'
import type { Cell, Column } from '../report-type/define.ts'
import { dateMoment, dayNumber, instantMoment, localMoment, timeOfDay, type Moment } from './calendar.ts'
import { anyText, cellText } from './cell-text.ts'
import { rfc3339, toRfc3339 } from './instant.ts'
import { MOST_CHARACTERS, STYLE } from './xlsx-parts.ts'
import { sheetText } from './xlsx-text.ts'

/** A cell that is there (never null) as XML; `at` is its place, "B7". */
export type CellWriter = (cell: NonNullable<Cell>, at: string) => string

/** Digits that a spreadsheet keeps of a number, and that a double gives back as they were. */
const EXACT_DIGITS = 15
const NUMBER = /^-?(0|[1-9]\d*)(?:\.(\d+))?$/
/** 1970-01-01 as a spreadsheet counts days. It believes in a 29th of February 1900: what is before March of that year stays text. */
const DAYS_TO_1970 = 25_569
const FIRST_DAY = 61
const LAST_DAY = 2_958_465

/** How the cells of a column are written; `offset`: of the report's zone, in seconds at seconds from 1970. The value decides where an author gives another type than was declared. */
export function cellWriter(column: Column, offset: (seconds: number) => number): CellWriter {
  const text = cellText(column)
  const asText: CellWriter = (cell, at) => textCell(text(cell), at, column)
  switch (column.type) {
    case 'Int':
    case 'BigInt':
    case 'Decimal':
      return (cell, at) => {
        if (typeof cell === 'number' && Number.isSafeInteger(cell) && Math.abs(cell) < 1e15)
          return `<c r="${at}" s="${STYLE.NUMBER}"><v>${cell}</v></c>`
        if (typeof cell === 'boolean') return booleanCell(cell, at)
        return exactNumber(text(cell), at) ?? asText(cell, at)
      }
    case 'Float':
      return (cell, at) => {
        if (typeof cell === 'number' && Number.isFinite(cell)) return `<c r="${at}"><v>${cell}</v></c>`
        return typeof cell === 'boolean' ? booleanCell(cell, at) : asText(cell, at)
      }
    case 'Boolean':
      return (cell, at) => (typeof cell === 'boolean' ? booleanCell(cell, at) : asText(cell, at))
    case 'Date':
      return (cell, at) => {
        const days = dayNumber(text(cell))
        return (
          serialCell(days === null ? null : { seconds: days * 86_400, micros: 0 }, STYLE.DATE, at) ?? asText(cell, at)
        )
      }
    case 'DateTime':
      return (cell, at) => {
        const instant = cell instanceof Date ? dateMoment(cell) : instantMoment(anyText(cell))
        const local =
          instant && isNear(instant) ? { ...instant, seconds: instant.seconds + offset(instant.seconds) } : null
        // An instant that is no cell of a date keeps its Z: nothing else would say on which clock it is.
        const plain = () => (cell instanceof Date ? rfc3339(cell) : toRfc3339(anyText(cell)))
        return momentCell(local, at) ?? textCell(plain(), at, column)
      }
    case 'LocalDateTime':
      return (cell, at) => momentCell(localMoment(text(cell)), at) ?? asText(cell, at)
    case 'Time':
      return (cell, at) => {
        const time = timeOfDay(text(cell))
        if (!time) return asText(cell, at)
        const style = time.micros > 0 ? STYLE.TIME_FRACTION : STYLE.TIME
        return numberCell((time.seconds + time.micros / 1e6) / 86_400, style, at)
      }
    default:
      return asText
  }
}

/** Text in the cell itself: nothing that stands there is ever evaluated. Throws ReportFailed where there is no room for it. */
export function textCell(text: string, at: string, { name }: Pick<Column, 'name'>, style: number = STYLE.TEXT): string {
  if (text.length > MOST_CHARACTERS)
    throw new ReportFailed(
      'FORMAT_LIMIT',
      `A cell of XLSX holds ${MOST_CHARACTERS.toLocaleString('en')} characters; ${at} (column "${name.slice(0, 100)}") has ${text.length.toLocaleString('en')}. Ask for another format.`,
    )
  return `<c r="${at}" s="${style}" t="inlineStr"><is>${sheetText(text)}</is></c>`
}

/** A number whose digits all come back, shown with as many after the point as were written; null: as a number it would not be the same. */
function exactNumber(text: string, at: string): string | null {
  const parts = NUMBER.exec(text)
  if (!parts) return null
  const [, whole = '', written = ''] = parts
  const room = whole === '0' ? EXACT_DIGITS : EXACT_DIGITS - whole.length
  // 0.25000000000000000000 is 0.25: zeros at the end are shown as far as there is room.
  const fraction = written.length > room ? written.replace(/0+$/, '') : written
  if (fraction.length > room) return null
  return `<c r="${at}" s="${STYLE.NUMBER + fraction.length}"><v>${text}</v></c>`
}

/** Whether it may be a spreadsheet's date in some zone. */
function isNear({ seconds }: Moment): boolean {
  const serial = seconds / 86_400 + DAYS_TO_1970
  return serial > FIRST_DAY - 2 && serial < LAST_DAY + 3
}

/** Shown to the second, or with milliseconds where it has a fraction: the cell's number has all of it. */
function momentCell(moment: Moment | null, at: string): string | null {
  return serialCell(moment, moment && moment.micros > 0 ? STYLE.DATE_TIME_FRACTION : STYLE.DATE_TIME, at)
}

function serialCell(moment: Moment | null, style: number, at: string): string | null {
  if (moment === null) return null
  const days = Math.floor(moment.seconds / 86_400)
  const serial = days + DAYS_TO_1970
  if (serial < FIRST_DAY || serial > LAST_DAY) return null
  return numberCell(serial + (moment.seconds - days * 86_400 + moment.micros / 1e6) / 86_400, style, at)
}

function numberCell(value: number, style: number, at: string): string {
  return `<c r="${at}" s="${style}"><v>${value}</v></c>`
}
function booleanCell(value: boolean, at: string): string {
  return `<c r="${at}" t="b"><v>${value ? 1 : 0}</v></c>`
}
