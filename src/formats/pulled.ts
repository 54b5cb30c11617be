import { Readable } from 'node:stream'
import { ReportFailed } from '../errors.ts'
import type { Row } from '../report-type/define.ts'
import type { RowBatch } from './format.ts'

/** Bytes handed on at once, where more are there. */
const PIECE_BYTES = 128 * 1024

/** What makes bytes of batches. What it throws is the error of the stream. */
export interface BatchWriter {
  /** The next batch; the one before has been taken. */
  give(batch: RowBatch): void
  /** Bytes that are ready, never none; null: there are none before another batch. */
  take(): Buffer | null
  /** After the last batch: what is still to come. */
  end(): Buffer[]
}

/**
 * Bytes of a document, pulled: the next batch is asked for only when the reader wants more.
 * Written by hand because Readable.from() can't return an iterator whose next() is still on its way.
 */
export function pullBatches(rows: AsyncIterable<RowBatch>, writer: BatchWriter): Readable {
  const iterator = rows[Symbol.asyncIterator]()
  let asking = false
  let ended = false
  let rest: Buffer[] = []

  async function read(stream: Readable): Promise<void> {
    for (;;) {
      const bytes = ended ? (rest.shift() ?? null) : writer.take()
      if (bytes !== null || ended) {
        stream.push(bytes)
        return
      }
      asking = true
      const next = await iterator.next().catch((error: unknown) => {
        ended = true
        throw error
      })
      asking = false
      if (stream.destroyed) return
      ended = next.done === true
      if (next.done) rest = writer.end().filter(({ length }) => length > 0)
      else writer.give(next.value)
    }
  }

  return new Readable({
    highWaterMark: 64 * 1024,
    read() {
      read(this).catch((error: unknown) => {
        asking = false
        this.destroy(error as Error)
      })
    },
    destroy(error, callback) {
      if (ended || !iterator.return) return callback(error)
      const returned = iterator.return()
      // A generator that is still asked for a row answers return() only after it: its source's own signal ends it.
      if (asking) {
        returned.catch(() => undefined)
        return callback(error)
      }
      returned.then(
        () => callback(error),
        (failure: Error) => callback(error ?? failure),
      )
    },
  })
}

/** Throws ReportFailed. `index`: of the row in the document, from 0. */
export function checkWidth(row: Row, index: number, columnCount: number): void {
  if (row.length === columnCount) return
  throw new ReportFailed(
    'INTERNAL',
    `Row ${index + 1} has ${row.length} cells, but the report has ${columnCount} columns.`,
  )
}

/** The same bytes in pieces, each a part of the whole. */
export function piecesOf(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / PIECE_BYTES)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES))
}
