// Long because each fate of a delivery is told by one channel that does as it is told, and the workers that share it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DeliveryFailed, type Handover } from '../../src/channels/channel.ts'
import type { Channels } from '../../src/channels/index.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { createFate } from '../../src/delivery/fate.ts'
import { createSecrets } from '../../src/delivery/secrets.ts'
import { takeDue } from '../../src/delivery/take.ts'
import { createTurns } from '../../src/delivery/turns.ts'
import { createLinks } from '../../src/document/links.ts'
import { SECRET } from '../support/api.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { startDeliverer } from '../support/deliverer.ts'
import { reportsIn } from '../support/reports.ts'
import { until } from '../support/until.ts'

interface Row {
  id: string
  status: string
  attempts: number
  charged: number
  last_error: string | null
  worker_id: string | null
  /** Milliseconds until the next try. */
  pause: number | null
}
type Behaviour = (place: string, handover: Handover) => Promise<void>

let database: TestDatabase
let directory: string
let reportId: string
let started: Awaited<ReturnType<typeof startDeliverer>>[] = []
/** What was handed over, in order. */
let tries: { place: string; id: string; secret: string | null }[] = []
let behaviour: Behaviour
/** Who asked for the report; null: who asks for the deliveries. */
let asker: string | null

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-deliver-'))
  database = await createDatabase()
})
afterAll(async () => {
  await database.drop()
  await rm(directory, { recursive: true })
})
beforeEach(async () => {
  tries = []
  asker = null
  behaviour = () => Promise.resolve()
  reportId = await reportsIn(database, new URL('../../reports', import.meta.url).pathname).ask('sales.sql')
  await database.sql(
    `update broadsheet.report set status = 'SUCCEEDED', finished_at = now(), expires_at = now() + interval '1 hour', document = $2 where id = $1`,
    [reportId, JSON.stringify({ key: 'default/x/1', fileName: 'sales.csv', rowCount: 1, byteSize: 1, columns: [] })],
  )
})
afterEach(async () => {
  for (const each of started) await each.close()
  started = []
  await database.sql(`delete from broadsheet.report`)
  await database.sql(`update broadsheet.app_user set removed_at = null, role = 'MEMBER'`)
})

/** A channel that does as the test says; the place is its destination. */
const channels = new Map([
  [
    'WEBHOOK',
    {
      name: 'WEBHOOK',
      takesFailures: true,
      describe: ({ place }: { place: string }) => place,
      allows: (_: object, role: string) => role === 'MEMBER',
      async deliver({ place }: { place: string }, handover: Handover) {
        tries.push({ place, id: handover.deliveryId, secret: handover.secret })
        await behaviour(place, handover)
      },
      async close() {},
    },
  ],
]) as unknown as Channels

async function deliverer(options: { tries?: { most: number; window: number }; secrets?: string[] } = {}) {
  const one = await startDeliverer({ database, directory }, { channels, ...options })
  started.push(one)
  return one
}
async function put(place: string, more: { secret?: Buffer; charged?: number } = {}): Promise<string> {
  const [row] = await database.sql<{ id: string }>(
    `insert into broadsheet.delivery (tenant_id, report_id, requested_by, channel, target, described, destination, secret, position, created_by, news_status, news_at, charged)
     select tenant_id, id, coalesce($5::uuid, requested_by), 'WEBHOOK', jsonb_build_object('place', $2::text), $2, $2, $3, 0, requested_by, 'SUCCEEDED', now(), $4
     from broadsheet.report where id = $1 returning id`,
    [reportId, place, more.secret ?? null, more.charged ?? 0, asker],
  )
  return row!.id
}
async function read(id: string): Promise<Row> {
  const [row] = await database.sql<Row>(
    `select id, status, attempts, charged, last_error, worker_id, extract(epoch from due_at - now())::float8 * 1000 as pause from broadsheet.delivery where id = $1`,
    [id],
  )
  return row!
}
const reached = (id: string, fact: (row: Row) => boolean) =>
  until(async () => {
    const row = await read(id)
    return fact(row) ? row : null
  }) as Promise<Row>
