import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'

/**
 * Saves bytes under an absolute path while they come. The file stands there, in place of one that was there before, only when
 * all of them came and their source found them right; where it throws nothing is left and what was there stays.
 */
export async function save(bytes: AsyncIterable<Uint8Array>, target: string, signal?: AbortSignal): Promise<void> {
  // Two that save the same do not write into each other's file.
  const unchecked = `${target}.${process.pid}-${(unique += 1)}.part`
  await mkdir(dirname(target), { recursive: true })
  try {
    await pipeline(bytes, createWriteStream(unchecked), { signal })
    await rename(unchecked, target)
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  } finally {
    await rm(unchecked, { force: true })
  }
}
let unique = 0

/** Where a document goes: the path itself, or below it, under the document's own name, where it is a directory or ends with a slash. */
export async function targetOf(path: string, fileName: string): Promise<string> {
  const directory = path.endsWith('/') || ((await stat(path).catch(absent))?.isDirectory() ?? false)
  return resolve(directory ? join(path, basename(fileName)) : path)
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
