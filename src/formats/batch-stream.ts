import { Readable } from 'node:stream'
import { ReportFailed } from '../errors.ts'
import type { Row } from '../report-type/define.ts'

/** Text of one Buffer at most, in characters; a batch that makes more is given in several. */
const LONGEST_TEXT = 64 * 1024

/** How a format writes: what comes first, each row, and what comes last. `row` appends to nothing: it returns its text. */
export interface RowWriter {
  readonly head: string
  row(row: Row, index: number): string
  tail(rowCount: number): string
}

/**
 * Bytes of a document, pulled: the next batch is asked for only when the reader wants more, and one batch is held at most.
 * Written by hand because Readable.from() can't return an iterator whose next() is still on its way.
 */
export function streamOfBatches(rows: AsyncIterable<readonly Row[]>, columnCount: number, writer: RowWriter): Readable {
  const iterator = rows[Symbol.asyncIterator]()
  let batch: readonly Row[] = []
  let position = 0
  let rowCount = 0
  let asking = false
  let ended = false
  let head = writer.head

  function takeText(): string {
    let text = head
    head = ''
    while (position < batch.length && text.length < LONGEST_TEXT) {
      const row = batch[position++]!
      if (row.length !== columnCount) {
        throw new ReportFailed(
          'INTERNAL',
          `Row ${rowCount + 1} has ${row.length} cells, but the report has ${columnCount} columns.`,
        )
      }
      text += writer.row(row, rowCount++)
    }
    return text
  }

  async function read(stream: Readable): Promise<void> {
    while (position >= batch.length) {
      asking = true
      const next = await iterator.next().catch((error: unknown) => {
        ended = true
        throw error
      })
      asking = false
      if (stream.destroyed) return
      if (next.done) {
        ended = true
        stream.push(Buffer.from(head + writer.tail(rowCount)))
        stream.push(null)
        return
      }
      batch = next.value
      position = 0
    }
    stream.push(Buffer.from(takeText()))
    if (position >= batch.length) batch = []
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
