import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openScene, READER, type Scene } from '../../support/scene.ts'
import type { RunningApi, RunningProcess } from '../../support/service.ts'
import { until } from '../../support/until.ts'

/** A schedule from last_slot to slot into a warehouse, through all that may happen to it: each event is counted once. */

let scene: Scene
let api: RunningApi
let worker: RunningProcess
/** As the owner of the database that has the events and the warehouse. */
let site: pg.Client
let told = 0

const ENVIRONMENT = {
  EVENTS_SOURCE: 'main:public.request_events',
  DELIVERY_WINDOW: 'PT1M',
}

beforeAll(async () => {
  const text = await readFile(new URL('../../../reports/visitors.ts', import.meta.url), 'utf8')
  scene = await openScene({ reports: { 'visitors.ts': text } })
  const url = new URL(scene.databaseUrl)
  url.pathname = '/source'
  site = new pg.Client(url.href)
  await site.connect()
  await site.query(`create table request_events (request_id bigserial primary key, time timestamptz not null default clock_timestamp(),
      visitor text not null, path text not null, referrer text, user_agent text, status int not null default 200);
    grant select on request_events to ${READER};
    create role loader login password 'password'; create schema loads;
    create table loads.visitors (visitor text, first_seen timestamptz, last_seen timestamptz, requests int, pages int, entry_page text);
    grant usage, create on schema loads to loader; grant select, insert, delete on loads.visitors to loader`)
  url.username = 'loader'
  url.password = 'password'
  const env = {
    ...ENVIRONMENT,
    BROADSHEET_WAREHOUSES: JSON.stringify({ main: { url: url.href, tables: ['loads.*'], modes: ['APPEND'] } }),
  }
  start = () => scene.worker(env)
  api = await scene.api(env)
  worker = await start()
}, 60_000)
afterAll(async () => {
  await site?.end()
  await scene?.close()
})
let start: () => Promise<RunningProcess>

async function ask(query: string, variables: object = {}): Promise<any> {
  const answer = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.adminToken}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await answer.json()) as { data: any; errors?: object[] }
  expect(errors).toBeUndefined()
  return data
}
const visit = () =>
  site.query(
    `insert into request_events (visitor, path) select 'v' || (random() * 20)::int, '/' || (random() * 5)::int from generate_series(1, 37)`,
  )
const loads = async () =>
  (
    await site.query<{ loads: number; requests: number }>(
      `select count(distinct xmin::text)::int as loads, coalesce(sum(requests), 0)::int as requests from loads.visitors`,
    )
  ).rows[0]!
const slots = (id: string) =>
  ask(`query ($id: ID!) { schedule(id: $id) { lastSucceededSlot slots(first: 50) { nodes { scheduledFor outcome report { id status } } } } }`, { id }) // prettier-ignore
/** People go on coming until it is so. */
async function meanwhile(what: string, fact: () => Promise<unknown>): Promise<void> {
  told += 1
  let visitedAt = 0
  const go = async () => {
    if (performance.now() - visitedAt > 300) {
      visitedAt = performance.now()
      await visit()
    }
    return fact()
  }
  await until(go, { timeout: 90_000, what: `${told}. ${what}` })
}

test('each event is counted once', async () => {
  await visit() // from before the schedule: not its own
  const { createSchedule } = await ask(`mutation { createSchedule(input: {
      title: "Visitors", report: { visitors: { from: "{{last_slot}}", to: "{{slot}}" } }, cadence: { every: "PT10S" },
      overlapPolicy: QUEUE_ONE, catchUpWindow: "PT1H", deliveries: [{ warehouse: { warehouse: "main", table: "loads.visitors", mode: APPEND } }]
    }) { schedule { id createdAt } userErrors { field message } } }`)
  expect(createSchedule.userErrors).toEqual([])
  const { id, createdAt } = createSchedule.schedule
  const more = async () => {
    const before = (await loads()).loads
    return async () => (await loads()).loads > before
  }
  await meanwhile('a first load', await more())

  await site.query('alter table request_events rename to away')
  const failed = async () =>
    (await slots(id)).schedule.slots.nodes.some(({ report }: any) => report?.status === 'FAILED')
  await until(failed, { timeout: 90_000, what: 'a report has failed' })
  await site.query('alter table away rename to request_events')
  await meanwhile('a load after a failure', await more())

  const { nodes } = (await slots(id)).schedule.slots
  const ended = nodes.find(({ report }: any) => report?.status === 'SUCCEEDED').report.id
  const { deleteReport } = await ask(`mutation ($id: ID!) { deleteReport(id: $id) { deletedId userErrors { message } } }`, { id: ended }) // prettier-ignore
  expect(deleteReport).toEqual({ deletedId: ended, userErrors: [] })
  await meanwhile('a load after a deletion', await more())

  worker.kill('SIGKILL')
  await worker.stopped
  const killedAt = Date.now()
  await meanwhile('nobody works for two slots', async () => Date.now() - killedAt > 25_000)
  worker = await start()
  await meanwhile('a load after downtime', await more())

  await site.query('alter role loader nologin')
  const refused = async () =>
    (await scene.sql<{ n: number }>(`select count(*)::int as n from broadsheet.delivery where last_error is not null and status = 'PENDING'`))[0]!.n > 0 // prettier-ignore
  await meanwhile('a delivery is refused', refused)
  await site.query('alter role loader login')
  await meanwhile('a load after the delivery failed for a while', await more())
  await meanwhile('and one more', await more())

  await ask(`mutation ($id: ID!) { pauseSchedule(id: $id) { userErrors { message } } }`, { id })
  await until(
    async () => {
      const [row] = await scene.sql<{ n: number }>(
        `select (select count(*) from broadsheet.delivery where status = 'PENDING')::int
           + (select count(*) from broadsheet.report where status in ('QUEUED', 'RUNNING'))::int as n`,
      )
      return row!.n === 0
    },
    { timeout: 60_000, what: 'nothing is under way' },
  )
  const last = (await slots(id)).schedule.lastSucceededSlot
  const { rows } = await site.query<{ n: number }>(
    'select count(*)::int as n from request_events where time >= $1 and time < $2',
    [createdAt, last],
  )
  const { loads: count, requests } = await loads()
  console.info(`${requests} of ${rows[0]!.n} events in ${count} loads`)
  expect(requests).toBe(rows[0]!.n)
  expect(count).toBeGreaterThan(5)
}, 400_000)
