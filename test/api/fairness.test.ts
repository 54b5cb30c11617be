import { until } from '../support/until.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../src/db/orm.ts'
import { API_ROLE, WORKER_ROLE } from '../../src/db/roles.ts'
import { claimReport } from '../../src/claim/claim.ts'
import { PRIORITY_WEIGHT } from '../../src/report/status.ts'
import { queuePositions } from '../../src/claim/waiting.ts'
import { createGround, gidOf, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'

let ground: Ground
let worker: Database
let api: TestApi
const people: Record<string, Person> = {}
const TENANTS = ['default', 'a', 'b', 'c', 'd']
const PRIORITIES = ['URGENT', 'HIGH', 'NORMAL', 'LOW']

beforeAll(async () => {
  ground = await createGround()
  worker = await ground.database.open(WORKER_ROLE)
  api = await startApi(ground)
  for (const tenant of TENANTS) people[tenant] = await ground.person('MEMBER', { tenant })
  await ground.database.sql(
    `insert into broadsheet.report_definition (version, name, kind, text) values ('v', 'sales', 'sql', '')`,
  )
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})
beforeEach(() =>
  ground.database.sql(
    'delete from broadsheet.report; delete from broadsheet.tenant_turn; update broadsheet.priority_turn set served = 0',
  ),
)

/** So many waiting reports, as rows; their ids, oldest first. */
async function wait(tenant: string, priority: string, count = 1): Promise<string[]> {
  const rows = await ground.database.sql<{ id: string }>(
    `insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, priority, format, compression, csv_dialect, visibility,
      parameters, resolved_parameters, time_zone, created_at)
     select gen_random_uuid(), $1, $2, 'sales', 'v', 'T', $3, 'CSV', 'NONE', 'POSTGRES', 'PRIVATE', '{}', '{}', 'UTC', clock_timestamp() + make_interval(secs => i / 1000.0)
     from generate_series(1, $4::int) i returning id`,
    [tenant, people[tenant]!.id, priority, count],
  )
  return rows.map(({ id }) => id)
}
const claim = () =>
  claimReport(worker, { workerId: '00000000-0000-4000-8000-000000000000', types: ['sales'], tenantMaxRunning: null })
async function claimAll(): Promise<string[]> {
  const ids: string[] = []
  for (let next = await claim(); next; next = await claim()) ids.push(next.id)
  return ids
}
async function positions(tenant: string, ids: string[]): Promise<(number | null)[]> {
  const reading = database.reading(tenant)
  return queuePositions(reading, ids).finally(() => reading.end())
}
let database: Database
beforeAll(async () => {
  database = await ground.database.open(API_ROLE)
})

/** Mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

describe('the order', () => {
  test('is kept by the weights that the vocabulary names', async () => {
    const rows = await ground.database.sql<{ priority: string; weight: number }>(
      'select priority, weight from broadsheet.priority_turn',
    )
    expect(Object.fromEntries(rows.map(({ priority, weight }) => [priority, weight]))).toEqual(PRIORITY_WEIGHT)
  })

  test('URGENT starts with the next free slot, however many LOW wait and were served before', async () => {
    await wait('a', 'LOW', 10_000)
    for (let i = 0; i < 12; i++) await claim()
    const [urgent] = await wait('b', 'URGENT')
    expect(await positions('b', [urgent!])).toEqual([0])
    expect((await claim())?.id).toBe(urgent)
    const [high] = await wait('a', 'HIGH')
    expect((await claim())?.id).toBe(high)
  })

  test('nothing waits for ever: one LOW starts within sixteen while URGENT, HIGH and NORMAL never end', async () => {
    for (const priority of ['URGENT', 'HIGH', 'NORMAL']) await wait('a', priority, 40)
    const [low] = await wait('b', 'LOW')
    const started: string[] = []
    while (!started.includes(low!)) {
      started.push((await claim())!.id)
      for (const priority of ['URGENT', 'HIGH', 'NORMAL']) await wait('c', priority)
    }
    expect(started.length).toBeLessThanOrEqual(16)
  })

  test('a tenant with one report waits for one round of the others, not for all that they have', async () => {
    for (const tenant of ['a', 'b', 'c']) await wait(tenant, 'NORMAL', 500)
    const [lone] = await wait('d', 'NORMAL')
    const started = [(await claim())!.id, (await claim())!.id, (await claim())!.id, (await claim())!.id]
    expect(started).toContain(lone)
  })
})

describe('queuePosition', () => {
  const SEED = Date.now() % 100_000
  test.each([SEED, SEED + 1, SEED + 2, SEED + 3])('is the order in which they are claimed (seed %i)', async (seed) => {
    const random = randomOf(seed)
    const some = async (most: number) => {
      const waiting: { tenant: string; id: string }[] = []
      for (const tenant of TENANTS)
        for (const priority of PRIORITIES)
          if (random(3) > 0) for (const id of await wait(tenant, priority, random(most))) waiting.push({ tenant, id })
      return waiting
    }
    // Turns and times as they are in the middle of a day: some tenants served, some never, some priorities idle.
    await some(3)
    for (let i = random(12); i > 0; i--) await claim()
    const waiting = [
      ...(await some(6)),
      ...(await ground.database.sql<{ tenant: string; id: string }>(
        `select tenant_id as tenant, id from broadsheet.report where status = 'QUEUED'`,
      )),
    ]
    const predicted: [string, number | null][] = []
    for (const tenant of TENANTS) {
      const ids = [...new Set(waiting.filter((each) => each.tenant === tenant).map(({ id }) => id))]
      const found = await positions(tenant, ids)
      predicted.push(...ids.map((id, index): [string, number | null] => [id, found[index]!]))
    }
    const claimed = await claimAll()
    expect(claimed.length).toBe(predicted.length)
    expect(predicted.toSorted((a, b) => a[1]! - b[1]!)).toEqual(claimed.map((id, index) => [id, index]))
  })

  test('is there while it waits, for a list too, and counts what other tenants have', async () => {
    await wait('a', 'HIGH', 3)
    const ids = (await wait('default', 'NORMAL', 3)).map((id) => gidOf('Report', id))
    const { body } = await api.post('{ reports(order: CREATED_AT_ASC) { nodes { id queuePosition } } }', {
      token: people['default']!.token,
    })
    expect(body.data.reports.nodes).toEqual([
      { id: ids[0], queuePosition: 1 },
      { id: ids[1], queuePosition: 4 },
      { id: ids[2], queuePosition: 5 },
    ])
    await ground.database.sql(`update broadsheet.report set status = 'CANCELED' where id = $1`, [uuidOf(ids[0]!)])
    const after = await api.post(
      `{ gone: report(id: "${ids[0]}") { queuePosition } left: report(id: "${ids[1]}") { queuePosition } }`,
      { token: people['default']!.token },
    )
    expect(after.body.data).toEqual({ gone: { queuePosition: null }, left: { queuePosition: 1 } })
  })

  test('tells nothing of other tenants but counts', async () => {
    await wait('a', 'NORMAL', 2)
    const rows = await database.inTenant('b', (em) => em.execute<object[]>('select * from broadsheet.waiting_line()'))
    expect(rows).toEqual([{ priority: 'NORMAL', weight: 2, served: 0, turn: 1, mine: false, waiting: 2 }])
  })
})

describe('QUEUE_MAX', () => {
  test('is the most that wait, over all tenants; a slot that frees lets one more in', async () => {
    const limited = await startApi(ground, { QUEUE_MAX: '3' })
    try {
      const { token } = people['default']!
      const ask = async (who = token) =>
        (
          await limited.post(
            'mutation { requestReport(input: { report: { sales: { startDate: "2026-01-01", endDate: "2026-01-31" } } }) { report { id } userErrors { code field } } }',
            { token: who },
          )
        ).body.data.requestReport
      const verb = async (name: string, id: string) =>
        (await limited.post(`mutation { ${name}(id: "${id}") { report { status } userErrors { code } } }`, { token }))
          .body.data[name]
      await wait('a', 'LOW', 1)
      const ids = [(await ask()).report.id, (await ask()).report.id]
      const full = { report: null, userErrors: [{ code: 'LIMIT_REACHED', field: null }] }
      expect([await ask(), await ask(people['b']!.token)]).toEqual([full, full])
      expect((await verb('regenerateReport', ids[0])).userErrors).toEqual([{ code: 'LIMIT_REACHED' }])
      await verb('cancelReport', ids[0])
      // A count that took long on a busy machine goes on for ten times as long.
      await until(async () => (await ask()).report !== null)
      expect((await verb('retryReport', ids[0])).userErrors).toEqual([{ code: 'LIMIT_REACHED' }])
      expect(await claim()).not.toBeNull()
      await until(async () => (await verb('retryReport', ids[0])).report?.status === 'QUEUED')
    } finally {
      await limited.close()
    }
  })
})
