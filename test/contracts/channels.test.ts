import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, describe, expect, test } from 'vitest'
import { DeliveryFailed, type Asked, type ChannelName, type Outcome } from '../../src/channels/channel.ts'
import { closeChannels, createChannels } from '../../src/channels/index.ts'
import { readConfig } from '../../src/config.ts'
import { CHANNEL_NAMES } from '../../src/delivery/status.ts'
import { Refusal } from '../../src/errors.ts'

/** Nobody listens there. */
const DEAD = '127.0.0.1:9'
const SECRET = `whsec_${Buffer.alloc(24, 'k').toString('base64')}`
const { reach } = readConfig({
  DATABASE_URL: 'postgres://a:b@localhost/c',
  REDIS_URL: 'redis://localhost:6379',
  BROADSHEET_SECRET: 'x'.repeat(32),
  SMTP_URL: `smtp://user:hidden-password@${DEAD}`,
  SMTP_FROM: 'reports@example.com',
  BROADSHEET_EMAIL_DOMAINS: 'example.com',
  WEBHOOK_ALLOW: DEAD,
  S3_ENDPOINT: `http://${DEAD}`,
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'hidden-key',
  BROADSHEET_BUCKETS: '{"exports":{"url":"s3://bucket/prefix","roles":["MEMBER"]}}',
  BROADSHEET_WAREHOUSES: `{"main":{"url":"postgres://loader:hidden-password@${DEAD}/db","tables":["loads.*"],"roles":["MEMBER"]}}`,
})
const channels = createChannels({ reach, log: pino({ level: 'silent' }) })
afterAll(() => closeChannels(channels))

/** What each takes, where that goes, and what it refuses, each at its path. A new channel adds its line. */
const CASES: Partial<
  Record<ChannelName, { good: object; destination: string | undefined; bad: readonly [object, string][] }>
> = {
  EMAIL: {
    good: { to: ['ada@example.com'], subject: 'Sales', attach: false },
    destination: undefined,
    bad: [
      [{ to: [] }, 'to'],
      [{ to: ['ada@example.com', 'eve@elsewhere.test'] }, 'to.1'],
    ],
  },
  WEBHOOK: {
    good: { url: `http://${DEAD}/hook?token=hidden-token`, secret: SECRET },
    destination: `http://${DEAD}`,
    bad: [
      [{ url: 'http://127.0.0.1/hook', secret: SECRET }, 'url'],
      [{ url: `http://${DEAD}/hook`, secret: 'short' }, 'secret'],
    ],
  },
  BUCKET: {
    good: { bucket: 'exports', key: 'daily/{type}-{date}-{reportId}.csv' },
    destination: 'exports',
    bad: [
      [{ bucket: 'other', key: 'a.csv' }, 'bucket'],
      [{ bucket: 'exports', key: '../a.csv' }, 'key'],
      [{ bucket: 'exports', key: '{tenant}/a.csv' }, 'key'],
    ],
  },
  WAREHOUSE: {
    good: { warehouse: 'main', table: 'loads.sales', mode: 'APPEND' },
    destination: 'main',
    bad: [
      [{ warehouse: 'other', table: 'loads.sales' }, 'warehouse'],
      [{ warehouse: 'main', table: 'private.people' }, 'table'],
      [{ warehouse: 'main', table: 'loads.sales', mode: 'REPLACE' }, 'mode'],
    ],
  },
}

/** Where the operator says whose members may go. */
const NAMES_ROLES: readonly ChannelName[] = ['BUCKET', 'WAREHOUSE']

