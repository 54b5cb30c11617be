import { mkdir, open, opendir, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { NotFound, Unavailable } from '../errors.ts'
import { checkedKey, keyOfPendingName, pendingName } from './key.ts'
import { createPendingFile } from './pending-file.ts'
import { isMissing, storageFailed } from './storage-failed.ts'
import type { PendingDocument, Store } from './store.ts'

/** Where documents are while they are written: no key begins with a dot. */
const PENDING = '.pending'

/** Documents as files below one directory: for one machine, or for several that mount the same. Made 0700 when absent. */
export async function openLocalStore(directory: string): Promise<Store> {
  const root = resolve(directory)
  await mkdir(join(root, PENDING), { recursive: true, mode: 0o700 })
  const finalPath = (key: string) => join(root, checkedKey(key))
  const pendingPath = (key: string) => join(root, PENDING, pendingName(checkedKey(key)))

  async function write(key: string, signal: AbortSignal): Promise<PendingDocument> {
    signal.throwIfAborted()
    const pending = pendingPath(key)
    const stream = await createPendingFile(pending).catch((error: unknown) => {
      throw storageFailed(error)
    })
    let promoted = false
    const removed = async () => {
      stream.destroy()
      if (!stream.closed) await finished(stream, { cleanup: true }).catch(() => undefined) // the writer has heard of it
      await unlinkIfThere(pending)
      if (promoted) await remove(key)
    }
    addAbortSignal(signal, stream)
    // Nobody else may be left to discard what an abort or a full disk has cut.
    stream.once('error', () => void removed().catch(() => undefined)) // what stays, the sweep removes
    return {
      stream,
      async promote() {
        if (!stream.writableFinished) throw new Error('A document is promoted before its stream has finished.')
        try {
          promoted = true
          await moveInto(pending, finalPath(key))
        } catch (error) {
          throw storageFailed(error)
        }
      },
      discard: removed,
    }
  }

  async function moveInto(from: string, to: string): Promise<void> {
    // A removal of the last neighbour may take the directory away between the two steps.
    for (let attempt = 0; ; attempt++) {
      await mkdir(dirname(to), { recursive: true, mode: 0o700 })
      try {
        await rename(from, to)
        break
      } catch (error) {
        if (!isMissing(error) || attempt === 2) throw error
      }
    }
    // Up to the root, because the directories on the way may be new as well.
    for (let directory = dirname(to); directory.length >= root.length; directory = dirname(directory))
      await syncDirectory(directory)
  }

  async function sizeOf(key: string): Promise<number | null> {
    const path = finalPath(key)
    try {
      const facts = await stat(path)
      return facts.isFile() ? facts.size : null
    } catch (error) {
      if (isMissing(error)) return null
      throw new Unavailable('The store can not be read.', error)
    }
  }

  async function read(key: string, range?: { start: number; end: number }): Promise<Readable> {
    if ((await sizeOf(key)) === null) throw new NotFound()
    const file = await open(finalPath(key)).catch((error: unknown) => {
      throw isMissing(error) ? new NotFound() : new Unavailable('The store can not be read.', error)
    })
    return file.createReadStream({ ...range, highWaterMark: 256 * 1024 })
  }

  async function remove(key: string): Promise<void> {
    const path = finalPath(key)
    try {
      await unlinkIfThere(pendingPath(key))
      await unlink(path)
      for (let directory = dirname(path); directory !== root; directory = dirname(directory)) await rmdir(directory)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (!isMissing(error) && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw storageFailed(error)
    }
  }

  async function* olderThan(prefix: string, before: Date): AsyncIterable<string> {
    const old = async (path: string) => {
      const facts = await stat(path).catch((error: unknown) => {
        if (isMissing(error)) return null
        throw error
      })
      return facts !== null && facts.mtimeMs < before.getTime()
    }
    for await (const entry of entriesOf(join(root, PENDING))) {
      const key = keyOfPendingName(entry.name)
      if (key.startsWith(prefix) && !key.startsWith('.') && (await old(join(root, PENDING, entry.name)))) yield key
    }
    yield* below('')

    async function* below(path: string): AsyncGenerator<string> {
      for await (const entry of entriesOf(join(root, path))) {
        if (entry.name.startsWith('.')) continue
        const key = path + entry.name
        if (entry.isDirectory() && (key.startsWith(prefix) || prefix.startsWith(`${key}/`))) yield* below(`${key}/`)
        if (entry.isFile() && key.startsWith(prefix) && (await old(join(root, key)))) yield key
      }
    }
  }

  async function check(): Promise<void> {
    const probe = join(root, PENDING, `.probe-${process.pid}`)
    try {
      await writeFile(probe, 'ok', { mode: 0o600 })
      await unlinkIfThere(probe) // a check beside this one may have been quicker
    } catch (error) {
      throw new Unavailable('The store can not be written.', error)
    }
  }

  return { write, read, size: sizeOf, remove, olderThan, check, close: async () => {} }
}

/** Not rm(): it takes a file that may not be removed (EPERM) for a directory, and what it then says reads like "not there". */
async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** Entries as the directory gives them, never all at once; none where it is gone. */
async function* entriesOf(directory: string) {
  try {
    for await (const entry of await opendir(directory)) yield entry
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** A rename is durable when its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
