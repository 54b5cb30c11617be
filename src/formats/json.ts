import { streamOfBatches } from './batch-stream.ts'
import type { Format } from './format.ts'
import { jsonRow } from './json-cells.ts'

/** One JSON array of objects, a line for each, so that it can be read by eye and cut by line. */
export const json: Format = {
  name: 'JSON',
  extension: 'json',
  contentType: 'application/json; charset=utf-8',
  encode(rows, { columns }) {
    const object = jsonRow(columns)
    return streamOfBatches(rows, columns.length, {
      head: '[',
      row: (row, index) => (index === 0 ? '\n' : ',\n') + object(row),
      tail: (rowCount) => (rowCount === 0 ? ']\n' : '\n]\n'),
      fill: null,
    })
  },
}
