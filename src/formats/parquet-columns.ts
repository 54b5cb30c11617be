import type { SchemaElement } from 'hyparquet-writer'
import { ReportFailed } from '../errors.ts'
import type { Cell, Column } from '../report-type/define.ts'
import { dateMoment, dayNumber, instantMoment, localMoment, type Moment } from './calendar.ts'
import { cellText, isBytes, jsonText } from './cell-text.ts'
import { decimalText } from './number-text.ts'

/** What a column of PARQUET holds: as physical types have it. */
export type Value = boolean | number | bigint | string | Uint8Array
export interface ParquetColumn {
  readonly element: SchemaElement
  /** How the file's schema names it, where that is more than the writer is to know. */
  readonly listed?: SchemaElement
  /** Least and most of its values are not noted. */
  readonly statistics?: false
  /** Left out: a dictionary where it makes the column smaller. */
  readonly encoding?: 'PLAIN'
  /** A cell that is there (never null); `row` counts from 1. Throws ReportFailed where the column has no room for it. */
  value(cell: NonNullable<Cell>, row: number): Value
}

const INT32 = 2 ** 31
const INT64 = 2n ** 63n
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

export function parquetColumn(column: Column): ParquetColumn {
  const optional = { name: column.name, repetition_type: 'OPTIONAL' } as const
  const text = cellText(column)
  const refuse = (cell: unknown, row: number, what: string): never => {
    throw new ReportFailed(
      'FORMAT_LIMIT',
      `Row ${row}, column "${column.name.slice(0, 100)}": "${String(cell).slice(0, 60).toWellFormed()}" is no ${what}, and PARQUET's column takes nothing else. Give the column another type, or ask for another format.`,
    )
  }
  const asText: ParquetColumn = {
    element: { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
    value: text,
  }
  const moments = (
    utc: boolean,
    momentOf: (cell: NonNullable<Cell>) => Moment | null,
    what: string,
  ): ParquetColumn => ({
    element: {
      ...optional, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: utc, unit: 'MICROS' },
      ...(utc && { converted_type: 'TIMESTAMP_MICROS' as const }),
    }, // prettier-ignore
    encoding: 'PLAIN',
    value: (cell, row) => microsOf(momentOf(cell)) ?? refuse(text(cell), row, what),
  })
  switch (column.type) {
    case 'Int':
      return {
        element: { ...optional, type: 'INT32' },
        encoding: 'PLAIN',
        value(cell, row) {
          const number = typeof cell === 'number' ? cell : Number(wholeText(text(cell)) ?? Number.NaN)
          if (Number.isInteger(number) && number >= -INT32 && number < INT32) return number
          return refuse(text(cell), row, 'Int of 32 bits')
        },
      }
    case 'BigInt':
      return {
        element: { ...optional, type: 'INT64' },
        encoding: 'PLAIN',
        value(cell, row) {
          const whole = wholeText(text(cell))
          const number = whole === null ? INT64 : BigInt(whole)
          return number >= -INT64 && number < INT64 ? number : refuse(text(cell), row, 'BigInt of 64 bits')
        },
      }
    case 'Float':
      return {
        element: { ...optional, type: 'DOUBLE' },
        encoding: 'PLAIN',
        value: (cell, row) => (typeof cell === 'number' ? cell : refuse(text(cell), row, 'Float')),
      }
    case 'Decimal':
      return column.precision === undefined ? asText : decimals(column, column.precision, column.scale ?? 0)
    case 'Boolean':
      return {
        element: { ...optional, type: 'BOOLEAN' },
        value: (cell, row) => (typeof cell === 'boolean' ? cell : refuse(text(cell), row, 'Boolean')),
      }
    case 'Date':
      return {
        element: { ...optional, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
        encoding: 'PLAIN',
        value: (cell, row) => dayNumber(text(cell)) ?? refuse(text(cell), row, 'date'),
      }
    case 'DateTime':
      return moments(true, (cell) => (cell instanceof Date ? dateMoment(cell) : instantMoment(text(cell))), 'instant')
    case 'LocalDateTime':
      return moments(false, (cell) => localMoment(text(cell)), 'date and time')
    case 'JSON':
      return {
        // Bytes that are JSON already: a writer that knew would make JSON of them once more, from numbers of 53 bits.
        element: { ...optional, type: 'BYTE_ARRAY' },
        listed: { ...optional, type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } },
        statistics: false,
        value: (cell) => Buffer.from(isBytes(cell) ? text(cell) : jsonText(cell)),
      }
    case 'Bytes':
      return {
        element: { ...optional, type: 'BYTE_ARRAY' },
        value(cell, row) {
          if (isBytes(cell)) return cell
          const hex = text(cell)
          return /^\\x(?:[0-9a-f]{2})*$/i.test(hex) ? Buffer.from(hex.slice(2), 'hex') : refuse(hex, row, 'bytes')
        },
      }
    default:
      return asText
  }

  function decimals({ name }: Column, precision: number, scale: number): ParquetColumn {
    const limit = 10n ** BigInt(precision)
    return {
      element: {
        name, repetition_type: 'OPTIONAL', ...physical(precision), converted_type: 'DECIMAL', precision, scale,
        logical_type: { type: 'DECIMAL', precision, scale },
      }, // prettier-ignore
      encoding: 'PLAIN',
      value(cell, row) {
        const digits = typeof cell === 'number' ? decimalText(cell) : text(cell)
        const unscaled = unscaledOf(digits, scale)
        if (unscaled !== null && unscaled > -limit && unscaled < limit) return unscaled
        return refuse(digits, row, `decimal of ${precision} digits, ${scale} of them after the point`)
      },
    }
  }
}

/** The smallest type that has room for so many digits. */
function physical(precision: number): Pick<SchemaElement, 'type' | 'type_length'> {
  if (precision <= 9) return { type: 'INT32' }
  if (precision <= 18) return { type: 'INT64' }
  return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: Math.ceil((precision * Math.log2(10) + 1) / 8) }
}

/** "-12.5" with scale 2 is -1250n; null: it is no decimal, or has more digits after the point than there is room for. */
function unscaledOf(text: string, scale: number): bigint | null {
  const parts = DECIMAL.exec(text)
  if (!parts) return null
  const [, sign = '', whole = '', written = ''] = parts
  const fraction = written.length > scale ? written.replace(/0+$/, '') : written
  if (fraction.length > scale) return null
  const digits = whole + fraction.padEnd(scale, '0')
  // A number is made faster than a bigint, and is as exact up to 15 digits.
  const unsigned = digits.length <= 15 ? BigInt(Number(digits)) : BigInt(digits)
  return sign === '' ? unsigned : -unsigned
}

function wholeText(text: string): string | null {
  return /^-?\d+$/.test(text) ? text : null
}

function microsOf(moment: Moment | null): bigint | null {
  if (moment === null) return null
  const micros = moment.seconds * 1e6 + moment.micros
  return Number.isSafeInteger(micros) ? BigInt(micros) : BigInt(moment.seconds) * 1_000_000n + BigInt(moment.micros)
}
