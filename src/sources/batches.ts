import pg, { type Client } from 'pg'
import { type Field } from './cells.ts'
import { divert, type Wire } from './divert.ts'
import { reportFailure } from './failures.ts'

const DATA_ROW = 0x44
/** Bytes of rows that may wait, as Postgres sends them, before the socket is left alone. */
const WAITING = 128 * 1024
/**
 * Rows that are made of them at once. What waits is kept as bytes: where the reader is slower than the source, rows made early
 * would outlive the collections of what is young, and cost more to keep than to make (measured: twice the time for all).
 */
const AT_ONCE = 250

/** The parts of pg's own query object that are used here; it speaks the extended protocol and takes the errors. */
interface Query {
  submit(connection: Wire): unknown
  handleRowDescription(message: { fields: readonly Field[] }): void
  handleReadyForQuery(connection: unknown): void
  handleError(error: Error, connection: unknown): void
}

/**
 * Rows of a query in batches: what has come while the last batch was used, so that the source and the reader work at the
 * same time. What waits is bounded in bytes, not in rows. One Execute for all of them, because Postgres uses its parallel
 * workers for nothing less; where a reader stops early, the rest is let go by, or ended with the connection.
 * @param decoder makes of a query's fields what makes of a DataRow a row; see rows.ts.
 */
export async function* readBatches<R>(
  client: Client,
  query: { readonly text: string; readonly values?: readonly unknown[] },
  decoder: (fields: readonly Field[]) => (message: Buffer, start: number, end: number) => R,
  fail: (error: unknown) => Error = reportFailure,
): AsyncGenerator<R[], void, undefined> {
  let waiting = nothing()
  let bytes = 0
  let ended = false
  /** The reader has stopped early: what still comes is let go by. */
  let unwanted = false
  let fault: { error: unknown } | undefined
  let wake = () => {}
  let wire: Wire | undefined
  let release = () => {}
  let decode: ((message: Buffer, start: number, end: number) => R) | undefined
  /** Parts of a message that one read of the socket did not bring whole. */
  let parts: Buffer[] = []

  function end(error?: { error: unknown }): void {
    release()
    ended = true
    fault ??= error
    wake()
  }

  const taker = {
    part(chunk: Buffer, start: number, end: number, begins: boolean, ends: boolean) {
      if (unwanted) return
      bytes += end - start
      if (begins && ends) return give(chunk, start, end)
      parts.push(chunk.subarray(start, end))
      if (!ends) return
      const message = Buffer.concat(parts)
      parts = []
      give(message, 0, message.length)
    },
    told() {
      // A part of one row is nothing that a reader could take: the rest of it must come.
      if (waiting.messages.length === 0) return
      if (bytes >= WAITING) wire!.stream.pause()
      wake()
    },
  }
  function give(message: Buffer, start: number, end: number): void {
    waiting.messages.push(message)
    waiting.places.push(start, end)
  }
  function made({ messages, places }: Messages, from: number): R[] {
    const rows: R[] = []
    const till = Math.min(from + AT_ONCE, messages.length)
    try {
      for (let index = from; index < till; index++)
        rows.push(decode!(messages[index]!, places[2 * index]!, places[2 * index + 1]!))
    } catch (error) {
      throw fail(error)
    }
    return rows
  }

  const { text, values } = query
  const running = new pg.Query(
    { text, values: values as unknown[], queryMode: 'extended' } as never,
    undefined,
    (error: unknown) => end(error ? { error } : undefined),
  ) as unknown as Query
  const { submit, handleRowDescription, handleReadyForQuery, handleError } = running
  Object.assign(running, {
    submit(connection: Wire) {
      wire = connection
      release = divert(connection, DATA_ROW, taker)
      return submit.call(running, connection)
    },
    handleRowDescription(message: { fields: readonly Field[] }) {
      decode = decoder(message.fields)
      handleRowDescription.call(running, message)
    },
    handleReadyForQuery(connection: unknown) {
      release()
      handleReadyForQuery.call(running, connection)
    },
    handleError(error: Error, connection: unknown) {
      release()
      handleError.call(running, error, connection)
    },
  })
  void client.query(running as unknown as Parameters<Client['query']>[0])

  try {
    for (;;) {
      if (waiting.messages.length > 0) {
        const taken = waiting
        waiting = nothing()
        bytes = 0
        if (!ended) wire!.stream.resume()
        for (let from = 0; from < taken.messages.length; from += AT_ONCE) yield made(taken, from)
      } else if (fault) {
        throw fail(fault.error)
      } else if (ended) {
        return
      } else {
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  } finally {
    if (!ended) {
      unwanted = true
      wire?.stream.resume()
    }
  }
}

/** DataRow messages: each in its Buffer, from its first place to its second. */
interface Messages {
  readonly messages: Buffer[]
  readonly places: number[]
}

function nothing(): Messages {
  return { messages: [], places: [] }
}
