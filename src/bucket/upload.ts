import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { addAbortSignal, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Connection } from './connection.ts'
import { isMissingUpload } from './failures.ts'

/** What stores take at least (5 MiB), and a little more; parts on their way at once. One more is being filled. */
const PART_BYTES = 8 * 1024 * 1024
const PARTS_AT_ONCE = 2
/** S3 takes no more: 78 GiB. */
const MOST_PARTS = 10_000
/** Milliseconds that letting go of an upload may take: who gives up waits for it. */
const ABORT_WITHIN = 10_000

/** Named as the store names it for one request. */
class TooManyParts extends Error {
  constructor() {
    super('The object has more parts than an object store takes.')
    this.name = 'EntityTooLarge'
  }
}

export interface UploadOptions {
  bucket: string
  key: string
  signal: AbortSignal
  /** Begins at the store at once, so that one that takes nothing is known before the first byte. Else with the second part. */
  eager: boolean
  partBytes: number | undefined
  /** The stream's error for one of the store's. */
  failed(error: unknown): Error
  /** Headers of the object and what else is kept about it. */
  about?: { ContentType: string; ContentDisposition: string; Metadata: Record<string, string> }
}

/** An object that is being written: nobody can read it before complete(). */
export interface Upload {
  /** Holds at most three parts of 8 MiB. Finishes when the store has all parts; a last one without company is sent by complete(). */
  readonly stream: Writable
  /** Readable, whole, in one step. Only after the stream has finished. */
  complete(): Promise<void>
  /** Nothing of it is kept; an object that was completed stays. Safe at any time, and twice. */
  abort(): Promise<void>
}

/** Rejects with the store's error or the signal's reason; then nothing is left there. */
export async function startUpload({ send }: Pick<Connection, 'send'>, options: UploadOptions): Promise<Upload> {
  const { signal, eager, about, failed, partBytes = PART_BYTES } = options
  const place = { Bucket: options.bucket, Key: options.key }
  const stop = new AbortController()
  const parts: { PartNumber: number; ETag: string | undefined }[] = []
  const underWay = new Set<Promise<void>>()
  const spare: Buffer[] = []
  let buffer: Buffer = Buffer.allocUnsafeSlow(partBytes)
  let filled = 0
  let written = 0
  let uploadId: Promise<string> | undefined
  let aborted: Promise<void> | undefined

  /** Not ended by the signal: the answer to one that was cut off may be an upload that nobody knows. */
  function begin(): Promise<string> {
    return (uploadId ??= send(new CreateMultipartUploadCommand({ ...place, ...about })).then(
      ({ UploadId }) => UploadId as string,
    ))
  }

  async function fill(chunk: Buffer): Promise<void> {
    written += chunk.length
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.copy(buffer, filled, at)
      filled += taken
      at += taken
      if (filled === partBytes) await sendPart()
    }
  }

  /** Resolves when the part is on its way and the next can be filled. A part that fails ends the stream. */
  async function sendPart(): Promise<void> {
    while (underWay.size >= PARTS_AT_ONCE && !stream.destroyed) await Promise.race(underWay)
    const [full, bytes, number] = [buffer, buffer.subarray(0, filled), parts.length + 1]
    if (number > MOST_PARTS) throw new TooManyParts()
    const part = { PartNumber: number, ETag: undefined as string | undefined }
    parts.push(part)
    filled = 0
    const sending = begin()
      .then((UploadId) =>
        send(new UploadPartCommand({ ...place, UploadId, PartNumber: number, Body: bytes }), { signal: stop.signal }),
      )
      .then(({ ETag }) => {
        part.ETag = ETag
        spare.push(full)
      })
      .catch((error: unknown) => void stream.destroy(failed(error)))
      .finally(() => underWay.delete(sending))
    underWay.add(sending)
    buffer = spare.pop() ?? Buffer.allocUnsafeSlow(partBytes)
  }

  const stream = new Writable({
    highWaterMark: 64 * 1024,
    write(chunk: Buffer, _, callback) {
      fill(chunk).then(
        () => callback(),
        (error: unknown) => callback(failed(error)),
      )
    },
    final(callback) {
      const last = filled > 0 && (eager || parts.length > 0) ? sendPart() : Promise.resolve()
      last.then(() => Promise.all(underWay)).then(() => callback(), callback)
    },
    destroy(error, callback) {
      stop.abort(error ?? new Error('The upload was called off.'))
      callback(error)
    },
  })
  // Nobody else may be left to take away what an abort or a failure has cut.
  stream.once('error', () => void abort().catch(() => undefined)) // what stays, the sweep removes
  if (eager) {
    await begin()
    if (signal.aborted) await abort()
    signal.throwIfAborted()
  }
  addAbortSignal(signal, stream)

  async function complete(): Promise<void> {
    if (!stream.writableFinished) throw new Error('An upload is completed before its stream has finished.')
    if (parts.length === 0) {
      await send(new PutObjectCommand({ ...place, ...about, Body: buffer.subarray(0, filled) }), { signal })
      return abort()
    }
    try {
      const MultipartUpload = { Parts: parts }
      await send(new CompleteMultipartUploadCommand({ ...place, UploadId: await begin(), MultipartUpload }))
    } catch (error) {
      // The answer to a first try was lost, and the second found the work done.
      if (!isMissingUpload(error) || !(await isThere())) throw error
    }
  }

  async function isThere(): Promise<boolean> {
    return (await send(new HeadObjectCommand(place))).ContentLength === written
  }

  function abort(): Promise<void> {
    aborted ??= letGo().catch((error: unknown) => {
      aborted = undefined
      throw error
    })
    return aborted
  }

  async function letGo(): Promise<void> {
    const wasUnderWay = underWay.size > 0
    if (!stream.writableFinished) {
      stream.destroy()
      if (!stream.closed) await finished(stream, { cleanup: true }).catch(() => undefined) // the writer has heard of it
    }
    await Promise.all(underWay)
    const id = await uploadId?.catch(() => undefined)
    if (id === undefined) return
    // A part that was on its way may arrive after the first: then there is something for the second.
    for (const _ of wasUnderWay ? [1, 2] : [1])
      await send(new AbortMultipartUploadCommand({ ...place, UploadId: id }), { within: ABORT_WITHIN }).catch(
        (error: unknown) => {
          if (!isMissingUpload(error)) throw error
        },
      )
  }

  return { stream, complete, abort }
}
