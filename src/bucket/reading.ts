import { GetObjectCommand } from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import type { Connection } from './connection.ts'

/** Milliseconds in which the store must send something once it is waited for. */
const IDLE_AFTER = 30_000
/** Times in a row that a body may break before anything more of it has come. */
const MOST_BREAKS = 3
/** Pause after the first of them, in milliseconds; each next one is as long again. */
const PAUSE = 200
/** Bytes that wait for the reader at most, beside the one chunk on its way. */
const BUFFER_BYTES = 256 * 1024

export interface ReadOptions {
  bucket: string
  key: string
  range?: { start: number; end: number } | undefined
  idleAfter?: number | undefined
}

interface Body {
  readonly bytes: Readable
  readonly etag: string | undefined
  /** Bytes still to come. */
  readonly length: number
}

/**
 * An object's bytes. What breaks in the middle is asked for again from where it broke, of the same object (by its ETag), so that a
 * reset costs a pause and never a byte. Rejects with the store's error where it can't be opened.
 */
export async function readObject({ send }: Pick<Connection, 'send'>, options: ReadOptions): Promise<Readable> {
  const { bucket, key, range, idleAfter = IDLE_AFTER } = options
  const ended = new AbortController()

  async function open(from: number, etag?: string): Promise<Body> {
    const end = range ? String(range.end) : ''
    const answer = await send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(range || from > 0 ? { Range: `bytes=${from}-${end}` } : {}),
        ...(etag === undefined ? {} : { IfMatch: etag }),
      }),
      { signal: ended.signal },
    )
    const bytes = answer.Body as Readable
    // Some stores don't look at If-Match.
    if (etag !== undefined && answer.ETag !== etag) {
      bytes.destroy()
      throw new Error('The object was replaced while it was read.')
    }
    return { bytes, etag: answer.ETag, length: answer.ContentLength ?? 0 }
  }

  async function* whole(first: Body): AsyncGenerator<Buffer> {
    let at = range?.start ?? 0
    const end = at + first.length
    let body: Body | null = first
    for (let breaks = 0; at < end;) {
      try {
        body ??= await open(at, first.etag)
        for await (const chunk of watched(body.bytes, idleAfter, ended.signal)) {
          at += chunk.length
          breaks = 0
          yield chunk
        }
        if (at < end) throw new Error('The object store ended an answer before its length.')
      } catch (error) {
        body = null
        breaks += 1
        if (ended.signal.aborted || breaks > MOST_BREAKS) throw error
        await new Promise((again) => setTimeout(again, PAUSE * breaks))
      }
    }
  }

  const bytes = whole(await open(range?.start ?? 0))
  return new Readable({
    highWaterMark: BUFFER_BYTES,
    read() {
      bytes.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: unknown) => this.destroy(error as Error),
      )
    },
    destroy(error, callback) {
      ended.abort(new Error('Nobody reads this any more.'))
      // Its last step is only to let go of the answer, and that the signal has done.
      bytes.return(undefined).catch(() => undefined)
      callback(error)
    },
  })
}

/** The chunks of an answer; breaks it off when none comes in time while one is waited for, or with the signal. */
async function* watched(bytes: Readable, idleAfter: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => bytes.destroy(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  const late = () => bytes.destroy(new Error('The object store has stopped in the middle of an answer.'))
  let timer = setTimeout(late, idleAfter)
  try {
    if (signal.aborted) stop()
    for await (const chunk of bytes) {
      clearTimeout(timer)
      yield chunk as Buffer
      timer = setTimeout(late, idleAfter)
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    bytes.destroy()
  }
}
