import { spawnSync } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import type { Database } from '../../src/db/orm.ts'
import { countAttempts, countFailures } from '../../src/system/tally.ts'
import { ADMIN_TOKEN, createGround, startApi, uuidOf, type Ground, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

const promtool = spawnSync('promtool', ['--version']).status === 0
const TOKEN = 'a-token-for-the-scraper-0123456789-abcdef'

let ground: Ground
let api: TestApi
let worker: Database
const sql: Ground['database']['sql'] = (text, values) => ground.database.sql(text, values)

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground, { METRICS_TOKEN: TOKEN })
  worker = await ground.database.open(WORKER_ROLE)
})
afterAll(async () => {
  await api.close()
  await ground.drop()
})
beforeEach(async () => {
  for (const table of ['report', 'worker', 'tally']) await sql(`delete from broadsheet.${table}`)
})

const addWorker = async ({ seen = '0 seconds', concurrency = 2, types = 'sales' } = {}) => {
  const id = crypto.randomUUID()
  await sql(
    `insert into broadsheet.worker (id, host, pid, concurrency, types, last_seen_at) values ($1, 'somewhere', 1, $2, array[$3], clock_timestamp() - $4::interval)`,
    [id, concurrency, types, seen],
  )
  return id
}
const SYSTEM =
  '{ system { version workers { id host startedAt lastSeenAt concurrency running { id } } queues { priority waiting active delayed oldestWaitingSeconds } } }'
const queue = (priority: string, more: object = {}) => ({
  priority,
  waiting: 0,
  active: 0,
  delayed: 0,
  oldestWaitingSeconds: null,
  ...more,
})
const set = (id: string, change: string) => sql(`update broadsheet.report set ${change} where id = $1`, [uuidOf(id)])

describe('system', () => {
  test('says how all tenants wait, and shows running reports of the own tenant only', async () => {
    const stranger = await ground.person('MEMBER', { tenant: 'other' })
    const [mine, late, theirs] = [
      await api.ask(ADMIN_TOKEN),
      await api.ask(ADMIN_TOKEN, 'priority: LOW'),
      await api.ask(stranger.token),
    ]
    await api.ask(stranger.token, 'priority: URGENT')
    await set(late, `available_at = clock_timestamp() + interval '1 hour'`)
    await sql(
      `update broadsheet.report set available_at = clock_timestamp() - interval '90 seconds' where priority = 'URGENT'`,
    )
    const id = await addWorker()
    const dead = await addWorker({ seen: '2 hours' })
    for (const held of [mine, theirs])
      await set(
        held,
        `status = 'RUNNING', worker_id = '${id}', lease_expires_at = clock_timestamp() + interval '10 seconds'`,
      )
    const { body } = await api.post(SYSTEM, { token: ADMIN_TOKEN })
    expect(body.errors).toBeUndefined()
    const { version, workers, queues } = body.data.system
    expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(workers).toMatchObject([
      { id, host: 'somewhere', concurrency: 2, running: [{ id: mine }] },
      { id: dead, running: [] },
    ])
    expect(queues).toEqual([
      queue('URGENT', { waiting: 1, oldestWaitingSeconds: expect.closeTo(90, -1) }),
      queue('HIGH'),
      queue('NORMAL', { active: 2 }),
      queue('LOW', { delayed: 1 }),
    ])
  })

  test('needs the scope system:read, at whatever field', async () => {
    const admin = await ground.person('ADMIN')
    const { body } = await api.post('{ system { version } viewer { tenant } }', { token: admin.token })
    expect(body).toMatchObject({
      data: { system: null, viewer: { tenant: 'default' } },
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    })
    const granted = await ground.person('ADMIN', { scopes: ['system:read', 'reports:read'] })
    expect((await api.post(SYSTEM, { token: granted.token })).body.data.system.queues).toHaveLength(4)
    const member = await ground.person('MEMBER', { scopes: ['system:read', 'reports:read'] })
    expect((await api.post('{ system { version } }', { token: member.token })).body.data.system).toBeNull()
  })
})

