import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openS3Store } from '../../src/stores/s3.ts'
import type { Store } from '../../src/stores/store.ts'
import { openLightObjectStore, type Fault, type LightObjectStore } from '../support/object-store.ts'
import { bytesOf } from '../support/rows.ts'
import { until } from '../support/until.ts'

const MiB = 1024 * 1024
const PART = MiB / 4
const HASTE = { answerWithin: 300, idleAfter: 300 }
const never = new AbortController().signal
const KEY = 'acme/report1/1'
/** Two whole parts and a bit: what goes wrong with one part is not what goes wrong with the last. */
const BYTES = Buffer.from(new Uint32Array((2 * PART + 12_345 * 4) / 4).map((_, index) => index * 2654435761).buffer)

let light: LightObjectStore
let store: Store
beforeEach(async () => {
  light = await openLightObjectStore()
  store = openS3Store(`s3://${light.bucket}/prefix`, light.access, { ...HASTE, partBytes: PART })
})
afterEach(async () => {
  await store.close()
  await light.close()
})

async function stored(bytes = BYTES): Promise<void> {
  const pending = await store.write(KEY, never)
  await pipeline(Readable.from(chunksOf(bytes)), pending.stream)
  await pending.promote()
}
function* chunksOf(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}
/** An endless document, and how many bytes of it were taken. */
function endless() {
  const chunk = Buffer.alloc(64 * 1024)
  const source = { taken: 0, stream: new Readable({ read() { source.taken += chunk.length; this.push(chunk) } }) } // prettier-ignore
  return source
}

/** Each kind of request that the store makes, by what it looks like from outside. */
const OPERATIONS = {
  begin: ({ method, url }) => method === 'POST' && url.includes('uploads'),
  'a part': ({ url }) => url.includes('partNumber=2'),
  'the last part': ({ url }) => url.includes('partNumber=3'),
  complete: ({ method, url }) => method === 'POST' && url.includes('uploadId='),
  size: ({ method }) => method === 'HEAD',
  read: ({ method, url }) => method === 'GET' && !url.includes('uploads'),
} satisfies Record<string, (request: { method: string; url: string }) => boolean>

describe.each(Object.entries(OPERATIONS))('%s', (_, concerns) => {
  test.each<[string, Fault]>([
    ['answered with 500', { answer: 500, code: 'InternalError' }],
    ['told to slow down', { answer: 503, code: 'SlowDown' }],
    ['reset', 'reset'],
    ['not answered', 'silent'],
    ['done, and its answer lost', 'lost'],
  ])('%s once: is asked again, and the document is whole', async (_, fault) => {
    let faults = 0
    light.faultOf = (request) => (concerns(request) && ++faults === 1 ? fault : null)
    await stored()
    expect(await store.size(KEY)).toBe(BYTES.length)
    expect((await bytesOf(await store.read(KEY))).equals(BYTES)).toBe(true)
    expect(faults).toBeGreaterThanOrEqual(2)
    expect(await light.uploads()).toHaveLength(fault === 'lost' && concerns === OPERATIONS.begin ? 1 : 0)
  })
})