const asked: Asked = {
  viewer: {
    userId: crypto.randomUUID(),
    tenantId: 'default',
    role: 'MEMBER',
    scopes: [],
    tokenExpiresAt: null,
    apiTokenId: null,
  },
  email: null,
  format: 'CSV',
  compression: 'NONE',
  csvDialect: 'POSTGRES',
}
const BYTES = 'id\n1\n'
const outcome: Outcome = {
  reportId: crypto.randomUUID(),
  tenantId: 'default',
  reportType: 'sales',
  title: 'Sales',
  status: 'SUCCEEDED',
  scheduleId: null,
  scheduledFor: null,
  requestedAt: new Date(),
  finishedAt: new Date(),
  timeZone: 'UTC',
  failure: null,
  document: {
    fileName: 'sales.csv',
    contentType: 'text/csv; charset=utf-8',
    rowCount: 1,
    byteSize: BYTES.length,
    sha256: createHash('sha256').update(BYTES).digest('hex'),
    columns: [{ name: 'id', type: 'Int' }],
    format: 'CSV',
    compression: 'NONE',
    csvDialect: 'POSTGRES',
    expiresAt: new Date(Date.now() + 3_600_000),
    open: async () => Readable.from([Buffer.from(BYTES)]),
    link: () => 'https://reports.test/documents/x',
  },
}

test('each channel of the shelf has its name, and its case here', () => {
  expect([...channels.keys()].filter((name) => !CHANNEL_NAMES.includes(name))).toEqual([])
  expect([...channels.keys()].toSorted()).toEqual(Object.keys(CASES).toSorted())
})

describe.each([...channels.values()].map((channel) => [channel.name, channel] as const))('%s', (name, channel) => {
  const { good, destination, bad } = CASES[name] ?? { good: {}, destination: '', bad: [] }
  const hand = (signal: AbortSignal) =>
    Promise.resolve(channel.check(good, asked)).then(({ target, secret = null }) =>
      channel.deliver(target, { deliveryId: crypto.randomUUID(), outcome, secret, signal }),
    )

  test('keeps a target that is JSON and holds no secret', async () => {
    const { target, secret } = await channel.check(good, asked)
    expect(JSON.parse(JSON.stringify(target))).toEqual(target)
    expect(JSON.stringify(target)).not.toContain(SECRET)
    expect(secret).toBe('secret' in good ? SECRET : undefined)
  })

  test('says where it goes, without secrets, and what is slow or dead together', async () => {
    const { target } = await channel.check(good, asked)
    expect(channel.describe(target)).toMatch(/^[^\r\n]{3,300}$/)
    for (const text of [channel.describe(target), channel.destination?.(target) ?? ''])
      expect(text).not.toMatch(/hidden|whsec/)
    expect(channel.destination?.(target)).toBe(destination)
  })

  test.each(bad)('refuses %j at %s', async (input, path) => {
    const refused = await Promise.resolve()
      .then(() => channel.check(input, asked))
      .then(
        () => null,
        (error: unknown) => error,
      )
    expect(refused).toBeInstanceOf(Refusal)
    const { userErrors } = refused as Refusal
    expect(userErrors.map(({ field }) => field?.join('.'))).toEqual([path])
    for (const text of ['hidden', SECRET]) expect(JSON.stringify(userErrors)).not.toContain(text)
  })

  test('asks again whether the role may, where the operator names roles', async () => {
    const { target } = await channel.check(good, asked)
    expect([true, undefined]).toContain(channel.allows?.(target, 'MEMBER', null))
    expect(channel.allows?.(target, 'VIEWER', null) ?? true).toBe(!NAMES_ROLES.includes(name))
  })

  test('fails in its own words, without host and credentials, where nobody answers', async () => {
    const failed = await hand(new AbortController().signal).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failed).toBeInstanceOf(DeliveryFailed)
    expect(failed).toMatchObject({ retryable: true })
    expect((failed as Error).message).not.toMatch(/127\.0\.0\.1|hidden|whsec|ECONN/)
  })

  test('does not begin, or ends at once, when it is called off', async () => {
    const reason = new DeliveryFailed('The try was called off.', { retryable: true })
    await expect(hand(AbortSignal.abort(reason))).rejects.toBeInstanceOf(DeliveryFailed)
  })
})
