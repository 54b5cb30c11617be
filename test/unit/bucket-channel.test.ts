import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/api-id.ts'
import { openBucket } from '../../src/bucket/bucket.ts'
import { createBucket } from '../../src/channels/bucket.ts'
import type { Asked, Outcome } from '../../src/channels/channel.ts'
import { Refusal } from '../../src/errors.ts'
import { HAS_CEPH, openCeph } from '../support/ceph.ts'
import { openLightObjectStore, type LightObjectStore, type ObjectStore } from '../support/object-store.ts'
import { until } from '../support/until.ts'

const never = new AbortController().signal
const [REPORT, DELIVERY] = [crypto.randomUUID(), crypto.randomUUID()]
const asked = (role: 'ADMIN' | 'MEMBER' = 'MEMBER') =>
  ({ viewer: { role, tenantId: 'acme' }, email: null, format: 'CSV' }) as unknown as Asked

/** Two parts and a bit. */
const LARGE = Buffer.alloc(17 * 1024 * 1024, 'abcdefghijk\n')

function outcomeOf(bytes: Buffer, more: Partial<Outcome> = {}, open?: () => Promise<Readable>): Outcome {
  return {
    reportId: REPORT,
    tenantId: 'acme:eu',
    reportType: 'sales',
    title: 'Sales',
    status: 'SUCCEEDED',
    scheduleId: null,
    scheduledFor: null,
    requestedAt: new Date('2026-11-21T23:30:00Z'),
    finishedAt: new Date(),
    timeZone: 'Europe/Vilnius',
    failure: null,
    document: {
      fileName: 'pardavimai žali.csv',
      contentType: 'text/csv; charset=utf-8',
      rowCount: 1,
      byteSize: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      columns: [],
      format: 'CSV',
      compression: 'NONE',
      csvDialect: 'POSTGRES',
      expiresAt: null,
      open: open ?? (async () => Readable.from(chunksOf(bytes))),
      link: () => '',
    },
    ...more,
  }
}
function* chunksOf(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

describe.each([
  ['a light store', true, openLightObjectStore],
  ['Ceph', HAS_CEPH, openCeph],
] as const)('on %s', (_, there, open) => {
  let store: ObjectStore
  let channel: ReturnType<typeof createBucket>
  let client: S3Client
  let place: ReturnType<typeof openBucket>
  beforeAll(async () => {
    if (!there) return
    store = await open()
    const url = `s3://${store.bucket}/exports`
    channel = createBucket({
      buckets: { exports: { url, roles: ['ADMIN', 'MEMBER'] }, closed: { url, roles: ['ADMIN'] } },
      access: store.access,
      log: pino({ level: 'silent' }),
    })
    place = openBucket(url, store.access)
    const { keys } = store.access.aws
    client = new S3Client({
      endpoint: store.access.endpoint!,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: { accessKeyId: keys!.id, secretAccessKey: keys!.secret },
    })
  })
  afterAll(async () => {
    if (!there) return
    client.destroy()
    place.close()
    await channel.close()
    await store.close()
  })

  const deliver = (key: string, outcome: Outcome, signal = never) =>
    channel.deliver({ bucket: 'exports', key }, { deliveryId: DELIVERY, outcome, secret: null, signal })
  const at = (key: string) => ({ Bucket: store.bucket, Key: `exports/acme:eu/${key}` })
  const bytesAt = async (key: string) =>
    Buffer.from(await (await client.send(new GetObjectCommand(at(key)))).Body!.transformToByteArray())
  const uploads = async () => {
    const keys: string[] = []
    for await (const { key } of place.uploads('')) keys.push(key)
    return keys
  }

  test.skipIf(!there)('a document becomes an object in the tenant’s prefix, with its name, type and sum', async () => {
    const bytes = Buffer.from('id\n1\n')
    const outcome = outcomeOf(bytes)
    await deliver('daily/{type}/{date}-{reportId}.csv', outcome)
    const key = `daily/sales/2026-11-22-${encodeId('Report', REPORT)}.csv`
    expect(await bytesAt(key)).toEqual(bytes)
    const head = await client.send(new HeadObjectCommand(at(key)))
    expect([head.ContentType, head.ContentDisposition]).toEqual([
      'text/csv; charset=utf-8',
      `attachment; filename="pardavimai _ali.csv"; filename*=UTF-8''pardavimai%20%C5%BEali.csv`,
    ])
    expect(head.Metadata).toEqual({
      'report-id': encodeId('Report', REPORT),
      'delivery-id': encodeId('Delivery', DELIVERY),
      sha256: outcome.document!.sha256,
    })
  })

  test.skipIf(!there)('a large one comes whole, and a second try puts the same in its place', async () => {
    for (const _ of [1, 2]) await deliver('large.csv', outcomeOf(LARGE))
    expect((await bytesAt('large.csv')).equals(LARGE)).toBe(true)
    expect(await uploads()).toEqual([])
  })

  test.skipIf(!there)('an empty one is an object too', async () => {
    await deliver('empty.csv', outcomeOf(Buffer.alloc(0)))
    expect(await bytesAt('empty.csv')).toHaveLength(0)
  })

  test.skipIf(!there)('what was called off, or is not what it should be, leaves no object and no part', async () => {
    const controller = new AbortController()
    const reason = new Error('called off')
    const endless = new Readable({ read() { this.push(LARGE.subarray(0, 65_536)) } }) // prettier-ignore
    const work = deliver(
      'cut.csv',
      outcomeOf(LARGE, {}, async () => endless),
      controller.signal,
    )
    await until(async () => (await uploads()).length > 0)
    controller.abort(reason)
    await expect(work).rejects.toBe(reason)
    expect(endless.destroyed).toBe(true)
    const short = outcomeOf(LARGE, {}, async () => Readable.from(chunksOf(LARGE.subarray(0, -1))))
    await expect(deliver('cut.csv', short)).rejects.toMatchObject({ name: 'DeliveryFailed', retryable: true })
    await expect(bytesAt('cut.csv')).rejects.toMatchObject({ name: 'NoSuchKey' })
    expect(await uploads()).toEqual([])
  })

  test.skipIf(!there)('a slot’s own day is its date', async () => {
    await deliver('{date}.csv', outcomeOf(LARGE.subarray(0, 9), { scheduledFor: new Date('2026-02-01T09:00:00Z') }))
    expect(await bytesAt('2026-02-01.csv')).toHaveLength(9)
  })
})

describe('what a caller may ask for', () => {
  const channel = createBucket({
    buckets: {
      exports: { url: 's3://bucket/exports', roles: ['ADMIN', 'MEMBER'] },
      closed: { url: 's3://bucket/closed', roles: ['ADMIN'] },
    },
    access: null as never,
    log: pino({ level: 'silent' }),
  })
  const errorsOf = (bucket: string, key: string, role?: 'ADMIN' | 'MEMBER') => {
    try {
      void channel.check({ bucket, key }, asked(role))
      return []
    } catch (error) {
      return (error as Refusal).userErrors.map(({ field, code }) => `${field?.join('.')} ${code}`)
    }
  }

  test.each([
    'a',
    'daily/{date}.csv',
    'year=2026/{type}/{reportId}.csv.gz',
    'Ataskaitos žaliosios (1).csv',
    'a..b/c...d',
    'x'.repeat(512),
  ])('%s is a key', (key) => expect(errorsOf('exports', key)).toEqual([]))

  test.each([
    '', '/a', 'a/', 'a//b', '..', '../a', 'a/../b', 'a/..', './a', 'a/.', '{date', '{Date}', '{tenant}/a', '{}', 'a\\b', 'a\0b', 'a\nb', 'a%2fb', 'a?b', 'a#b', '{date}/../x', 'x'.repeat(513),
  ])('%j is none', (key) => expect(errorsOf('exports', key)).toEqual(['key INVALID'])) // prettier-ignore

  test('a bucket for others is like one that is not there, and all faults come at once', () => {
    expect(errorsOf('closed', 'a', 'ADMIN')).toEqual([])
    expect(errorsOf('closed', 'a')).toEqual(['bucket NOT_FOUND'])
    expect(errorsOf('toString', '../a')).toEqual(['bucket NOT_FOUND', 'key INVALID'])
    expect(channel.allows!({ bucket: 'closed', key: 'a' }, 'MEMBER', null)).toBe(false)
    expect(channel.allows!({ bucket: 'closed', key: 'a' }, 'ADMIN', null)).toBe(true)
  })
})

test('an upload that a killed worker left is aborted a day later, before the next delivery of its tenant', async () => {
  const light: LightObjectStore = await openLightObjectStore()
  const url = `s3://${light.bucket}`
  const setup = {
    buckets: { exports: { url, roles: ['MEMBER'] } },
    access: light.access,
    log: pino({ level: 'silent' }),
  }
  const bucket = openBucket(url, light.access)
  const left = ['acme:eu/old', 'acme:eu/young', 'acme/old']
  for (const key of left) await bucket.write(key, { signal: never, eager: true, failed: (error) => error as Error })
  await light.age((key) => key.endsWith('old'), 25 * 3_600_000)
  const channel = createBucket(setup)
  const handover = { deliveryId: DELIVERY, outcome: outcomeOf(Buffer.from('x')), secret: null, signal: never }
  for (const _ of [1, 2]) await channel.deliver({ bucket: 'exports', key: 'new' }, handover)
  expect(new Set(await light.uploads())).toEqual(new Set(['acme/old', 'acme:eu/young']))
  expect(light.requests.filter((line) => line.includes('uploads') && line.startsWith('GET'))).toHaveLength(1)
  await channel.close()
  bucket.close()
  await light.close()
})
