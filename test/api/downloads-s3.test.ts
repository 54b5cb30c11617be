import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { HAS_CEPH, openCeph } from '../support/ceph.ts'
import { openLightObjectStore, type LightObjectStore, type ObjectStore } from '../support/object-store.ts'
import { until } from '../support/until.ts'

const BYTES = `id,name\n${Array.from({ length: 500 }, (_, index) => `${index},"row ${index}, žalia"`).join('\n')}\n`
const SIGNATURE = /X-Amz-Signature|signature=/i

describe.each([
  ['a light store', true, openLightObjectStore],
  ['Ceph', HAS_CEPH, openCeph],
] as const)('documents on %s', (_, there, open) => {
  let ground: Ground
  let store: ObjectStore
  let member: Person
  let proxy: TestApi
  let redirect: TestApi
  beforeAll(async () => {
    if (!there) return
    ;[ground, store] = await Promise.all([createGround(), open()])
    const environment = { ...store.environment, STORE_URL: `s3://${store.bucket}/documents` }
    proxy = await startApi(ground, environment)
    redirect = await startApi(ground, { ...environment, DOWNLOADS: 'redirect' })
    member = await ground.person('MEMBER')
  })
  afterAll(async () => {
    await redirect?.close()
    await proxy?.close()
    await ground?.drop()
    await store?.close()
  })

  /** A finished report, its facts, and a link to its document at each API. */
  async function document(bytes = BYTES) {
    const id = await proxy.ask(member.token)
    const facts = await proxy.carrier.finish(uuidOf(id), { bytes, rows: 1, fileName: 'pardavimai „Q1“.csv' })
    const { body } = await proxy.post('query ($id: ID!) { report(id: $id) { document { downloadUrl } } }', {
      token: member.token,
      variables: { id },
    })
    const url: string = body.data.report.document.downloadUrl
    const { pathname, search } = new URL(url)
    return { id, facts, url, redirected: `${redirect.publicUrl}${pathname}${search}` }
  }
  const manual = (url: string, init: RequestInit = {}) => fetch(url, { redirect: 'manual', ...init })
  async function removeByHand(key: string) {
    const { keys } = store.access.aws
    const client = new S3Client({
      endpoint: store.access.endpoint!,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: { accessKeyId: keys!.id, secretAccessKey: keys!.secret },
    })
    await client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: `documents/${key}` }))
    client.destroy()
  }

  test.skipIf(!there)('proxy: come through the API, whole and in parts, with all they must say', async () => {
    const { url, facts } = await document()
    const response = await manual(url)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': String(facts.byteSize),
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': expect.stringContaining('pardavimai _Q1_.csv') as string,
      etag: `"${facts.sha256}"`,
      'cache-control': 'no-store',
    })
    expect(await response.text()).toBe(BYTES)
    const part = await manual(url, { headers: { range: 'bytes=100-199' } })
    expect([part.status, await part.text()]).toEqual([206, Buffer.from(BYTES).subarray(100, 200).toString()])
    expect((await manual(url, { headers: { range: 'bytes=9999999-' } })).status).toBe(416)
    const head = await manual(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(facts.byteSize)])
    expect((await manual(url, { headers: { 'if-none-match': `"${facts.sha256}"` } })).status).toBe(304)
  })

  test.skipIf(!there)('redirect: 302 to an address of the store, which has name, type and Range', async () => {
    const { redirected, facts } = await document()
    const response = await manual(redirected)
    const location = new URL(response.headers.get('location')!)
    expect([response.status, location.origin, location.searchParams.get('X-Amz-Expires')]).toEqual([
      302,
      store.access.endpoint,
      '60',
    ])
    expect([response.headers.get('cache-control'), response.headers.get('referrer-policy')]).toEqual([
      'no-store',
      'no-referrer',
    ])
    const followed = await fetch(redirected)
    expect(await followed.text()).toBe(BYTES)
    expect([followed.headers.get('content-type'), followed.headers.get('content-disposition')]).toEqual([
      'text/csv; charset=utf-8',
      `attachment; filename="pardavimai _Q1_.csv"; filename*=UTF-8''pardavimai%20%E2%80%9EQ1%E2%80%9C.csv`,
    ])
    const part = await fetch(redirected, { headers: { range: 'bytes=100-199' } })
    expect([part.status, await part.text()]).toEqual([206, Buffer.from(BYTES).subarray(100, 200).toString()])
    const head = await fetch(redirected, { method: 'HEAD' })
    expect([head.redirected, head.status, head.headers.get('content-length')]).toEqual([
      true,
      200,
      String(facts.byteSize),
    ])
    const tampered = new URL(location)
    tampered.pathname = `${tampered.pathname}0`
    expect((await fetch(tampered)).status).toBeGreaterThanOrEqual(400)
  })

  test.skipIf(!there)('redirect: only after all checks, each download noted, no address in the log', async () => {
    const { redirected, facts, id } = await document()
    const forged = redirected.replace(/signature=./, (text) => (text.endsWith('A') ? 'signature=B' : 'signature=A'))
    expect((await manual(forged)).status).toBe(403)
    expect((await manual(redirected, { method: 'POST' })).status).toBe(405)
    expect((await manual(redirected, { headers: { 'if-none-match': `"${facts.sha256}"` } })).status).toBe(304)
    expect((await manual(redirected)).status).toBe(302)
    const noted = await ground.database.sql(
      `select from broadsheet.report_audit where report_id = $1 and kind = 'DOWNLOADED'`,
      [uuidOf(id)],
    )
    expect(noted).toHaveLength(1)
    await ground.database.sql(`update broadsheet.report set status = 'EXPIRED' where id = $1`, [uuidOf(id)])
    const ended = await manual(redirected, { headers: { accept: 'text/html' } })
    expect([ended.status, await ended.text()]).toEqual([410, expect.stringContaining('<h1>Document gone</h1>')])
    expect(redirect.lines.some((line) => line.includes('"redirected":true'))).toBe(true)
    expect([...proxy.lines, ...redirect.lines].filter((line) => SIGNATURE.test(line))).toEqual([])
  })

  test.skipIf(!there)('removed by hand: 410 at both', async () => {
    const { url, redirected, facts } = await document()
    await removeByHand(facts.key)
    for (const each of [url, redirected]) expect((await manual(each)).status).toBe(410)
  })

  test.skipIf(!there)('deleted with its report: the object is gone', async () => {
    const { id, facts } = await document()
    await proxy.post('mutation ($id: ID!) { deleteReport(id: $id) { deletedId } }', {
      token: member.token,
      variables: { id },
    })
    expect(await (await proxy.carrier.parts()).store.size(facts.key)).toBeNull()
  })

  // What goes wrong can only be told to the light one.
  if (open !== openLightObjectStore) return
  test('a broken answer of the store is mended on the way', async () => {
    const light = store as LightObjectStore
    const { url } = await document('0123456789'.repeat(100_000))
    let reads = 0
    light.faultOf = ({ method }) => (method === 'GET' && ++reads < 3 ? { after: 300_000, ending: 'reset' } : null)
    expect((await (await manual(url)).text()).length).toBe(1_000_000)
    expect(reads).toBe(3)
    light.faultOf = () => null
  })

  test('a store that is away: 503, /readyz says so, no host is told', async () => {
    const light = store as LightObjectStore
    const { url } = await document()
    light.faultOf = () => 'reset'
    const response = await manual(url)
    expect([response.status, await response.text()]).toEqual([503, expect.not.stringContaining('127.0.0.1')])
    const ready = await fetch(`${proxy.publicUrl}/readyz`)
    expect([ready.status, await ready.json()]).toMatchObject([503, { missing: ['store'] }])
    light.faultOf = () => null
    await until(async () => (await fetch(`${proxy.publicUrl}/readyz`)).ok)
  }) // prettier-ignore
})