describe('tries are bounded', () => {
  test('a store that fails on: STORAGE_FAILED that names no host, and nothing is left', async () => {
    light.faultOf = (request) => (OPERATIONS['a part'](request) ? { answer: 500, code: 'InternalError' } : null)
    const pending = await store.write(KEY, never)
    await expect(pipeline(Readable.from(chunksOf(BYTES)), pending.stream)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: true,
      message: expect.stringMatching(/^The object store does not answer as it should/) as string,
    })
    await pending.discard()
    expect(await light.uploads()).toEqual([])
    expect(light.requests.filter((line) => line.includes('partNumber=2'))).toHaveLength(6)
  })

  test('what has no remedy is not tried again', async () => {
    light.faultOf = () => ({ answer: 403, code: 'AccessDenied' })
    await expect(store.write(KEY, never)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('rights') as string,
    })
    expect(light.requests).toHaveLength(1)
    await expect(store.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(store.size(KEY)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(store.read(KEY)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('a bucket that is not there is said to be', async () => {
    const elsewhere = openS3Store('s3://nowhere', light.access)
    await expect(elsewhere.write(KEY, never)).rejects.toMatchObject({ message: expect.stringContaining('bucket') as string })
    expect(await elsewhere.size(KEY)).toBeNull()
    await elsewhere.close()
  }) // prettier-ignore

  test('a probe does not wait for a store that is silent', async () => {
    const patient = openS3Store(`s3://${light.bucket}`, light.access)
    light.faultOf = () => 'silent'
    const began = performance.now()
    await expect(patient.check()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'The store can not be written.' })
    expect(performance.now() - began).toBeLessThan(1_800)
    await patient.close()
  }) // prettier-ignore
})

describe('a reader', () => {
  test.each(['reset', 'silence'] as const)('gets every byte once over answers that end in %s', async (ending) => {
    await stored()
    let reads = 0
    light.faultOf = (request) => (OPERATIONS.read(request) && ++reads < 4 ? { after: 200_000, ending } : null)
    expect((await bytesOf(await store.read(KEY))).equals(BYTES)).toBe(true)
    reads = 0
    const [start, end] = [7, 300_011]
    expect((await bytesOf(await store.read(KEY, { start, end }))).equals(BYTES.subarray(start, end + 1))).toBe(true)
    expect(reads).toBe(2)
  })

  test('is told when the store breaks off for good', async () => {
    await stored()
    let reads = 0
    light.faultOf = (request) =>
      OPERATIONS.read(request) && ++reads > 1 ? 'reset' : { after: 100_000, ending: 'reset' }
    await expect(bytesOf(await store.read(KEY)).then(({ length }) => length)).rejects.toThrow('ECONNRESET')
    expect(reads).toBeLessThan(40)
  })

  test('never gets the rest of another object', async () => {
    await stored()
    light.faultOf = ({ method }) => (method === 'GET' ? { after: 300_000, ending: 'reset' } : null)
    const bytes = await store.read(KEY)
    light.faultOf = () => null
    await stored(Buffer.alloc(BYTES.length, 1))
    await expect(bytesOf(bytes).then(({ length }) => length)).rejects.toThrow('replaced while it was read')
  })

  test('that goes away lets go of the connection, also while the store is silent', async () => {
    await stored()
    light.faultOf = (request) => (OPERATIONS.read(request) ? { after: 100_000, ending: 'silence' } : null)
    const bytes = await store.read(KEY)
    bytes.once('data', () => undefined)
    await until(() => bytes.readableFlowing)
    bytes.destroy()
    await until(() => bytes.closed, { timeout: 250 })
  })
})

describe('an abort', () => {
  test.each<[string, Fault | null]>([
    ['while parts are sent', null],
    ['while a part is not answered', 'silent'],
    ['between two tries', { answer: 500, code: 'InternalError' }],
  ])('%s ends it at once and leaves no part', async (_, fault) => {
    const patient = openS3Store(`s3://${light.bucket}/prefix`, light.access, { partBytes: PART })
    light.faultOf = ({ url }) => (url.includes('partNumber') ? fault : null)
    const controller = new AbortController()
    const pending = await patient.write(KEY, controller.signal)
    const writing = pipeline(endless().stream, pending.stream)
    await until(() => light.requests.filter((line) => line.includes('partNumber')).length > 1)
    const began = performance.now()
    controller.abort()
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' })
    await pending.discard()
    expect(performance.now() - began).toBeLessThan(1_500)
    expect(await light.uploads()).toEqual([])
    expect(await patient.size(KEY)).toBeNull()
    await patient.close()
  })

  test('while the upload is begun leaves none', async () => {
    const controller = new AbortController()
    light.faultOf = ({ method }) => {
      if (method === 'POST') controller.abort()
      return null
    }
    await expect(store.write(KEY, controller.signal)).rejects.toMatchObject({ name: 'AbortError' })
    expect(light.requests.map((line) => line.split(' ')[0])).toEqual(['POST', 'DELETE'])
    expect(await light.uploads()).toEqual([])
  })
})

test('a store that takes nothing holds the writer: three parts of memory, and no more', async () => {
  const patient = openS3Store(`s3://${light.bucket}/prefix`, light.access, { partBytes: PART })
  light.faultOf = ({ url }) => (url.includes('partNumber') ? 'silent' : null)
  const pending = await patient.write(KEY, never)
  const source = endless()
  const writing = pipeline(source.stream, pending.stream)
  const parts = () => light.requests.filter((line) => line.includes('partNumber')).length
  await until(() => parts() === 2 && source.taken >= 3 * PART && pending.stream.writableNeedDrain)
  // Another turn of the loop, in which nothing more is taken.
  await light.uploads()
  expect(source.taken).toBeLessThan(3 * PART + 300_000)
  expect(parts()).toBe(2)
  pending.stream.destroy()
  await expect(writing).rejects.toThrow('Premature close')
  await pending.discard()
  await patient.close()
})

test('the probe is one hidden object, written at most twice a minute', async () => {
  for (let probe = 0; probe < 5; probe++) await store.check()
  expect(light.requests.map((line) => line.split(' ')[0])).toEqual(['PUT', 'HEAD', 'HEAD', 'HEAD', 'HEAD'])
  const keys = []
  for await (const key of store.olderThan('', new Date(Date.now() + 60_000))) keys.push(key)
  expect(keys).toEqual([])
})

test('a link is the store’s own, for a minute, with the document’s name and type', async () => {
  await stored()
  const shown = { contentType: 'text/csv; charset=utf-8', contentDisposition: `attachment; filename="a b.csv"` }
  const link = await store.link!(KEY, { ...shown, method: 'GET' }, 60)
  expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('60')
  const response = await fetch(link)
  expect([response.status, response.headers.get('content-type'), response.headers.get('content-disposition')]).toEqual([
    200,
    shown.contentType,
    shown.contentDisposition,
  ])
  expect(Buffer.from(await response.arrayBuffer()).equals(BYTES)).toBe(true)
  const head = await fetch(await store.link!(KEY, { ...shown, method: 'HEAD' }, 60), { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(BYTES.length)])
})

test('others find the object under its own address', async () => {
  await stored()
  const path = store.objectUrl!(KEY).replace(/^s3:\//, '')
  expect(light.requests.map((line) => line.split(' ')[1]!.split('?')[0])).toContain(path)
})
