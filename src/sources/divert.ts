import type { Duplex } from 'node:stream'

/** What a Submittable of pg's client is handed: the connection, whose stream is the socket (or TLS over it). */
export interface Wire {
  readonly stream: Duplex
}

/** Where the bodies of the diverted messages go. Nothing here may throw. */
export interface Taker {
  /**
   * Bytes `start` to `end` of `chunk` are (a part of) one message's body; `begins` and `ends` tell whether they are its first
   * and last. The bytes are the taker's to change; `chunk` is not used again.
   */
  part(chunk: Buffer, start: number, end: number, begins: boolean, ends: boolean): void
  /** What one read of the socket brought has all been told. Not called once the diversion has ended. */
  told(): void
}

const HEADER = 5
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Reads one kind of message off a connection itself, past pg's parser, which makes an object and a string for every cell; all
 * other messages go to pg as they come, so that errors, notices and the end of the query stay its business. Ended by calling
 * what it returns, at the latest when the query is ready; then pg hears everything again.
 */
export function divert({ stream }: Wire, code: number, taker: Taker): () => void {
  const listeners = stream.listeners('data') as ((chunk: Buffer) => void)[]
  const [pg] = listeners
  if (!pg || listeners.length > 1) throw new Error('The connection is already read by somebody else.')
  let held = NOTHING
  let left = 0
  let ours = false
  let ended = false

  function hear(given: Buffer): void {
    const chunk = held.length > 0 ? Buffer.concat([held, given]) : given
    held = NOTHING
    let at = 0
    while (at < chunk.length) {
      if (ended) return pg!(chunk.subarray(at))
      const begins = left === 0
      if (begins) {
        if (chunk.length - at < HEADER) {
          held = chunk.subarray(at)
          break
        }
        ours = chunk[at] === code
        left = chunk.readUInt32BE(at + 1) + 1
        if (ours) {
          at += HEADER
          left -= HEADER
        }
      }
      const end = Math.min(chunk.length, at + left)
      left -= end - at
      if (ours) taker.part(chunk, at, end, begins, left === 0)
      else pg!(chunk.subarray(at, end))
      at = end
    }
    // Whoever has ended it reads on by other means: nothing may pause the connection any more.
    if (!ended) taker.told()
  }

  stream.on('data', hear)
  stream.off('data', pg)
  return () => {
    if (ended) return
    ended = true
    stream.on('data', pg)
    stream.off('data', hear)
    stream.resume()
  }
}
