import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** What the API says about a document. */
export interface Wanted {
  fileName: string
  byteSize: number
  sha256: string
  downloadUrl: string
}

/**
 * Saves a document under `directory` while its bytes come, and answers its absolute path. It stands there only when size and
 * SHA-256 are what the API said; throws, and leaves nothing, when not.
 */
export async function download(
  { fileName, byteSize, sha256, downloadUrl }: Wanted,
  directory: string,
  signal: AbortSignal,
): Promise<string> {
  const target = resolve(join(directory, basename(fileName)))
  const unchecked = `${target}.part`
  await mkdir(directory, { recursive: true })
  // No credential: the link itself is one.
  const response = await fetch(downloadUrl, { signal })
  if (!response.ok || response.body === null)
    throw new Error(`The download was answered with ${response.status}: ${(await response.text()).slice(0, 200)}`)

  const hash = createHash('sha256')
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  try {
    await pipeline(response.body, counted, createWriteStream(unchecked), { signal })
    const digest = hash.digest('hex')
    if (bytes !== byteSize) throw new Error(`The download has ${bytes} bytes, and should have ${byteSize}.`)
    if (digest !== sha256) throw new Error(`The download's sha256 is ${digest}, and should be ${sha256}.`)
    await rename(unchecked, target)
  } finally {
    await rm(unchecked, { force: true })
  }
  return target
}
