import type { Cell, ColumnType } from '../report-type/define.ts'
import { parserOf, typeOf, type Field } from './cells.ts'
import { exactJson } from './exact-json.ts'
import { NULL_LENGTH, SHORT, type SentColumns, type SentRow } from './sent-row.ts'

type Decode<R> = (message: Buffer, start: number, end: number) => R

/** Rows as a document has them: as cellsDecoder(), and numbers in JSON keep all of their digits. */
export function documentDecoder(fields: readonly Field[]): Decode<Cell[]> {
  return cellsDecoder(fields, (oid) => (typeOf(oid) === 'JSON' ? exactJson : parserOf(oid)))
}

/** Decodes DataRow messages of a query with these fields as cells in the order of the columns. */
function cellsDecoder(fields: readonly Field[], parser = parserOf): Decode<Cell[]> {
  const count = fields.length
  const kinds = fields.map(({ dataTypeID }) => kindOf(typeOf(dataTypeID)))
  const parsers = fields.map(({ dataTypeID }) => parser(dataTypeID))
  const empty = fields.map((): Cell => null)
  const lengths = new Int32Array(count)

  return (message, start, end) => {
    const first = start + 2
    const short = end - first <= SHORT
    let at = first
    for (let index = 0; index < count; index++) {
      const length = (message[at]! << 24) | (message[at + 1]! << 16) | (message[at + 2]! << 8) | message[at + 3]!
      lengths[index] = length
      if (short) {
        // Seven bits a byte, so that where all cells are ASCII the whole message is.
        if (length < 0) message.fill(NULL_LENGTH, at, at + 4)
        else if (length > 127) {
          message[at + 2] = length >> 7
          message[at + 3] = length & 127
        }
      }
      at += 4
      if (length <= 0) continue
      if (kinds[index] === INSTANT) markUtc(message, at, length)
      at += length
    }
    const whole = short ? message.toString('utf8', first, end) : ''
    // As many characters as bytes: each character is one byte, and places in the one are places in the other.
    const plain = whole.length === end - first
    const cells = empty.slice()
    at = first
    for (let index = 0; index < count; index++) {
      const length = lengths[index]!
      at += 4
      if (length < 0) continue
      const kind = kinds[index]!
      if (kind === INTEGER) cells[index] = integer(message, at, at + length)
      else if (kind === BOOLEAN) cells[index] = message[at] === LETTER_T
      else {
        const utc = kind === INSTANT && isMarked(message, at, length)
        const till = utc ? at + length - 2 : at + length
        const text = plain ? whole.substring(at - first, till - first) : message.toString('utf8', at, till)
        cells[index] = kind === TEXT || utc ? text : parsers[index]!(text)
      }
      at += length
    }
    return cells
  }
}

/** The same as objects by column name, with what the source has sent kept beside them. */
export function sentRowDecoder(fields: readonly Field[]): Decode<SentRow> {
  const decode = cellsDecoder(fields)
  const columns: SentColumns = {
    names: fields.map(({ name }) => name),
    types: fields.map(({ dataTypeID }) => typeOf(dataTypeID)),
  }
  const objectOf = objectMaker(columns.names)
  return (message, start, end) => {
    const cells = decode(message, start, end)
    const size = end - start - 2
    return { object: objectOf(cells), cells, columns, bytes: size <= SHORT ? message : null, at: start + 2, size }
  }
}

/**
 * Makes objects with these keys. A function of its own text, because an object written out is made in one step with all its
 * cells, and one that is filled by names costs as much as reading the row.
 */
function objectMaker(names: readonly string[]): (cells: readonly Cell[]) => Record<string, Cell> {
  // In brackets `__proto__` is a name like any other.
  const key = (name: string) => (name === '__proto__' ? '["__proto__"]' : JSON.stringify(name))
  const properties = names.map((name, index) => `${key(name)}: cells[${index}]`)
  // oxlint-disable-next-line typescript/no-implied-eval -- nothing but names as JSON and numbers enters the text
  return new Function('cells', `return { ${properties.join(', ')} }`) as ReturnType<typeof objectMaker>
}

const TEXT = 0
const INTEGER = 1
const BOOLEAN = 2
const INSTANT = 3
const PARSED = 4
const LETTER_T = 0x74

function kindOf(type: ColumnType): number {
  if (type === 'Int') return INTEGER
  if (type === 'Boolean') return BOOLEAN
  if (type === 'DateTime') return INSTANT
  return type === 'Float' || type === 'JSON' ? PARSED : TEXT
}

/** Postgres' text of a whole number. */
function integer(message: Buffer, start: number, end: number): number {
  const negative = message[start] === 0x2d
  let value = 0
  for (let at = negative ? start + 1 : start; at < end; at++) value = value * 10 + message[at]! - 0x30
  return negative ? -value : value
}

/** "2026-11-21 10:00:00.12+00" becomes "2026-11-21T10:00:00.12Z00", where it is: without the last two the text of the cell. */
function markUtc(message: Buffer, at: number, length: number): void {
  const end = at + length
  if (length < 22 || message[at + 4] !== 0x2d || message[at + 10] !== 0x20) return
  if (message[end - 3] !== 0x2b || message[end - 2] !== 0x30 || message[end - 1] !== 0x30) return
  message[at + 10] = 0x54
  message[end - 3] = 0x5a
}
function isMarked(message: Buffer, at: number, length: number): boolean {
  return length >= 22 && message[at + 10] === 0x54
}
