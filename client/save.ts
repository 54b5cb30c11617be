import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, opendir, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** What stands between a file's name and the end of the name of its part: machine (an older client gave none), process, number. */
const PART = /^\.(?:([0-9a-f]{6})-)?(\d{1,10})-\d+\.part$/
/** In milliseconds; nobody writes to one file for so long without a byte. */
const ABANDONED_AFTER = 86_400_000

/**
 * Saves bytes under an absolute path while they come. The file stands there, in place of one that was there before, only when
 * all of them came and their source found them right; where it throws nothing is left and what was there stays. What a process
 * that was killed has left of the same file is removed.
 */
export async function save(bytes: AsyncIterable<Uint8Array>, target: string, signal?: AbortSignal): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  await removeLeftovers(target)
  // Two that save the same do not write into each other's file.
  const unchecked = `${target}.${machine()}-${process.pid}-${(unique += 1)}.part`
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

/** Parts of this file whose process is gone, or that nobody has written to for a day: of another machine one can't tell sooner. */
async function removeLeftovers(target: string): Promise<void> {
  const name = basename(target)
  for await (const { name: each } of await opendir(dirname(target))) {
    const [, host, pid] = (each.startsWith(name) && PART.exec(each.slice(name.length))) || []
    if (pid === undefined) continue
    const path = join(dirname(target), each)
    const found = await stat(path).catch(absent)
    if (!found?.isFile()) continue
    const gone = host === machine() && !isAlive(Number(pid))
    // One that is another user's stays: it is in nobody's way.
    if (gone || Date.now() - found.mtimeMs > ABANDONED_AFTER) await rm(path, { force: true }).catch(notOurs)
  }
}

/** Of this machine or container, as processes are known by their numbers within one alone. */
function machine(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 6)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Where a document goes: the path itself, or below it, under the document's own name, where it is a directory or ends with a slash. */
export async function targetOf(path: string, fileName: string): Promise<string> {
  const directory = path.endsWith('/') || ((await stat(path).catch(absent))?.isDirectory() ?? false)
  return resolve(directory ? join(path, basename(fileName)) : path)
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

function notOurs(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error
}
