import type { Cell, Column, ColumnType, Row } from '../report-type/define.ts'
import type { SentColumns, SentRow } from '../sources/sent-row.ts'

/** Bytes that so many bytes of a short row make as CSV at most: each doubled, and two quotes and a comma for four of a length. */
export const mostCsvBytes = (size: number) => 2 * size + 2

type WithBytes = SentRow & { readonly bytes: Uint8Array }
export function holdsBytes(sent: SentRow | undefined): sent is WithBytes {
  return sent !== undefined && sent.bytes !== null
}

/** How a cell is written: its bytes as they are; with quotes where they are needed; an instant that may be marked; as its value. */
const AS_IS = 0
const QUOTED = 1
const INSTANT = 2
const COMPUTED = 3

const [COMMA, QUOTE, SPACE, PLUS, LETTER_T, NULL_BYTE] = [0x2c, 0x22, 0x20, 0x2b, 0x54, 0x7f]
/** Bytes for which a cell is quoted. */
const SPECIAL = new Uint8Array(256)
for (const character of '",\n\r') SPECIAL[character.charCodeAt(0)] = 1

/**
 * Writes rows that an author passed on untouched from the bytes that their source sent: what Postgres writes of a value is
 * what CSV has of it. Where that does not hold for a column, its cell's value is written, by `text`.
 * @param text a cell's value as CSV, quotes included.
 * @returns what writes a row into `out` at `at` and gives where it ends; -1: there may be no room for it. The caller has seen to
 * room for mostCsvBytes(sent.size).
 */
export function sentRowWriter(
  columns: readonly Column[],
  text: (cell: Cell, index: number) => string,
  end: string,
): (sent: WithBytes, row: Row, out: Buffer, at: number) => number {
  const count = columns.length
  const [first, second = 0] = Buffer.from(end)
  let known: SentColumns | undefined
  let ways: number[] = []

  return ({ bytes, at: start, size, columns: sent }, row, out, at) => {
    if (sent !== known) {
      known = sent
      ways = columns.map(({ type }, index) => wayOf(sent.types[index]!, type))
    }
    let from = start
    let to = at
    for (let index = 0; index < count; index++) {
      if (index > 0) out[to++] = COMMA
      if (bytes[from] === NULL_BYTE) {
        from += 4
        continue
      }
      const length = (bytes[from + 2]! << 7) | bytes[from + 3]!
      from += 4
      const till = from + length
      let way = ways[index]!
      if (way === INSTANT) way = length >= 22 && bytes[from + 10] === LETTER_T ? INSTANT : COMPUTED
      if (way === COMPUTED) {
        const cell = text(row[index], index)
        // What is still to come needs its room as well.
        if (cell.length * 3 > out.length - to - mostCsvBytes(start + size - till)) return -1
        to += out.write(cell, to)
        from = till
        continue
      }
      const began = to
      let special = 0
      while (from < till) {
        const byte = bytes[from++]!
        special |= SPECIAL[byte]!
        out[to++] = byte
      }
      if (way === INSTANT) {
        out[began + 10] = SPACE
        out[to - 3] = PLUS
      } else if (way === QUOTED && (special !== 0 || length === 0)) {
        to = quote(bytes, till - length, till, out, began)
      }
    }
    out[to++] = first!
    if (second !== 0) out[to++] = second
    return to
  }
}

function quote(bytes: Uint8Array, start: number, end: number, out: Buffer, at: number): number {
  let to = at
  out[to++] = QUOTE
  for (let from = start; from < end; from++) {
    const byte = bytes[from]!
    if (byte === QUOTE) out[to++] = QUOTE
    out[to++] = byte
  }
  out[to++] = QUOTE
  return to
}

/** `sent`: what the source says that the column is; `written`: what the report says. */
function wayOf(sent: ColumnType, written: ColumnType): number {
  if (written === 'JSON' || sent === 'JSON' || sent === 'Float') return COMPUTED
  if (sent === 'DateTime' || written === 'DateTime') return sent === written ? INSTANT : COMPUTED
  return sent === 'Int' || sent === 'BigInt' || sent === 'Decimal' || sent === 'Boolean' ? AS_IS : QUOTED
}
