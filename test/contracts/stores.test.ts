import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ObjectStoreAccess } from '../../src/config-aws.ts'
import { openStore, STORE_SCHEMES } from '../../src/stores/index.ts'
import type { Store } from '../../src/stores/store.ts'
import { HAS_CEPH, openCeph } from '../support/ceph.ts'
import { openLightObjectStore } from '../support/object-store.ts'
import { bytesOf } from '../support/rows.ts'

/** An empty store of each kind, and how to be rid of it. */
const EMPTY: Record<string, () => Promise<{ url: string; access?: ObjectStoreAccess; remove(): Promise<void> }>> = {
  async file() {
    const directory = await mkdtemp(join(tmpdir(), 'broadsheet-store-'))
    return {
      url: `file:${join(directory, 'documents')}`,
      remove: () => rm(directory, { recursive: true, force: true }),
    }
  },
  async s3() {
    const { bucket, access, close } = await openLightObjectStore()
    return { url: `s3://${bucket}/some/prefix`, access, remove: close }
  },
  /** One server for all: starting it takes two seconds. */
  async 's3 on Ceph'() {
    const { bucket, access } = await (ceph ??= openCeph())
    return { url: `s3://${bucket}/${crypto.randomUUID()}`, access, remove: async () => {} }
  },
}
let ceph: ReturnType<typeof openCeph> | undefined
afterAll(async () => (await ceph)?.close())

test('every kind of store has its place in this suite', () => {
  expect(new Set(Object.keys(EMPTY).map((kind) => kind.split(' ')[0]))).toEqual(new Set(STORE_SCHEMES))
})

test('what no store is there for is said with the remedy', async () => {
  await expect(openStore('gopher://bucket')).rejects.toMatchObject({
    code: 'STARTUP',
    message: expect.stringMatching(/STORE_URL.*file:/) as string,
  })
  await expect(openStore('documents')).rejects.toMatchObject({ code: 'STARTUP' })
})

