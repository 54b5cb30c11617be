import { createHash } from 'node:crypto'
import { ApiError, ConnectionLost, Damaged, readable } from './errors.ts'
import { pause } from './patience.ts'

/** What the API says about a document, with a link that is good now. */
export interface DocumentLink {
  byteSize: number
  sha256: string
  downloadUrl: string
}

export interface DownloadOptions {
  signal?: AbortSignal | undefined
  /** Bytes so far, of how many. */
  onProgress?: ((bytes: number, byteSize: number) => void) | undefined
}

/** Connections lost in a row, with no byte between, until it is given up: after about half a minute. */
const MOST_LOSSES = 8
/** First and longest wait between, in milliseconds. */
const FIRST_WAIT = 500
const LONGEST_WAIT = 5_000
/** Milliseconds in which something must come. */
const IDLE_AFTER = 60_000

/**
 * A document's bytes as they come. Where the connection breaks off they go on from there (Range), with a new link from `link`,
 * since the old one may have ended. Whoever reads may use them only after the last: before the end it throws Damaged
 * where size or SHA-256 are not what the API said. Throws also ApiError where the link is refused, ConnectionLost, the reason of `signal`.
 */
export async function* documentBytes(
  link: () => Promise<DocumentLink>,
  { signal, onProgress }: DownloadOptions = {},
): AsyncGenerator<Uint8Array> {
  const { byteSize, sha256, ...first } = await link()
  const hash = createHash('sha256')
  let downloadUrl: string | null = first.downloadUrl
  let bytes = 0
  onProgress?.(0, byteSize)
  for (let losses = 0; bytes < byteSize;) {
    try {
      if (downloadUrl === null) {
        const again = await link()
        if (again.sha256 !== sha256) throw new Damaged('The document was made anew while it was being downloaded.')
        downloadUrl = again.downloadUrl
      }
      for await (const chunk of read(downloadUrl, bytes, signal)) {
        bytes += chunk.length
        if (bytes > byteSize)
          throw new Damaged(`The download is longer than the ${byteSize} bytes that it should have.`)
        hash.update(chunk)
        losses = 0
        onProgress?.(bytes, byteSize)
        yield chunk
      }
      if (bytes < byteSize) throw new ConnectionLost(undefined, `after ${bytes} of ${byteSize} bytes`)
    } catch (error) {
      losses += 1
      if (!(error instanceof ConnectionLost) || losses === MOST_LOSSES) throw error
      await pause(Math.min(FIRST_WAIT * 2 ** (losses - 1), LONGEST_WAIT), signal)
      downloadUrl = null
    }
  }
  const digest = hash.digest('hex')
  if (digest !== sha256) throw new Damaged(`The download's sha256 is ${digest}, and should be ${sha256}.`)
}

async function* read(url: string, from: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const idle = new AbortController()
  const listen = () => setTimeout(() => idle.abort(), IDLE_AFTER)
  let listening = listen()
  try {
    // No credential: the link itself is one. Bytes as they are: a Range counts those, whatever stands between.
    const response = await fetch(url, {
      headers: { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) },
      signal: signal ? AbortSignal.any([signal, idle.signal]) : idle.signal,
    })
    if (!response.ok || response.body === null) throw await refusal(response)
    // Whoever knows no Range begins from the start.
    let known = response.status === 206 ? 0 : from
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      clearTimeout(listening)
      const fresh = chunk.subarray(Math.min(known, chunk.length))
      known -= chunk.length - fresh.length
      if (fresh.length > 0) yield fresh
      listening = listen()
    }
  } catch (error) {
    if (idle.signal.aborted) throw new ConnectionLost(undefined, 'nothing came for a minute', error)
    throw readable(error, signal)
  } finally {
    clearTimeout(listening)
  }
}

/** 403, 404 and 410 stay so; what is above 500 may pass. */
async function refusal(response: Response): Promise<Error> {
  const { status } = response
  // At most so much of what may be anything.
  const said = (await response.text()).slice(0, 200).trim()
  return status >= 500
    ? new ConnectionLost(undefined, `HTTP ${status}`)
    : new ApiError(`HTTP ${status}`, `The download was answered with ${status}: ${said}`)
}
