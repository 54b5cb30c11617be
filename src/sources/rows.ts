import type { Cell } from '../report-type/define.ts'
import { parserOf, type Field } from './cells.ts'

/** Rows up to so many bytes are decoded as one text, of which the cells are parts: a cell that is kept keeps no more alive. */
const SHORT = 1024

/** Decodes DataRow messages of a query with these fields, as arrays or as objects by column name. */
export function rowDecoder(
  fields: readonly Field[],
  rowMode: 'array' | 'object',
): (message: Buffer, start: number, end: number) => Cell[] | Record<string, Cell> {
  const asArray = rowMode === 'array'
  const count = fields.length
  const parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID))
  const names = fields.map(({ name }) => name)
  // Cloned for each row: all of them have one shape.
  const empty: Record<string, Cell> = { ...Object.assign(Object.create(null), Object.fromEntries(names.map((name) => [name, null]))) } // prettier-ignore
  const lengths = new Int32Array(count)

  return (message, start, end) => {
    const first = start + 2
    let at = first
    for (let index = 0; index < count; index++) {
      const length = (message[at]! << 24) | (message[at + 1]! << 16) | (message[at + 2]! << 8) | message[at + 3]!
      lengths[index] = length
      // Lengths are blanked out, so that where all cells are ASCII the whole message is.
      message[at] = message[at + 1] = message[at + 2] = message[at + 3] = 0
      at += length > 0 ? 4 + length : 4
    }
    const whole = end - first <= SHORT ? message.toString('utf8', first, end) : ''
    // As many characters as bytes: each character is one byte, and places in the one are places in the other.
    const plain = whole.length === end - first
    const row: Cell[] | Record<string, Cell> = asArray ? [] : { ...empty }
    at = first
    for (let index = 0; index < count; index++) {
      const length = lengths[index]!
      at += 4
      let cell: Cell = null
      if (length >= 0) {
        const text = plain
          ? whole.substring(at - first, at - first + length)
          : message.toString('utf8', at, at + length)
        const parse = parsers[index]
        cell = parse === undefined ? text : parse(text)
        at += length
      }
      if (asArray) (row as Cell[]).push(cell)
      else (row as Record<string, Cell>)[names[index]!] = cell
    }
    return row
  }
}
