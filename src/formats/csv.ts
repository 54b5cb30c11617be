import { pipeline } from 'node:stream'
import { streamOfBatches } from './batch-stream.ts'
import { createDialectTransform } from './copy-dialect.ts'
import { csvWriter } from './csv-cells.ts'
import type { Format } from './format.ts'

/** CSV in three dialects; POSTGRES is what `\copy ... csv header` writes, byte for byte. */
export const csv: Format = {
  name: 'CSV',
  extension: 'csv',
  contentType: 'text/csv; charset=utf-8',
  encode(rows, options) {
    return streamOfBatches(rows, options.columns.length, csvWriter(options))
  },
  fromCopy(copy, options) {
    if (options.csvDialect === 'POSTGRES') return copy
    const dialect = createDialectTransform(options)
    // Either end's fault destroys the other, and the reader of `dialect` hears of it: nothing is left to call back.
    return pipeline(copy, dialect, () => undefined)
  },
}
