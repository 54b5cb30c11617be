import type { Cell, Row } from '../report-type/define.ts'
import type { RowWriter } from './batch-stream.ts'
import { anyText, cellText } from './cell-text.ts'
import { sentRowWriter } from './csv-sent.ts'
import type { FormatOptions } from './format.ts'
import { holdsText, neutralised, neutralisedUnlessNumber } from './formula.ts'

export const BYTE_ORDER_MARK = '\uFEFF'

type CellWriter = (cell: Cell) => string

/** Rows as CSV, by the rules of Postgres: null is nothing, empty text is "", quotes only where they are needed. */
export function csvWriter({ columns, csvDialect }: FormatOptions): RowWriter {
  const excel = csvDialect === 'EXCEL'
  const end = csvDialect === 'POSTGRES' ? '\n' : '\r\n'
  const alone = columns.length === 1
  const last = columns.length - 1
  const cells = columns.map((column): CellWriter => {
    const text = cellText(column)
    const safe = !excel ? (plain: string) => plain : holdsText(column) ? neutralised : neutralisedUnlessNumber
    const words = excel && column.type !== 'JSON'
    // Most cells are texts or numbers that are written as they are, and each is asked as little as may be.
    const asItIs = !excel && text === anyText
    return (cell) => {
      if (cell === null || cell === undefined) return ''
      if (typeof cell === 'string') return quoted(asItIs ? cell : safe(text(cell)), alone)
      // Nothing in a number or a Boolean needs quotes.
      if (typeof cell === 'number') return text(cell)
      if (typeof cell === 'boolean') return words ? String(cell) : text(cell)
      return quoted(text(cell), alone)
    }
  })
  const names = columns.map(({ name }) => quoted(excel ? neutralised(name) : name, alone))
  return {
    head: (excel ? BYTE_ORDER_MARK : '') + names.join(',') + end,
    row(row: Row) {
      let line = ''
      for (let index = 0; index < last; index++) line += `${cells[index]!(row[index])},`
      return line + (last < 0 ? '' : cells[last]!(row[last])) + end
    },
    tail: () => '',
    // A spreadsheet's dialect changes texts; of one column the rules for quotes are others.
    fill: excel || alone ? null : sentRowWriter(columns, (cell, index) => cells[index]!(cell), end),
  }
}

const SPECIAL = /[",\n\r]/

/** `alone`: in a document of one column Postgres also quotes `\.`, which once meant the end of the data. */
function quoted(text: string, alone: boolean): string {
  if (text === '' || (alone && text === '\\.')) return `"${text}"`
  return text.search(SPECIAL) < 0 ? text : `"${doubled(text)}"`
}

/** Measured: for the few quotes of a cell faster than replaceAll, as search() is than test(). */
function doubled(text: string): string {
  let out = ''
  let from = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', from)) {
    out += `${text.slice(from, at + 1)}"`
    from = at + 1
  }
  return out + text.slice(from)
}