/** The lines of a scrape: name with labels -> value. */
async function scrape(): Promise<Map<string, number>> {
  const answer = await fetch(`${api.publicUrl}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })
  expect(answer.status).toBe(200)
  const text = await answer.text()
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}
/** Until a scrape shows these values. */
async function shows(wanted: Record<string, number>) {
  let seen = new Map<string, number>()
  await until(
    async () =>
      Object.entries(wanted).every(([name, value]) => seen.get(name) === value) || ((seen = await scrape()), false),
    { timeout: 5_000, what: 'the figures are there' },
  ).catch(() => undefined)
  expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, seen.get(name)]))).toEqual(wanted)
  return seen
}

describe('/metrics', () => {
  test('counts waiting, stuck, attempts, failures, durations, rows and bytes over the whole installation', async () => {
    const [done, failed, waiting, lost] = [
      await api.ask(ADMIN_TOKEN),
      await api.ask(ADMIN_TOKEN),
      await api.ask(ADMIN_TOKEN, 'priority: HIGH'),
      await api.ask(ADMIN_TOKEN),
    ]
    const id = await addWorker()
    await addWorker({ seen: '1 minute' })
    await sql(
      `insert into broadsheet.report_attempt (report_id, number, tenant_id, worker_id, outcome, started_at, finished_at, failure)
       values ($1, 1, 'default', $3, 'LOST', date_trunc('second', now()) - interval '60 s', date_trunc('second', now()) - interval '58 s', '{"code":"WORKER_LOST"}'), ($1, 2, 'default', $3, 'SUCCEEDED', date_trunc('second', now()) - interval '57.8 s', date_trunc('second', now()) - interval '57 s', null),
       ($2, 1, 'default', $3, 'FAILED', date_trunc('second', now()) - interval '50 s', date_trunc('second', now()) - interval '40 s', '{"code":"TIMEOUT"}'), ($2, 2, 'default', $3, null, date_trunc('second', now()) - interval '31 s', null, null)`,
      [uuidOf(done), uuidOf(failed), id],
    )
    await set(done, `status = 'EXPIRED', rows_written = 12, bytes_written = 345`)
    await set(failed, `available_at = clock_timestamp() + interval '1 hour', rows_written = 99`)
    await set(waiting, `available_at = clock_timestamp() - interval '70 seconds'`)
    await set(
      lost,
      `status = 'RUNNING', worker_id = '${crypto.randomUUID()}', lease_expires_at = clock_timestamp() - interval '31 seconds'`,
    )
    expect(await countAttempts(worker)).toBe(3)
    expect(await countAttempts(worker)).toBe(0)
    await countFailures(worker, 'TYPE_REMOVED', 2)
    const expected = {
      'broadsheet_queue_reports{priority="HIGH",state="waiting"}': 1,
      'broadsheet_queue_reports{priority="NORMAL",state="active"}': 1,
      'broadsheet_queue_reports{priority="NORMAL",state="delayed"}': 1,
      'broadsheet_stuck_reports{reason="lease_over"}': 1,
      'broadsheet_stuck_reports{reason="not_claimed"}': 1,
      broadsheet_workers: 1,
      broadsheet_worker_slots: 2,
      'broadsheet_attempts_total{outcome="SUCCEEDED"}': 1,
      'broadsheet_attempts_total{outcome="LOST"}': 1,
      'broadsheet_attempts_total{outcome="FAILED"}': 1,
      'broadsheet_failures_total{code="TIMEOUT"}': 1,
      'broadsheet_failures_total{code="WORKER_LOST"}': 1,
      'broadsheet_failures_total{code="TYPE_REMOVED"}': 2,
      'broadsheet_attempt_seconds_bucket{le="0.5",outcome="SUCCEEDED"}': 0,
      'broadsheet_attempt_seconds_bucket{le="1",outcome="SUCCEEDED"}': 1,
      'broadsheet_attempt_seconds_bucket{le="+Inf",outcome="SUCCEEDED"}': 1,
      'broadsheet_attempt_seconds_count{outcome="FAILED"}': 1,
      'broadsheet_attempt_seconds_sum{outcome="FAILED"}': 10,
      broadsheet_document_rows_total: 12,
      broadsheet_document_bytes_total: 345,
      broadsheet_figures_known: 1,
    }
    const seen = await shows(expected)
    expect(seen.get('broadsheet_queue_oldest_seconds{priority="HIGH"}')).toBeCloseTo(70, -1)
    // What was counted stays counted when its rows go.
    await sql('delete from broadsheet.report')
    await shows({
      'broadsheet_attempts_total{outcome="SUCCEEDED"}': 1,
      broadsheet_document_bytes_total: 345,
      'broadsheet_stuck_reports{reason="not_claimed"}': 0,
    })
  })

  test('many who count at once count each attempt once', async () => {
    const id = await api.ask(ADMIN_TOKEN)
    await sql(
      `insert into broadsheet.report_attempt (report_id, number, tenant_id, worker_id, outcome, started_at, finished_at, failure)
       select $1, n, 'default', gen_random_uuid(), case when n % 2 = 0 then 'LOST' else 'HANDED_BACK' end, now(), now(), case when n % 2 = 0 then '{"code":"WORKER_LOST"}'::jsonb end from generate_series(1, 3000) n`,
      [uuidOf(id)],
    )
    const counted = await Promise.all(Array.from({ length: 4 }, async () => {
      let sum = 0
      for (let count = -1; count !== 0; sum += count) count = await countAttempts(worker)
      return sum
    })) // prettier-ignore
    expect(counted.reduce((a, b) => a + b)).toBe(3000)
    expect(await sql(`select label, value from broadsheet.tally where family = 'attempts' order by label`)).toEqual([{ label: 'HANDED_BACK', value: 1500 }, { label: 'LOST', value: 1500 }]) // prettier-ignore
  })

  test('nothing is stuck that may wait: no free worker, a type that moves, a tenant at its most', async () => {
    const stuck = async (tenantMaxRunning: number | null = null) =>
      (await sql<{ waiting: number }>('select waiting from broadsheet.stuck_reports($1)', [tenantMaxRunning]))[0]!
        .waiting
    const [waiting, other] = [await api.ask(ADMIN_TOKEN), await api.ask(ADMIN_TOKEN)]
    await set(waiting, `available_at = clock_timestamp() - interval '2 minutes'`)
    expect(await stuck()).toBe(0)
    const id = await addWorker({ concurrency: 1 })
    expect(await stuck()).toBe(1)
    await set(
      other,
      `status = 'RUNNING', worker_id = '${crypto.randomUUID()}', lease_expires_at = clock_timestamp() + interval '10 seconds'`,
    )
    expect(await stuck(2)).toBe(1)
    expect(await stuck(1)).toBe(0)
    await set(other, `worker_id = '${id}'`)
    expect(await stuck()).toBe(0)
    await addWorker()
    expect(await stuck()).toBe(1)
    await sql(
      `insert into broadsheet.report_attempt (report_id, number, tenant_id, worker_id, started_at) values ($1, 1, 'default', $2, date_trunc('second', now()) - interval '5 s')`,
      [uuidOf(other), id],
    )
    expect(await stuck()).toBe(0)
  })

  test('counts subscribers, sockets, event lag and requests of its own process', async () => {
    const id = await api.ask(ADMIN_TOKEN)
    const before = await scrape()
    const watched = api.ws(`subscription { reportProgress(id: "${id}") { status } }`, { token: ADMIN_TOKEN })
    await until(() => watched.events.length > 0)
    await shows({ broadsheet_subscribers: 1, broadsheet_sockets: 1 })
    await api.carrier.claim(uuidOf(id))
    await until(() => watched.events.length > 1)
    watched.leave()
    const after = await shows({ broadsheet_subscribers: 0 })
    const grown = (name: string) => after.get(name)! - (before.get(name) ?? 0)
    expect(grown('broadsheet_event_lag_seconds_count')).toBeGreaterThan(0)
    expect(grown('broadsheet_event_lag_seconds_sum')).toBeLessThan(2)
    expect(grown('broadsheet_http_requests_total{path="/metrics",status="200"}')).toBeGreaterThan(0)
    await fetch(`${api.publicUrl}/made-up-by-a-caller`)
    const last = await shows({ 'broadsheet_http_requests_total{path="other",status="404"}': 1 })
    expect([...last.keys()].join()).not.toContain('made-up')
    expect(last.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  })

  test.skipIf(!promtool)('is what Prometheus wants (program: promtool)', async () => {
    await countFailures(worker, 'INTERNAL', 1)
    await sql(
      `insert into broadsheet.tally (family, label, value) values ('seconds_sum', 'SUCCEEDED', 3), ('seconds', 'SUCCEEDED 2', 4), ('attempts', 'SUCCEEDED', 4)`,
    )
    await shows({ 'broadsheet_attempt_seconds_count{outcome="SUCCEEDED"}': 4 })
    const text = await (
      await fetch(`${api.publicUrl}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })
    ).text()
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    // Names of prom-client's own process metrics are not ours to choose.
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('broadsheet_'))).toEqual([])
    expect(status === 0 || status === 3).toBe(true)
  })

  test('wants its token, where there is one', async () => {
    const ask = async (headers: Record<string, string>) => (await fetch(`${api.publicUrl}/metrics`, { headers })).status
    expect(await ask({})).toBe(401)
    expect(await ask({ authorization: `Bearer ${TOKEN}x` })).toBe(401)
    expect(await ask({ authorization: `Bearer ${ADMIN_TOKEN}` })).toBe(401)
    expect(await ask({ authorization: `Bearer ${TOKEN}` })).toBe(200)
  })

  test('without a token it is for this machine alone, whatever a header says', async () => {
    const open = await startApi(ground, { HOST: '0.0.0.0' })
    try {
      const { port } = new URL(open.publicUrl)
      const ask = async (host: string, headers: Record<string, string> = {}) =>
        (await fetch(`http://${host}:${port}/metrics`, { headers })).status
      expect(await ask('127.0.0.1')).toBe(200)
      // A proxy on this machine stands for somebody else.
      expect(await ask('127.0.0.1', { 'x-forwarded-for': '127.0.0.1' })).toBe(403)
      const address = otherAddress()
      if (address) expect(await ask(address)).toBe(403)
      if (address) expect(await ask(address, { 'x-forwarded-for': '127.0.0.1' })).toBe(403)
    } finally {
      await open.close()
    }
  })
})

/** An address of this machine that is not its loopback. */
function otherAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((each) => each && !each.internal && each.family === 'IPv4')?.address
}