const dueNow = (id: string) => database.sql(`update broadsheet.delivery set due_at = now() where id = $1`, [id])
const no = (retryable: boolean) => () => Promise.reject(new DeliveryFailed('It said no.', { retryable }))
/** Until the signal, as a connection that nobody answers. */
const silent: Behaviour = (_, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

describe('the fate of one delivery', () => {
  test('is tried as often as the settings say, each time with the same id, then it has failed; and never sooner than its pause', async () => {
    behaviour = no(true)
    const { look } = await deliverer({ tries: { most: 4, window: 3_600_000 } })
    const id = await put('a')
    const pauses: number[] = []
    for (let attempt = 1; attempt < 4; attempt++) {
      await look()
      const row = await reached(id, ({ attempts, worker_id }) => attempts === attempt && worker_id === null)
      expect(row).toMatchObject({ status: 'PENDING', last_error: 'It said no.', charged: attempt })
      pauses.push(row.pause!)
      await look()
      expect(tries).toHaveLength(attempt)
      await dueNow(id)
    }
    await look()
    expect(await reached(id, ({ status }) => status !== 'PENDING')).toMatchObject({ status: 'FAILED', attempts: 4 })
    expect(new Set(tries.map((each) => each.id))).toEqual(new Set([id]))
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
    expect(pauses.reduce((sum, pause) => sum + pause)).toBeGreaterThan(3_590_000)
    const [report] = await database.sql(`select status from broadsheet.report where id = $1`, [reportId])
    expect(report).toEqual({ status: 'SUCCEEDED' })
  })

  test('what the receiver will never take is not tried again', async () => {
    behaviour = no(false)
    const { look } = await deliverer()
    const id = await put('a')
    await look()
    expect(await reached(id, ({ status }) => status !== 'PENDING')).toMatchObject({ status: 'FAILED', attempts: 1 })
  })

  test('an error that nobody foresaw is tried again, and shown to nobody', async () => {
    behaviour = () => Promise.reject(new TypeError('password=x at 10.0.0.1'))
    const { look } = await deliverer()
    const id = await put('a')
    await look()
    expect(await reached(id, ({ last_error }) => last_error !== null)).toMatchObject({
      status: 'PENDING',
      last_error: 'Something went wrong here; it is tried again.',
    })
  })

  test('a secret is given to the channel as it was written; one that can’t be read any more waits for its key', async () => {
    const secret = createSecrets(['y'.repeat(32)]).seal('hush', 'default')
    const id = await put('a', { secret })
    const without = await deliverer()
    await without.look()
    expect(await reached(id, ({ last_error }) => last_error !== null)).toMatchObject({ status: 'PENDING' })
    expect(tries).toEqual([])
    await without.close()
    started = []
    await dueNow(id)
    const { look } = await deliverer({ secrets: [SECRET, 'y'.repeat(32)] })
    await look()
    await reached(id, ({ status }) => status === 'SUCCEEDED')
    expect(tries).toEqual([{ place: 'a', id, secret: 'hush' }])
  })

  test('its link is good for as long as the document, at most seven days, and names who asked', async () => {
    const links: string[] = []
    behaviour = async (_, { outcome }) => void links.push(outcome.document!.link())
    const { look } = await deliverer()
    for (const life of ['1 hour', '30 days']) {
      await database.sql(`update broadsheet.report set expires_at = now() + $2::interval where id = $1`, [
        reportId,
        life,
      ])
      const id = await put('a')
      await look()
      await reached(id, ({ status }) => status === 'SUCCEEDED')
    }
    const [{ created_by: issuer }] = (await database.sql<{ created_by: string }>(`select created_by from broadsheet.delivery`)) as [{ created_by: string }] // prettier-ignore
    const read = createLinks({ publicUrl: () => 'http://reports.test', secrets: [SECRET] }).read
    const facts = links.map((link) => read(new URL(link)))
    expect(facts).toMatchObject([
      { reportId, issuer },
      { reportId, issuer },
    ])
    const hours = facts.map((fact) => (fact!.expires * 1000 - Date.now()) / 3_600_000)
    expect(hours).toEqual([expect.closeTo(1, 0), expect.closeTo(7 * 24, 0)])
  })

  test('who asked was removed, or has a role that may not reach there any more: it fails, nothing is sent', async () => {
    const { look } = await deliverer()
    await database.sql(`update broadsheet.app_user set removed_at = now()`)
    const first = await put('a')
    await look()
    expect(await reached(first, ({ status }) => status === 'FAILED')).toMatchObject({
      last_error: 'Who asked for this delivery was removed.',
    })
    const because = async (words: string) => {
      const id = await put('a')
      await look()
      expect(await reached(id, ({ status }) => status === 'FAILED')).toMatchObject({
        last_error: `Who asked for this delivery may not ${words} any more.`,
      })
    }
    await database.sql(`update broadsheet.app_user set removed_at = null, role = 'ADMIN'`)
    await because('reach its target')
    await database.sql(`update broadsheet.app_user set role = 'VIEWER'`)
    await because('manage the report')
    // An ADMIN then, a MEMBER by now: the report is somebody else's.
    await database.sql(`update broadsheet.app_user set role = 'MEMBER'`)
    asker = crypto.randomUUID()
    await because('manage the report')
    expect(tries).toEqual([])
  })
})

describe('workers', () => {
  test('several take each delivery once', async () => {
    const crew = [await deliverer(), await deliverer(), await deliverer()]
    const ids: string[] = []
    for (let index = 0; index < 60; index++) ids.push(await put(`place ${index % 20}`))
    await until(async () => {
      await Promise.all(crew.map(({ look }) => look()))
      return tries.length >= 60
    })
    for (const id of ids)
      expect(await reached(id, ({ status }) => status === 'SUCCEEDED')).toMatchObject({ attempts: 1 })
    expect(tries.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
  })

  test('one that is gone loses its delivery when the lease is over; when it comes back it writes nothing', async () => {
    const id = await put('a')
    const worker = await database.open(WORKER_ROLE)
    const lanes = { usual: 1, ailing: 1, each: 1 }
    const room = createTurns({ EMAIL: lanes, WEBHOOK: lanes, BUCKET: lanes, WAREHOUSE: lanes }).room()
    const ghost = crypto.randomUUID()
    const [taken] = await takeDue(worker, { workerId: ghost, room })
    expect(taken).toMatchObject({ id, attempt: 1, destination: 'a' })
    const lease = (await read(id)).pause!
    expect(lease).toBeGreaterThan(13_000)
    expect(lease).toBeLessThanOrEqual(15_000)
    const { look } = await deliverer()
    await look()
    expect(tries).toEqual([])
    await dueNow(id)
    await look()
    expect(await reached(id, ({ status }) => status === 'SUCCEEDED')).toMatchObject({ attempts: 2 })
    const fate = createFate({ database: worker, workerId: ghost })
    expect(await fate.fail(taken!, 'too late', null)).toBeNull()
    expect(await fate.succeed(taken!)).toBeNull()
    expect([...(await fate.renew([taken!]))]).toEqual([])
    expect(await read(id)).toMatchObject({ status: 'SUCCEEDED', attempts: 2, last_error: null })
  })

  test('a delivery that its workers do not survive ends too', async () => {
    const { look } = await deliverer({ tries: { most: 3, window: 60_000 } })
    const id = await put('a', { charged: 3 })
    await look()
    expect(await reached(id, ({ status }) => status === 'FAILED')).toMatchObject({ last_error: 'The workers that tried it were lost.' }) // prettier-ignore
    expect(tries).toEqual([])
  })

  test('renew the lease of a try that takes long', async () => {
    behaviour = silent
    const { look } = await deliverer()
    const id = await put('a')
    await look()
    await database.sql(`update broadsheet.delivery set due_at = now() + interval '10 seconds' where id = $1`, [id])
    await until(async () => (await read(id)).pause! > 11_000, { timeout: 8_000 })
    expect(await read(id)).toMatchObject({ attempts: 1, status: 'PENDING' })
  })

  test('that stop give what is under way some time, then hand it back: not charged, due at once', async () => {
    let finish: () => void = () => undefined
    behaviour = (place, handover) =>
      place === 'quick' ? new Promise((resolve) => (finish = resolve)) : silent(place, handover)
    const one = await deliverer()
    const [quick, slow] = [await put('quick'), await put('slow')]
    await one.look()
    await until(() => tries.length === 2)
    const closed = one.close(300)
    finish()
    await closed
    started = []
    expect(await read(quick)).toMatchObject({ status: 'SUCCEEDED' })
    const row = await read(slow)
    expect(row).toMatchObject({ status: 'PENDING', attempts: 1, charged: 0, worker_id: null })
    expect(row.pause).toBeLessThanOrEqual(0)
    behaviour = () => Promise.resolve()
    await (await deliverer()).look()
    await reached(slow, ({ status }) => status === 'SUCCEEDED')
    expect(tries.map(({ place }) => place)).toEqual(['quick', 'slow', 'slow'])
  })

  test('take destinations in turn: a long line at one hides no other, and one that is silent holds one try', async () => {
    behaviour = (place, handover) => (place === 'dead' ? silent(place, handover) : Promise.resolve())
    for (let index = 0; index < 40; index++) await put('dead')
    for (let index = 0; index < 30; index++) await put(`good ${index}`)
    const { look } = await deliverer()
    await look()
    await until(() => tries.filter(({ place }) => place !== 'dead').length === 30)
    expect(tries.filter(({ place }) => place === 'dead')).toHaveLength(1)
  })

  test('a destination that says no at once is not set aside: its other addresses go on side by side', async () => {
    let bad = false
    const going = new Set<() => void>()
    behaviour = (place) => {
      if (bad) return no(true)()
      return place === 'shared' ? new Promise((resolve) => going.add(resolve)) : Promise.resolve()
    }
    const { look } = await deliverer()
    for (const refused of [false, true]) {
      const id = await put('shared')
      bad = refused
      await look()
      await until(() => refused || going.size > 0)
      for (const end of going) end()
      going.clear()
      await reached(id, ({ status, last_error }) => status === 'SUCCEEDED' || last_error !== null)
    }
    bad = false
    for (let index = 0; index < 4; index++) await put('shared')
    await look()
    await until(() => going.size === 4)
    for (const end of going) end()
  })

  test('one that answered well until it died leaves the places that it held to others, long before its tries are over', async () => {
    const going: (() => void)[] = []
    const { look } = await deliverer()
    const first = await put('dead')
    await look()
    await reached(first, ({ status }) => status === 'SUCCEEDED')
    behaviour = (place, handover) =>
      place === 'dead' ? silent(place, handover) : new Promise((resolve) => going.push(resolve))
    for (let index = 0; index < 8; index++) await put('dead')
    await look()
    await until(() => tries.filter(({ place }) => place === 'dead').length === 9)
    for (let index = 0; index < 24; index++) await put(`good ${index}`)
    await look()
    await until(() => going.length === 24, { timeout: 8_000 })
    for (const end of going) end()
  })

  test('a claim reads what is due, and not all deliveries that there ever were', async () => {
    await put('a')
    await database.sql(
      `insert into broadsheet.delivery (tenant_id, report_id, requested_by, channel, target, described, destination, position, created_by, news_status, news_at, status, due_at, last_attempt_at)
       select tenant_id, report_id, requested_by, channel, target, described, destination, 0, created_by, news_status, now(),
         case when i % 2 = 0 then 'FAILED' else 'PENDING' end, case when i % 2 = 1 then now() - i * interval '1 second' end, now()
       from broadsheet.delivery, generate_series(1, 20000) i`,
    )
    await database.sql(`analyze broadsheet.delivery`)
    const worker = await database.open(WORKER_ROLE)
    const lanes = { usual: 24, ailing: 8, each: 8 }
    const room = createTurns({ EMAIL: lanes, WEBHOOK: lanes, BUCKET: lanes, WAREHOUSE: lanes }).room()
    let plan = ''
    const explained = {
      transaction: (work: (em: unknown) => Promise<unknown>) =>
        worker.transaction((em) =>
          work({
            async execute(text: string, values: unknown[]) {
              const lines = await em.execute<Record<string, string>[]>(`explain (costs off) ${text}`, values)
              plan = lines.map((line) => Object.values(line)[0]).join('\n')
              return []
            },
          }),
        ),
    }
    await takeDue(explained as never, { workerId: crypto.randomUUID(), room })
    expect(plan).toContain('Index')
    expect(plan).not.toMatch(/Seq Scan on delivery/)
  })
})
