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
    // Not pipeline(): the reader of `dialect` is the one to hear of errors, whichever end they come from.
    copy.once('error', (error) => dialect.destroy(error))
    copy.once('close', () => {
      if (!copy.readableEnded) dialect.destroy(new Error('The source closed before its last row.'))
    })
    dialect.once('close', () => copy.destroy())
    return copy.pipe(dialect)
  },
}
