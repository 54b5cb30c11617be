import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBucket } from '../../src/bucket/bucket.ts'
import { HAS_CEPH, openCeph } from '../support/ceph.ts'
import { openLightObjectStore, type LightObjectStore, type ObjectStore } from '../support/object-store.ts'
import { openPdfScene, type PdfScene } from '../support/pdf-scene.ts'
import { drawInvoice, drawPdf, drawStatement } from '../support/pdfs.ts'

describe.each([
  ['a light store', true, openLightObjectStore],
  ['Ceph', HAS_CEPH, openCeph],
] as const)('uploads on %s', (_, there, open) => {
  let store: ObjectStore
  let scene: PdfScene
  let bucket: ReturnType<typeof openBucket>
  beforeAll(async () => {
    if (!there) return
    store = await open()
    const url = `s3://${store.bucket}/kept`
    bucket = openBucket(url, store.access)
    scene = await openPdfScene({ ...store.environment, STORE_URL: url })
  })
  afterAll(async () => {
    await scene?.close()
    bucket?.close()
    await store?.close()
  })

  /** What is in the bucket, whole or in parts. */
  const kept = async () => {
    const [objects, parts] = [await Array.fromAsync(bucket.objects('')), await Array.fromAsync(bucket.uploads(''))]
    return [...objects.map(({ key }) => key), ...parts.map(({ key }) => `${key} (parts)`)].toSorted()
  }
  const put = (url: string, bytes: Buffer, headers: Record<string, string>) =>
    fetch(url, { method: 'PUT', headers, body: bytes as never })

  test.skipIf(!there)('are an object when all bytes are there, which a report reads', async () => {
    const bytes = await drawPdf(drawInvoice)
    const { upload, url, headers } = await scene.announce(bytes)
    expect(new URL(url).pathname).toMatch(/^\/uploads\//)
    expect((await put(url, bytes, headers)).status).toBe(204)
    const keys = await kept()
    expect(keys).toEqual([expect.stringContaining('upload')])
    expect(Buffer.concat(await Array.fromAsync((await bucket.read(keys[0]!)) as AsyncIterable<Buffer>))).toEqual(bytes)
    const id = await scene.table(upload.id)
    expect((await scene.client.reached(id, 'SUCCEEDED')).document).toMatchObject({ rowCount: 7 })
    expect((await scene.client.download(id)).toString()).toMatch(/^Pos,Description,Qty,Unit price,Amount \(EUR\)\n1,/)
    expect(await kept()).toHaveLength(2)
    expect((await put(url, bytes, headers)).status).toBe(409)
  })

  test.skipIf(!there)('of several parts come whole', async () => {
    const text = `date,note\n${'2026-11-22,"long, and quoted"\n'.repeat(700_000)}`
    const bytes = Buffer.from(text)
    expect(bytes.length).toBeGreaterThan(16 * 1024 * 1024)
    const { url, headers } = await scene.announce(bytes, 'text/csv')
    const before = await kept()
    expect((await put(url, bytes, headers)).status).toBe(204)
    const [key] = (await kept()).filter((each) => !before.includes(each))
    expect(await bucket.size(key!)).toBe(bytes.length)
  })

  test.skipIf(!there)('that are not what was announced leave no object and no part', async () => {
    const before = await kept()
    const bytes = await drawPdf((page) => void drawStatement(page, 40))
    const short = await scene.announce(bytes)
    const response = await fetch(short.url, {
      method: 'PUT',
      headers: short.headers,
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.subarray(0, -1))
          controller.close()
        },
      }),
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(400)
    const other = await scene.announce(bytes)
    expect((await put(other.url, Buffer.alloc(bytes.length, 'x'), other.headers)).status).toBe(415)
    expect(await kept()).toEqual(before)
    expect((await put(short.url, bytes, short.headers)).status).toBe(204)
  })

  // What goes wrong can only be told to the light one.
  if (open !== openLightObjectStore) return
  test('while the store is away: 503, nothing is kept, and the same PUT does it later', async () => {
    const light = store as LightObjectStore
    const bytes = await drawPdf(drawInvoice)
    const { upload, url, headers } = await scene.announce(bytes)
    const before = await kept()
    light.faultOf = ({ method }) => (method === 'POST' || method === 'PUT' ? 'reset' : null)
    const response = await put(url, bytes, headers)
    expect([response.status, await response.text()]).toEqual([503, expect.not.stringContaining('127.0.0.1')])
    light.faultOf = () => null
    expect(await kept()).toEqual(before)
    expect((await put(url, bytes, headers)).status).toBe(204)
    expect((await scene.client.reached(await scene.table(upload.id), 'SUCCEEDED')).document).toMatchObject({
      rowCount: 7,
    })
  })
})
