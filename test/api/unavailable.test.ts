import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { openProxy, type Proxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let member: Person
let postgres: Proxy
const OVER = 2_000

beforeAll(async () => {
  ground = await createGround()
  const url = new URL(ground.database.url)
  postgres = await openProxy({
    host: decodeURIComponent(url.searchParams.get('host') ?? url.hostname),
    port: Number(url.port || 5432),
  })
  url.searchParams.delete('host')
  url.hostname = '127.0.0.1'
  url.port = String(postgres.port)
  api = await startApi(ground, { DATABASE_URL: url.href })
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await postgres?.close()
  await ground?.drop()
})

async function timed<T>(work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const answer = await work()
  expect(performance.now() - start).toBeLessThan(OVER)
  return answer
}

test('Postgres away is UNAVAILABLE within 2 s on every door, and whole again without a restart', async () => {
  const id = await api.ask(member.token)
  await api.carrier.finish(uuidOf(id))
  const one = 'query ($id: ID!) { report(id: $id) { title document { downloadUrl } } }'
  const link = (await api.post(one, { token: member.token, variables: { id } })).body.data.report.document.downloadUrl
  const waiting = await api.ask(member.token)
  const watched = api.ws('subscription ($id: ID!) { reportProgress(id: $id) { status } }', {
    token: member.token,
    variables: { id: waiting },
  })
  await until(() => watched.events.length === 1)

  await postgres.close()
  for (const door of ['POST', 'GET', 'SSE'] as const) {
    const answer = await timed(() => api.once(door, one, { token: member.token, variables: { id } }))
    expect([door, answer.codes]).toEqual([door, ['UNAVAILABLE']])
  }
  const asked = await timed(() =>
    api.post(
      'mutation { requestReport(input: { report: { sales: { startDate: "2026-01-01", endDate: "2026-01-02" } } }) { report { id } } }',
      { token: member.token },
    ),
  )
  expect(asked.body.errors[0].extensions.code).toBe('UNAVAILABLE')
  expect(asked.text).not.toMatch(/ECONN|127\.0\.0\.1|at .*\(|select /)
  expect((await timed(() => fetch(link))).status).toBe(503)
  const socket = await timed(() => api.once('WS', one, { token: member.token, variables: { id } }))
  expect([socket.codes, socket.closeCode]).toSatisfy(
    ([codes, code]: [string[], number | null]) => codes.includes('UNAVAILABLE') || code === 4500,
  )
  const ready = await timed(() => fetch(`${api.publicUrl}/readyz`))
  expect([ready.status, ((await ready.json()) as any).missing]).toEqual([503, ['postgres']])
  expect((await fetch(`${api.publicUrl}/livez`)).status).toBe(200)

  await postgres.open()
  await until(async () => (await fetch(`${api.publicUrl}/readyz`)).status === 200)
  expect((await api.post(one, { token: member.token, variables: { id } })).body.data.report.title).toContain('Sales')
  expect((await fetch(link)).status).toBe(200)
  await api.carrier.finish(uuidOf(waiting))
  await until(() => watched.done)
  expect(watched.events.at(-1).reportProgress.status, 'the subscription has lived through it').toBe('SUCCEEDED')
})

test('connections that Postgres ends are no more than one UNAVAILABLE', async () => {
  await api.post('{ viewer { tenant } reports { totalCount } }', { token: member.token })
  await ground.database.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'broadsheet_api'`,
  )
  await until(async () => (await api.post('{ reports { totalCount } }', { token: member.token })).body.data?.reports)
})

test('reports wait, and nothing is lost, while there is no Redis', async () => {
  const blind = await startApi(ground, { REDIS_URL: 'redis://127.0.0.1:1' })
  try {
    const id = await timed(() => blind.ask(member.token))
    expect(
      (await blind.post('query ($id: ID!) { report(id: $id) { status } }', { token: member.token, variables: { id } }))
        .body.data.report.status,
    ).toBe('QUEUED')
    const watched = blind.sse('subscription ($id: ID!) { reportProgress(id: $id) { status } }', {
      token: member.token,
      variables: { id },
    })
    await until(() => watched.events.length === 1)
    await api.carrier.finish(uuidOf(id))
    await until(() => watched.done, { timeout: 3_000 })
    expect(watched.events.at(-1).reportProgress.status).toBe('SUCCEEDED')
    const ready = await fetch(`${blind.publicUrl}/readyz`)
    expect([ready.status, ((await ready.json()) as any).missing]).toEqual([503, ['redis']])
  } finally {
    await blind.close()
  }
})

test('a connection that breaks in a transaction costs the pool none of its places', async () => {
  // More often than the pool has places.
  for (let round = 0; round < 20; round++) {
    const lock = await ground.database.hold()
    await lock.query('lock table broadsheet.report')
    const asked = api.post('{ reports { nodes { id } } }', { token: member.token })
    await until(async () => (await ground.database.waiting()) > 0)
    await ground.database.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    expect((await asked).body.errors[0].extensions.code).toBe('UNAVAILABLE')
    await lock.query('commit')
    await lock.end()
  }
  expect(
    (await timed(() => api.post('{ reports { totalCount } }', { token: member.token }))).body.data.reports.totalCount,
  ).toBeGreaterThan(0)
})