describe.each(Object.keys(EMPTY))('%s', (kind) => {
  let store: Store
  let remove: () => Promise<void>
  const never = new AbortController().signal
  const far = () => new Date(Date.now() + 60_000)
  const keysOf = async (prefix: string, before: Date) => {
    const keys: string[] = []
    for await (const key of store.olderThan(prefix, before)) keys.push(key)
    return keys.sort()
  }
  const stored = async (key: string, bytes: Buffer | string) => {
    const pending = await store.write(key, never)
    await pipeline(Readable.from([Buffer.from(bytes)]), pending.stream)
    await pending.promote()
  }

  beforeEach(async ({ skip }) => {
    if (kind === 's3 on Ceph' && !HAS_CEPH) skip('no Ceph here: scripts/outside.sh installs it')
    const empty = await EMPTY[kind]!()
    remove = empty.remove
    store = await openStore(empty.url, empty.access)
  })
  afterEach(async () => {
    await store?.close()
    await remove?.()
  })

  test('what was written is read back, whole and in parts', async () => {
    const bytes = Buffer.from(Array.from({ length: 1_000_003 }, (_, index) => index % 251))
    await stored('acme/report1/1', bytes)
    expect(await store.size('acme/report1/1')).toBe(bytes.length)
    expect((await bytesOf(await store.read('acme/report1/1'))).equals(bytes)).toBe(true)
    expect(await bytesOf(await store.read('acme/report1/1', { start: 10, end: 12 }))).toEqual(bytes.subarray(10, 13))
    expect(await bytesOf(await store.read('acme/report1/1', { start: 1_000_002, end: 1_000_002 }))).toEqual(
      bytes.subarray(1_000_002),
    )
  })

  test('many small chunks arrive in order', async () => {
    const pending = await store.write('acme/report1/1', never)
    await pipeline(
      Readable.from(
        Array.from({ length: 5000 }, (_, index) => Buffer.from(`${index}\n`)),
        { objectMode: true },
      ),
      pending.stream,
    )
    await pending.promote()
    const text = (await bytesOf(await store.read('acme/report1/1'))).toString()
    expect(text).toBe(Array.from({ length: 5000 }, (_, index) => `${index}\n`).join(''))
  })

  test('an empty document is one', async () => {
    await stored('acme/report1/1', '')
    expect(await store.size('acme/report1/1')).toBe(0)
    expect(await bytesOf(await store.read('acme/report1/1'))).toHaveLength(0)
  })

  test('nobody reads it before it is promoted, and it is not promoted before it is finished', async () => {
    const pending = await store.write('acme/report1/1', never)
    pending.stream.write('half')
    await expect(pending.promote()).rejects.toThrow(/finished/)
    expect(await store.size('acme/report1/1')).toBeNull()
    await new Promise((resolve) => pending.stream.end(resolve))
    expect(await store.size('acme/report1/1')).toBeNull()
    await expect(store.read('acme/report1/1')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await pending.promote()
    expect(await store.size('acme/report1/1')).toBe(4)
  })

  test('two attempts do not touch each other', async () => {
    const first = await store.write('acme/report1/1', never)
    first.stream.write('frozen')
    await stored('acme/report1/2', 'second')
    await first.discard()
    expect((await bytesOf(await store.read('acme/report1/2'))).toString()).toBe('second')
    expect(await keysOf('', far())).toEqual(['acme/report1/2'])
  })

  test('what is discarded is gone: while it is written, when it is finished, when it was promoted, and twice', async () => {
    for (const moment of ['writing', 'finished', 'promoted']) {
      const pending = await store.write(`acme/report1/${moment}`, never)
      pending.stream.write('some')
      if (moment !== 'writing') await new Promise((resolve) => pending.stream.end(resolve))
      if (moment === 'promoted') await pending.promote()
      await pending.discard()
      await pending.discard()
    }
    expect(await keysOf('', far())).toEqual([])
  })

  test('an abort ends the stream and leaves nothing', async () => {
    const controller = new AbortController()
    const pending = await store.write('acme/report1/1', controller.signal)
    const endless = new Readable({ read() { this.push(Buffer.alloc(1000)) } }) // prettier-ignore
    const writing = pipeline(endless, pending.stream)
    controller.abort()
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' })
    await pending.discard()
    expect(await keysOf('', far())).toEqual([])
    await expect(store.write('acme/report1/2', controller.signal)).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('removing is done once and for all', async () => {
    await stored('acme/report1/1', 'a')
    await stored('acme/report2/1', 'b')
    await store.remove('acme/report1/1')
    await store.remove('acme/report1/1')
    await store.remove('nobody/nothing/1')
    expect(await store.size('acme/report1/1')).toBeNull()
    await expect(store.read('acme/report1/1')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await keysOf('', far())).toEqual(['acme/report2/1'])
    await stored('acme/report1/2', 'again')
    expect(await store.size('acme/report1/2')).toBe(5)
  })

  test('the sweep sees finished and pending documents that are old, below a prefix', async () => {
    await stored('acme/report1/1', 'a')
    await stored('acme2/report1/1', 'b')
    const pending = await store.write('acme/report2/1.csv', never)
    await new Promise<void>((resolve) => pending.stream.end('c', () => resolve()))
    expect(await keysOf('', far())).toEqual(['acme/report1/1', 'acme/report2/1.csv', 'acme2/report1/1'])
    expect(await keysOf('acme/', far())).toEqual(['acme/report1/1', 'acme/report2/1.csv'])
    expect(await keysOf('acme/report1/', far())).toEqual(['acme/report1/1'])
    expect(await keysOf('', new Date(Date.now() - 60_000))).toEqual([])
    for (const key of await keysOf('', far())) await store.remove(key)
    expect(await keysOf('', far())).toEqual([])
  })

  test('documents are promoted while their neighbours are removed', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await stored(`acme/report1/${index}`, 'x')
        await store.remove(`acme/report1/${index}`)
      }),
    )
    expect(await keysOf('', far())).toEqual([])
  })

  test('keys that leave the store, or that it keeps to itself, are refused', async () => {
    for (const key of [
      '',
      '/etc/passwd',
      '../x',
      'a/../../x',
      'a//b',
      'a/./b',
      '.pending/x',
      'a/.hidden',
      'a\\b',
      'a\0b',
      'a/b/',
      'a%2fb',
      'x'.repeat(201),
    ]) {
      await expect(store.write(key, never), key).rejects.toThrow(RangeError)
      await expect(store.read(key), key).rejects.toThrow(RangeError)
      await expect(store.remove(key), key).rejects.toThrow(RangeError)
      await expect(store.size(key), key).rejects.toThrow(RangeError)
    }
  })

  test('check() says that it can be written', async () => {
    await Promise.all([store.check(), store.check()])
    expect(await keysOf('', far())).toEqual([])
  })
})
