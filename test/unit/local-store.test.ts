import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLocalStore } from '../../src/stores/local.ts'

const never = new AbortController().signal
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-local-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('directories are 0700 and files 0600, pending and finished', async () => {
  const store = await openLocalStore(join(directory, 'documents'))
  const mode = async (path: string) => ((await stat(join(directory, 'documents', path))).mode & 0o777).toString(8)
  const pending = await store.write('acme/report1/1', never)
  expect(await mode('.pending/acme%report1%1')).toBe('600')
  await pipeline(Readable.from([Buffer.from('x')]), pending.stream)
  await pending.promote()
  expect(await mode('acme/report1/1')).toBe('600')
  for (const path of ['', '.pending', 'acme', 'acme/report1']) expect(await mode(path)).toBe('700')
  expect(await readdir(join(directory, 'documents', '.pending'))).toEqual([])
})

test('empty directories go with their last document', async () => {
  const store = await openLocalStore(directory)
  const pending = await store.write('acme/report1/1', never)
  await pipeline(Readable.from([Buffer.from('x')]), pending.stream)
  await pending.promote()
  await store.remove('acme/report1/1')
  expect(await readdir(directory)).toEqual(['.pending'])
})

test('a store whose directory is taken away fails with a failure that may be tried again, without a path in it', async () => {
  const store = await openLocalStore(directory)
  await rm(join(directory, '.pending'), { recursive: true })
  await expect(store.write('acme/report1/1', never)).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: true })
  await expect(store.check()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.not.stringContaining(directory) as string,
  })
})

test('bytes under the same key are never written over', async () => {
  const store = await openLocalStore(directory)
  await store.write('acme/report1/1', never)
  await expect(store.write('acme/report1/1', never)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})

test('a file where a directory has to be: promote fails, and discard still cleans up', async () => {
  const store = await openLocalStore(directory)
  await writeFile(join(directory, 'acme'), '')
  const pending = await store.write('acme/report1/1', never)
  await pipeline(Readable.from([Buffer.from('x')]), pending.stream)
  await expect(pending.promote()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await pending.discard()
  expect(await readdir(join(directory, '.pending'))).toEqual([])
})

test('bytes are on the disk when the stream finishes, and the name when promote is done', async () => {
  const store = await openLocalStore(directory)
  const probe = await open(directory)
  const sync = vi.spyOn(Object.getPrototypeOf(probe) as FileHandle, 'sync')
  await probe.close()
  const pending = await store.write('acme/report1/1', never)
  await pipeline(Readable.from([Buffer.from('x')]), pending.stream)
  expect(sync).toHaveBeenCalledTimes(1)
  await pending.promote()
  // The document's directory, its parent that is new as well, and the root.
  expect(sync).toHaveBeenCalledTimes(4)
  sync.mockRestore()
})

/** A file that this user can not remove, and the way back; null where that can not be had. */
function makeUndeletable(path: string): (() => void) | null {
  const set = (flag: string) => execFileSync('chattr', [flag, path], { stdio: 'ignore' })
  if (process.getuid?.() !== 0) {
    chmodSync(dirname(path), 0o500)
    return () => chmodSync(dirname(path), 0o700)
  }
  try {
    set('+i')
    return () => set('-i')
  } catch {
    return null // no chattr, or a file system without it: the test says that it is skipped
  }
}

test('bytes that can not be removed are not called removed', async ({ skip }) => {
  const store = await openLocalStore(directory)
  for (const key of ['acme/report1/1', 'acme/report2/1']) {
    const pending = await store.write(key, never)
    await pipeline(Readable.from([Buffer.from('x')]), pending.stream)
    if (key === 'acme/report1/1') await pending.promote()
  }
  for (const [key, path] of [
    ['acme/report1/1', 'acme/report1/1'],
    ['acme/report2/1', '.pending/acme%report2%1'],
  ] as const) {
    const restore = makeUndeletable(join(directory, path))
    if (!restore) return skip('a file that can not be removed needs chattr for root')
    try {
      await expect(store.remove(key)).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        message: expect.stringContaining('may not be written') as string,
      })
      await stat(join(directory, path))
    } finally {
      restore()
    }
    await store.remove(key)
    await expect(stat(join(directory, path))).rejects.toMatchObject({ code: 'ENOENT' })
  }
})

/** A disk of 256 KiB; false where this user may not mount one. */
function mountSmallDisk(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false // not root, or no mount: the test says that it is skipped
  }
}

test('a full disk ends the stream with STORAGE_FAILED, and nothing is left on it', async ({ skip }) => {
  const disk = join(directory, 'disk')
  await mkdir(disk)
  if (!mountSmallDisk(disk)) return skip('a small disk can only be mounted by root')
  try {
    const store = await openLocalStore(disk)
    const pending = await store.write('acme/report1/1', never)
    const endless = new Readable({ read() { this.push(Buffer.alloc(64 * 1024)) } }) // prettier-ignore
    await expect(pipeline(endless, pending.stream)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: true,
      message: expect.stringContaining('The store is full.') as string,
    })
    await pending.discard()
    expect(await readdir(join(disk, '.pending'))).toEqual([])
    await store.check()
  } finally {
    execFileSync('umount', [disk])
  }
})
