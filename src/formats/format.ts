import type { Readable } from 'node:stream'
import type { Column, Row } from '../report-type/define.ts'
import type { SentRow } from '../sources/sent-row.ts'

/** The contract of this shelf: how rows become the bytes of a document. One file each; the list is index.ts. */

export const CSV_DIALECTS = ['POSTGRES', 'RFC4180', 'EXCEL'] as const
export type CsvDialect = (typeof CSV_DIALECTS)[number]

export interface FormatOptions {
  readonly columns: readonly Column[]
  readonly csvDialect: CsvDialect
  /** The report's, IANA: for formats that show instants on somebody's clock. */
  readonly timeZone: string
}

/** Rows, each in the order of the columns. */
export interface RowBatch extends ReadonlyArray<Row> {
  /** By the place of a row: what a source sent of it, if an author passed that on untouched. */
  readonly sent?: readonly (SentRow | undefined)[]
}

export interface Format {
  /** The value of the ReportFormat enum. */
  readonly name: 'CSV' | 'NDJSON' | 'JSON' | 'XLSX' | 'PARQUET'
  /** Without the dot. */
  readonly extension: string
  readonly contentType: string
  /** Its bytes are compressed already: GZIP and ZSTD are refused. Left out: they are not. */
  readonly packed?: true
  /**
   * The document's bytes for these rows (batches of any size). Complete also for
   * zero rows. Pulls the next batch only when its bytes are wanted; holds one batch at most,
   * or, where it writes by columns, rows of a bounded size. An error of `rows` is an
   * error of the stream; destroying the stream returns the iterator. Rows that the format has no room for are an error
   * of the stream: ReportFailed ROW_LIMIT or FORMAT_LIMIT, never a silent cut.
   */
  encode(rows: AsyncIterable<RowBatch>, options: FormatOptions): Readable
  /**
   * The same document from the bytes of `COPY ... TO STDOUT (format csv, header)`: faster, where the format can.
   * What is given arrives in chunks that may split a row or a character anywhere.
   */
  readonly fromCopy?: (copy: Readable, options: FormatOptions) => Readable
}
