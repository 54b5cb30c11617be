import { streamOfBatches } from './batch-stream.ts'
import type { Format } from './format.ts'
import { jsonRow } from './json-cells.ts'

/** One JSON object for each row, each on its line. */
export const ndjson: Format = {
  name: 'NDJSON',
  extension: 'ndjson',
  contentType: 'application/x-ndjson; charset=utf-8',
  encode(rows, { columns }) {
    const object = jsonRow(columns)
    return streamOfBatches(rows, columns.length, {
      head: '',
      row: (row) => `${object(row)}\n`,
      tail: () => '',
      fill: null,
    })
  },
}
