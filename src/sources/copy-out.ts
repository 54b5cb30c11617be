import type { Readable } from 'node:stream'
import type { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { reportFailure } from './failures.ts'
import type { CopyReading } from './source.ts'

/** What pg-copy-streams 7.0.0 is made of inside (pinned; the test that counts rows fails if it changes). */
interface Inside extends Readable {
  _copyDataChunks: { push(chunk: Buffer): void } | null
  _unreadMessageContentLength: number
  _buffer: unknown
  _forward(): void
  handleError(error: unknown): void
  handleReadyForQuery(): void
  readonly rowCount: number
}

/** Bytes that may wait in the stream: a few reads of the socket. */
const WAITING = 256 * 1024

/**
 * COPY of a query as CSV with a header line. Postgres sends one CopyData message for each line, so that counting messages
 * counts rows exactly, also where cells hold line breaks. What a read of the socket brought is given on as one chunk.
 */
export function copyOut(
  client: Client,
  statement: string,
  fail: (error: unknown) => Error = reportFailure,
): CopyReading {
  const stream = copyTo(`copy (\n${statement}\n) to stdout (format csv, header)`, {
    highWaterMark: WAITING,
  }) as unknown as Inside
  const complete = Promise.withResolvers<number>()
  complete.promise.catch(() => {}) // Told through the stream as well; whoever asks for the count hears it again.
  let lines = 0
  const chunks = stream._copyDataChunks!
  const push = chunks.push.bind(chunks)
  chunks.push = (chunk) => {
    if (stream._unreadMessageContentLength === 0) lines += 1
    push(chunk)
  }
  // Its own handler emits the error without destroying the stream and then trips over what it cleared.
  stream.handleError = (error) => {
    const failure = fail(error)
    complete.reject(failure)
    stream.destroy(failure)
  }
  stream.handleReadyForQuery = () => complete.resolve(stream.rowCount)
  const forward = stream._forward.bind(stream)
  stream._forward = () => {
    if (!stream.destroyed && stream._buffer !== null) forward()
  }
  void client.query(stream as unknown as Parameters<Client['query']>[0])
  return { stream, rows: () => Math.max(0, lines - 1), serverRows: () => complete.promise }
}
