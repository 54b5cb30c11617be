import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { ledgerFaults, schedulesIn } from '../../support/schedules.ts'
import { startWorker, type RunningProcess } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const PLAIN = `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'Plain', parameters: { from: { type: 'DateExpression' } }, columns: { one: 'Int' }, async *rows() { yield { one: 1 } } })`

let database: TestDatabase
let directory: string
let workers: RunningProcess[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-schedules-'))
  await writeFile(join(directory, 'plain.ts'), PLAIN)
  database = await createDatabase()
  workers = []
})
afterEach(async () => {
  for (const worker of workers) {
    worker.kill('SIGCONT')
    worker.kill('SIGKILL')
    await worker.stopped
  }
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

async function another(): Promise<RunningProcess> {
  const worker = await startWorker({
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: directory,
    env: { WORKER_CONCURRENCY: '1', LOG_LEVEL: 'info' },
  })
  workers.push(worker)
  return worker
}

/** Copies of one schedule, as many as wanted, in one statement. */
async function multiply(id: string, count: number): Promise<void> {
  await database.sql(
    `with copy as (
       insert into broadsheet.schedule (id, tenant_id, created_by, title, type_name, parameters, uses_last_slot, cron, every, at, time_zone,
         overlap_policy, catch_up_window, priority, format, compression, csv_dialect, visibility, paused, slots_after, next_slot_at, created_at, updated_at)
       select gen_random_uuid(), tenant_id, created_by, title, type_name, parameters, uses_last_slot, cron, every, at, time_zone,
         overlap_policy, catch_up_window, priority, format, compression, csv_dialect, visibility, paused, slots_after, next_slot_at, created_at, updated_at
       from broadsheet.schedule, generate_series(2, $2) where id = $1 returning id, tenant_id, created_at)
     insert into broadsheet.schedule_success select * from copy`,
    [id, count],
  )
}

const DUE = 10_000
test(`${DUE} schedules that are due at the same minute are all asked for within 30 s`, async () => {
  const schedules = schedulesIn(database)
  const ada = await schedules.person()
  await Promise.all([another(), another()])
  const minute = new Date(Date.now() + 6_000)
  const id = await schedules.make({
    createdBy: ada, createdAt: new Date(minute.getTime() - 3_600_000), every: 'PT1H', nextSlotAt: minute, parameters: { from: '{{last_week_start}}' }, catchUpWindow: 'PT0S',
  }) // prettier-ignore
  await multiply(id, DUE)
  const count = async () =>
    (await database.sql<{ n: number }>('select count(*)::int as n from broadsheet.schedule_slot'))[0]!.n
  await until(async () => (await count()) === DUE, { timeout: 90_000, what: 'all are asked for' })
  const [figures] = await database.sql<{ outcomes: string; first: number; last: number }>(
    `select string_agg(distinct outcome, ' ') as outcomes, extract(epoch from min(at) - min(scheduled_for))::float8 as first,
       extract(epoch from max(at) - min(scheduled_for))::float8 as last from broadsheet.schedule_slot`,
  )
  console.info(
    `${DUE} schedules at one moment, two workers: the first after ${figures!.first.toFixed(2)} s, the last after ${figures!.last.toFixed(2)} s`,
  )
  expect(figures!.outcomes).toBe('REQUESTED')
  expect(figures!.last).toBeLessThan(30)
}, 180_000)

test('a steady slot is asked for within 1 s of its time, and 99 of 100 within 2 s', async () => {
  const schedules = schedulesIn(database)
  const ada = await schedules.person()
  await Promise.all([another(), another()])
  // A slot about every 50 ms, at moments that nobody knows beforehand.
  for (let n = 0; n < 200; n++) {
    const createdAt = new Date(Date.now() + n * 50)
    await schedules.make({
      createdBy: ada,
      createdAt,
      every: 'PT10S',
      nextSlotAt: new Date(createdAt.getTime() + 10_000),
      overlapPolicy: 'SKIP',
    })
  }
  const count = async () =>
    (await database.sql<{ n: number }>('select count(*)::int as n from broadsheet.schedule_slot'))[0]!.n
  await until(async () => (await count()) >= 800, { timeout: 120_000, what: 'each has come four times' })
  const [late] = await database.sql<{ half: number; most: number; worst: number; n: number }>(
    `select percentile_cont(0.5) within group (order by lateness) as half, percentile_cont(0.99) within group (order by lateness) as most,
       max(lateness) as worst, count(*)::int as n
     from (select extract(epoch from at - scheduled_for)::float8 as lateness from broadsheet.schedule_slot) l`,
  )
  console.info(
    `${late!.n} steady slots: median ${late!.half.toFixed(3)} s, p99 ${late!.most.toFixed(3)} s, worst ${late!.worst.toFixed(3)} s late`,
  )
  expect(late!.half).toBeLessThan(1)
  expect(late!.most).toBeLessThan(2)
}, 180_000)

test('a minute of workers that are killed, frozen and started at random: every slot once', async () => {
  const schedules = schedulesIn(database)
  const ada = await schedules.person()
  await Promise.all([another(), another(), another()])
  const begin = new Date(Math.ceil(Date.now() / 1_000) * 1_000)
  const id = await schedules.make({
    createdBy: ada,
    every: 'PT1S',
    overlapPolicy: 'ALLOW',
    createdAt: begin,
    nextSlotAt: new Date(begin.getTime() + 1_000),
  })
  await multiply(id, 50)
  const end = Date.now() + 60_000
  const slots = async () =>
    (await database.sql<{ n: string }>('select sum(count) as n from broadsheet.schedule_slot'))[0]!.n
  let seen = Number(await slots())
  while (Date.now() < end) {
    const live = workers.filter(({ process: { exitCode, signalCode } }) => exitCode === null && signalCode === null)
    const victim = live[Math.floor(Math.random() * live.length)]
    if (victim && Math.random() < 0.5) victim.kill('SIGKILL')
    else victim?.kill('SIGSTOP')
    if (live.length < 4) await another()
    const from = seen
    await until(async () => (seen = Number(await slots())) >= from + 100, {
      timeout: 40_000,
      what: 'slots go on coming',
    })
    if (Math.random() < 0.7) victim?.kill('SIGCONT')
  }
  for (const worker of workers) worker.kill('SIGCONT')
  await database.sql('update broadsheet.schedule set paused = true')
  const [outcomes] = await database.sql(
    `select jsonb_object_agg(outcome, n) as slots from (select outcome, sum(count) as n from broadsheet.schedule_slot group by 1) o`,
  )
  console.info(JSON.stringify(outcomes))
  expect(await ledgerFaults(database, 1)).toEqual([])
}, 300_000)
