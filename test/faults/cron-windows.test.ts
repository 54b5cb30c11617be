import { parse } from 'graphql'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { HAS_FAKETIME, openMovedClock, type MovedClock } from '../support/moved-clock.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'
import { until } from '../support/until.ts'

/** Visitors by cron, from the last slot that succeeded to this one, into a warehouse; hours pass as the clock of Postgres is moved. */

const HOUR = 3_600
const CREATE = `mutation { createSchedule(input: {
    title: "Visitors by the hour", report: { visitors: { from: "{{last_slot}}", to: "{{slot}}" } }
    cadence: { cron: "0 * * * *" }, timeZone: "Europe/Vilnius", overlapPolicy: QUEUE_ONE, catchUpWindow: "PT6H"
    deliveries: [{ warehouse: { warehouse: "main", table: "loads.visitors", mode: APPEND } }]
  }) { schedule { id createdAt nextRunAt } userErrors { field message } } }`

let clock: MovedClock
let site: pg.Client
let api: RunningApi
let worker: RunningProcess
let client: ReturnType<typeof createClient>
let start: () => Promise<RunningProcess>
let moved = 0
beforeAll(async () => {
  if (!HAS_FAKETIME) return
  clock = await openMovedClock()
  const at = (database: string, user?: string) => {
    const url = new URL(clock.databaseUrl)
    url.pathname = `/${database}`
    if (user) [url.username, url.password] = [user, 'password']
    return url.href
  }
  await clock.sql('create database site')
  site = new pg.Client(at('site'))
  await site.connect()
  await site.query(`create table request_events (request_id bigserial primary key, time timestamptz not null default clock_timestamp(),
      visitor text not null, path text not null, referrer text, user_agent text, status int not null default 200);
    create role reader login password 'password'; grant select on request_events to reader;
    create role loader login password 'password'; create schema loads;
    create table loads.visitors (visitor text, first_seen timestamptz, last_seen timestamptz, requests int, pages int, entry_page text);
    grant usage, create on schema loads to loader; grant select, insert, delete on loads.visitors to loader`)
  await clock.sql('revoke connect on database broadsheet from public')
  const options = {
    databaseUrl: clock.databaseUrl,
    redisUrl: inject('redisUrl'),
    dataDirectory: clock.directory,
    sources: { main: at('site', 'reader') },
    env: {
      EVENTS_SOURCE: 'main:public.request_events',
      BROADSHEET_WAREHOUSES: JSON.stringify({ main: { url: at('site', 'loader'), tables: ['loads.*'], modes: ['APPEND'] } }),
    },
  } // prettier-ignore
  start = () => startWorker(options)
  ;[api, worker] = await Promise.all([startApi(options), start()])
  client = createClient(api.url, api.adminToken)
}, 90_000)
afterAll(async () => {
  await client?.close()
  for (const each of [api, worker]) {
    each?.kill('SIGKILL')
    await each?.stopped
  }
  await site?.end()
  await clock?.close()
})

const ask = (text: string, variables: object = {}): Promise<any> => client.ask(parse(text) as never, variables as never)
const visit = () =>
  site.query(
    `insert into request_events (visitor, path) select 'v' || (random() * 20)::int, '/' || (random() * 5)::int from generate_series(1, 37)`,
  )
const hours = async (count: number) => {
  moved += count * HOUR
  await clock.move(moved)
}
const loads = async () =>
  (
    await site.query<{ loads: number; requests: number }>(
      `select count(distinct xmin::text)::int as loads, coalesce(sum(requests), 0)::int as requests from loads.visitors`,
    )
  ).rows[0]!
/** Until all slots that have come are asked for, all that was asked for is written, and all that was written is loaded. */
const settled = (what: string) =>
  until(
    async () => {
      const [row] = await clock.sql<{ left: number }>(
        `select (select count(*) from broadsheet.schedule where next_slot_at <= clock_timestamp())::int
           + (select count(*) from broadsheet.schedule_slot where outcome = 'WAITING')::int
           + (select count(*) from broadsheet.report where status in ('QUEUED', 'RUNNING'))::int
           + (select count(*) from broadsheet.delivery where status = 'PENDING')::int as left`,
      )
      return row!.left === 0
    },
    { timeout: 60_000, what: `${what}: all is loaded` },
  )

test.skipIf(!HAS_FAKETIME)('by cron each event is counted once, hour by hour and through hours without a worker (program: faketime)', async () => {
  await visit() // from before the schedule: not its own
  const { createSchedule } = await ask(CREATE)
  expect(createSchedule.userErrors).toEqual([])
  const { id, createdAt, nextRunAt } = createSchedule.schedule
  // The next whole hour.
  expect(Date.parse(nextRunAt) % (HOUR * 1_000)).toBe(0)
  expect(Date.parse(nextRunAt) - Date.parse(createdAt)).toBeLessThanOrEqual(HOUR * 1_000)

  for (let hour = 1; hour <= 3; hour++) {
    await visit()
    await hours(1)
    await settled(`hour ${hour}`)
    expect((await loads()).loads).toBe(hour)
  }
  worker.kill('SIGKILL')
  await worker.stopped
  for (let hour = 1; hour <= 3; hour++) {
    await visit()
    await hours(1)
  }
  worker = await start()
  await settled('three hours without a worker')
  await visit()
  await hours(1)
  await settled('one hour more')

  const { schedule } = await ask(`query ($id: ID!) { schedule(id: $id) { lastSucceededSlot slots(first: 50) { nodes { scheduledFor outcome report { status resolvedParameters } } } } }`, { id }) // prettier-ignore
  const windows = schedule.slots.nodes
    .filter(({ report }: any) => report?.status === 'SUCCEEDED')
    .map(({ report }: any) => [report.resolvedParameters.from, report.resolvedParameters.to].map(Date.parse))
    .toSorted(([one]: number[], [other]: number[]) => one! - other!)
  expect(windows.length).toBeGreaterThanOrEqual(5)
  expect(windows[0][0]).toBe(Date.parse(createdAt))
  // Where one ends the next begins, at whole hours.
  for (let index = 1; index < windows.length; index++) expect(windows[index][0]).toBe(windows[index - 1][1])
  expect(windows.map(([, to]: number[]) => to! % (HOUR * 1_000))).toEqual(windows.map(() => 0))
  const { rows } = await site.query<{ n: number }>(
    'select count(*)::int as n from request_events where time >= $1 and time < $2',
    [createdAt, schedule.lastSucceededSlot],
  )
  expect(rows[0]!.n).toBe(7 * 37)
  expect((await loads()).requests).toBe(rows[0]!.n)
}, 240_000) // prettier-ignore
