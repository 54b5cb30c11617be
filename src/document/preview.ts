import { jsonValue } from '../formats/json-cells.ts'
import type { Cell, Column, Json, Row } from '../report-type/define.ts'
import { csvRecords } from './csv-records.ts'

export const PREVIEW_ROWS = 100
/** Of the preview as JSON, in UTF-8. */
export const PREVIEW_BYTES = 64 * 1024
/** What is kept of COPY's bytes to read the preview from: more than the preview can hold, a header of 1,600 names included. */
const COPY_BYTES = 256 * 1024

/** The first rows of a document, kept while it is written. Costs nothing once it is full. */
export interface Preview<Part> {
  /** To be told of each part, in order. */
  take(part: Part): void
  /** Each row in the order of the columns; cells as the API gives them. */
  rows(): Json[][]
}

/** From typed rows, as they are handed to a format. */
export function previewOfRows(columns: readonly Column[]): Preview<readonly Row[]> {
  const values = columns.map(jsonValue)
  const kept: Json[][] = []
  let bytes = 2
  let full = false
  return {
    take(batch) {
      for (const row of batch) {
        if (full) return
        const cells = values.map((value, index) => value(row[index]))
        bytes += Buffer.byteLength(JSON.stringify(cells)) + 1
        full = bytes > PREVIEW_BYTES
        if (!full) kept.push(cells)
        full ||= kept.length >= PREVIEW_ROWS
      }
    },
    rows: () => kept,
  }
}

/** From the bytes of COPY's CSV, before any dialect or compression: taps the first chunks and reads them when asked. */
export function createCopyPreview(columns: readonly Column[]): Preview<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    take(chunk) {
      if (bytes >= COPY_BYTES) return
      // Copied: a part of a large buffer would keep all of it in memory.
      const part = Buffer.from(chunk.subarray(0, COPY_BYTES - bytes))
      chunks.push(part)
      bytes += part.length
    },
    rows() {
      const preview = previewOfRows(columns)
      let header = true
      let count = 0
      for (const record of csvRecords(Buffer.concat(chunks).toString())) {
        if (!header) preview.take([columns.map((column, index) => cellOf(column, record[index] ?? null))])
        header = false
        if (count++ >= PREVIEW_ROWS) break
      }
      return preview.rows()
    },
  }
}

/** COPY's text as a typed cell. */
function cellOf({ type }: Column, text: string | null): Cell {
  if (text === null) return null
  if (type === 'Int' || type === 'Float') return Number(text)
  if (type === 'Boolean') return text === 't'
  return type === 'JSON' ? (JSON.parse(text) as Cell) : text
}
