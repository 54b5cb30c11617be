import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

/** What a generated cell may be; dates and money are given as text. */
export type Cell = string | number | boolean | null
export type Row = readonly Cell[]

const CHUNK_CHARACTERS = 64 * 1024
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/**
 * Streams rows into a table with COPY; memory holds one chunk of them. The table must have been created in the same
 * transaction (COPY ... FREEZE needs that, and spares Postgres a second pass over every page).
 * @param onRows told how many rows each chunk handed over.
 */
export async function copyRows(
  client: Client,
  table: string,
  rows: Iterable<Row>,
  onRows: (count: number) => void,
): Promise<void> {
  const sink = client.query(copyFrom(`copy ${table} from stdin with (freeze)`))
  await pipeline(Readable.from(chunks(rows, onRows), { objectMode: true, highWaterMark: 2 }), sink)
}

function* chunks(rows: Iterable<Row>, onRows: (count: number) => void): Generator<string> {
  let text = ''
  let count = 0
  for (const row of rows) {
    text += `${row.map(encode).join('\t')}\n`
    count += 1
    if (text.length < CHUNK_CHARACTERS) continue
    yield text
    onRows(count)
    text = ''
    count = 0
  }
  if (count > 0) yield text
  onRows(count)
}

function encode(cell: Cell): string {
  if (cell === null) return '\\N'
  if (typeof cell !== 'string') return String(cell)
  return cell.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character)
}

/** 1999 -> '19.99': generated money is counted in cents, so that no sum is off by a rounding of floats. */
export function money(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
