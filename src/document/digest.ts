import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'

/** What a document's bytes came to. */
export interface DocumentDigest {
  readonly byteSize: number
  /** Hex. */
  readonly sha256: string
}

/** Counts and hashes the bytes that pass through `stream`; they are handed on as they came, not copied. */
export function createDigest(): { stream: Transform; bytesSoFar(): number; facts(): DocumentDigest } {
  const hash = createHash('sha256')
  let byteSize = 0
  let sha256: string | undefined
  const stream = new Transform({
    transform(chunk: Buffer, _, callback) {
      hash.update(chunk)
      byteSize += chunk.length
      callback(null, chunk)
    },
    flush(callback) {
      sha256 = hash.digest('hex')
      callback()
    },
  })
  return {
    stream,
    bytesSoFar: () => byteSize,
    /** Throws while bytes may still come: a hash of a part is never taken for the whole. */
    facts() {
      if (sha256 === undefined) throw new Error('The digest is asked for before the stream has ended.')
      return { byteSize, sha256 }
    },
  }
}
