import { Readable } from 'node:stream'
import type { Client } from 'pg'
import { divert, type Wire } from './divert.ts'
import { reportFailure } from './failures.ts'
import type { CopyReading } from './source.ts'

const COPY_DATA = 0x64
/** Bytes of one chunk: Postgres sends 8 KiB at a time, and every stage after this one costs by the chunk. */
const CHUNK = 128 * 1024
/** How long bytes may wait for more to come, in milliseconds: a slow query is seen to move. */
const LINGER = 50

/**
 * COPY of a query as CSV with a header line. Postgres sends one CopyData message for each line, so that counting messages
 * counts rows exactly, also where cells hold line breaks. At most two chunks wait; then the socket does.
 */
export function copyOut(
  client: Client,
  statement: string,
  fail: (error: unknown) => Error = reportFailure,
): CopyReading {
  const complete = Promise.withResolvers<number>()
  complete.promise.catch(() => {}) // Told through the stream as well; whoever asks for the count hears it again.
  let lines = 0
  let rowCount = 0
  let out = Buffer.allocUnsafeSlow(CHUNK)
  let length = 0
  let timer: NodeJS.Timeout | undefined
  let wire: Wire | undefined
  let release = () => {}
  let ended = false

  const stream = new Readable({
    highWaterMark: 2 * CHUNK,
    read: () => void wire?.stream.resume(),
    destroy(error, callback) {
      clearTimeout(timer)
      callback(error)
    },
  })

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (length === 0 || stream.destroyed) return
    const full = length === CHUNK
    const chunk = full ? out : Buffer.from(out.subarray(0, length))
    if (full) out = Buffer.allocUnsafeSlow(CHUNK)
    length = 0
    // After the last row nobody would wake the connection, and the summary's query would wait for ever.
    if (!stream.push(chunk) && !ended) wire!.stream.pause()
  }

  const taker = {
    part(chunk: Buffer, start: number, end: number, begins: boolean) {
      if (begins) lines += 1
      while (start < end) {
        const copied = chunk.copy(out, length, start, end)
        length += copied
        start += copied
        if (length === CHUNK) flush()
      }
    },
    told() {
      if (length > 0 && timer === undefined) timer = setTimeout(flush, LINGER)
    },
  }

  // A query object as pg's client takes them.
  const query = {
    submit(connection: Wire & { query(text: string): void }): null {
      wire = connection
      release = divert(connection, COPY_DATA, taker)
      connection.query(`copy (\n${statement}\n) to stdout (format csv, header)`)
      return null
    },
    handleCommandComplete({ text }: { text: string }) {
      rowCount = Number(/^COPY (\d+)/.exec(text)?.[1] ?? NaN)
    },
    handleReadyForQuery() {
      ended = true
      release()
      flush()
      complete.resolve(rowCount)
      if (!stream.destroyed) stream.push(null)
    },
    handleError(error: unknown) {
      release()
      const failure = fail(error)
      complete.reject(failure)
      stream.destroy(failure)
    },
  }
  void client.query(query as unknown as Parameters<Client['query']>[0])
  return { stream, rows: () => Math.max(0, lines - 1), serverRows: () => complete.promise }
}
