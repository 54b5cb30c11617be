import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { WORKER_ROLE } from '../../../src/db/roles.ts'
import { createLog } from '../../../src/log.ts'
import { openStore } from '../../../src/stores/index.ts'
import { removeLeftovers } from '../../../worker/sweeper.ts'
import { ownRedis } from '../../support/own-redis.ts'
import { isAlive } from '../../support/process.ts'
import { reportsIn } from '../../support/reports.ts'
import { childrenOf, startWorker, type RunningProcess } from '../../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../../support/source-database.ts'
import { until } from '../../support/until.ts'

/** As slow as the table says when the attempt begins, in seconds for each row; each row is wide, so that it leaves Postgres at once. */
const PACED = `/*---
title: Paced
source: main
tenancy: shared
---*/
select id, repeat('x', 9000) as filler, case when (select nap from pace) > 0 then pg_sleep((select nap from pace))::text end as nap from lines order by id`

let database: TestDatabase
let source: SourceDatabase
let directory: string
let reports: ReturnType<typeof reportsIn>
let workers: RunningProcess[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-faults-'))
  await writeFile(join(directory, 'paced.sql'), PACED)
  ;[database, source] = await Promise.all([
    createDatabase(),
    createSourceDatabase(
      'create table lines as select i as id from generate_series(1, 3000) i; create table pace as select 0.02::float8 as nap; analyze',
    ),
  ])
  reports = reportsIn(database, directory, inject('redisUrl'))
})
afterAll(async () => {
  await reports.close()
  await database.drop()
  await source.drop()
  await rm(directory, { recursive: true })
})
beforeEach(() => pace(SLOW))
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') for (const worker of workers) console.error((await worker.log()).slice(-4000))
  for (const worker of workers) {
    worker.kill('SIGCONT')
    worker.kill('SIGKILL')
    await worker.stopped
  }
  workers = []
  await database.sql('delete from broadsheet.report; delete from broadsheet.worker')
})

const SLOW = 0.02
const pace = (nap: number) => source.sql('update pace set nap = $1', [nap])
async function worker(env: Record<string, string> = {}, redisUrl = inject('redisUrl')): Promise<RunningProcess> {
  const started = await startWorker({
    databaseUrl: database.url,
    redisUrl,
    dataDirectory: directory,
    reportsDirectory: directory,
    sources: { main: source.url },
    env,
  })
  workers.push(started)
  return started
}
const underWay = (id: string) =>
  until(async () => (await reports.read(id)).rowsWritten > 5, { what: 'rows were written' })
const expireLease = (id: string) =>
  database.sql(`update broadsheet.report set lease_expires_at = now() - interval '1 second' where id = $1`, [id])
const documents = async () =>
  (await readdir(join(directory, 'documents'), { recursive: true })).filter((name) => /[/%]\d+$/.test(name))
async function expectWhole(id: string, attempt: number) {
  const report = await reports.reached(id, 'SUCCEEDED', 30_000)
  expect(report).toMatchObject({ attempt, rowsWritten: 3000 })
  expect((await readFile(join(directory, 'documents', report.document!.key), 'utf8')).split('\n')).toHaveLength(3002)
  return report
}

test('a child that is killed costs one attempt, and another child takes its place', async () => {
  const { pid } = await worker({ WORKER_CONCURRENCY: '1' })
  const id = await reports.ask('paced.sql')
  await underWay(id)
  const [child] = await childrenOf(pid)
  await pace(0)
  process.kill(child!, 'SIGKILL')
  const report = await expectWhole(id, 2)
  expect(report.attempts).toMatchObject([
    { outcome: 'FAILED', failure: { code: 'WORKER_LOST', retryable: true } },
    { outcome: 'SUCCEEDED' },
  ])
  expect(report.charged).toBe(2)
  expect((await documents()).filter((name) => name.includes(id))).toEqual([report.document!.key])
}, 40_000)

test('a worker that is killed takes its children and queries with it, and another worker its report', async () => {
  const first = await worker()
  const id = await reports.ask('paced.sql')
  await underWay(id)
  const children = await childrenOf(first.pid)
  expect(children).toHaveLength(2)
  await pace(0)
  first.kill('SIGKILL')
  await until(() => children.every((child) => !isAlive(child)), { timeout: 2_000, what: 'the children are gone' })
  await until(async () => (await source.running()).length === 0, { timeout: 2_000, what: 'the query is gone' })
  await worker()
  await expireLease(id)
  const report = await expectWhole(id, 2)
  expect(report.attempts).toMatchObject([{ outcome: 'LOST' }, { outcome: 'SUCCEEDED' }])
}, 40_000)

test('a worker that was frozen past its lease writes and publishes nothing when it wakes', async () => {
  const first = await worker()
  const id = await reports.ask('paced.sql')
  await underWay(id)
  first.kill('SIGSTOP')
  await pace(0)
  const second = await worker()
  const report = await expectWhole(id, 2)
  expect(report.attempts).toMatchObject([{ outcome: 'LOST' }, { outcome: 'SUCCEEDED' }])
  const subscriber = new Redis(inject('redisUrl'))
  const heard: string[] = []
  subscriber.on('message', (_, message) => heard.push(message))
  await subscriber.subscribe(`broadsheet:report:${id}`)
  first.kill('SIGCONT')
  const woken = performance.now()
  await until(async () => (await first.log()).includes('"reason":"LOST"'), { timeout: 1_000, what: 'it has noticed' })
  console.info(
    `a worker that was frozen noticed ${(performance.now() - woken).toFixed(0)} ms after it woke (bar: 1000 ms)`,
  )
  await until(async () => (await documents()).every((name) => !name.includes(`${id}%`) && !name.endsWith(`${id}/1`)), {
    what: 'its bytes are gone',
  })
  expect(await reports.read(id)).toEqual(report)
  expect(heard).toEqual([])
  subscriber.disconnect()
  // And it works on.
  second.kill('SIGKILL')
  await expectWhole(await reports.ask('paced.sql'), 1)
}, 60_000)

test('killed between the promotion of the file and the commit: the next attempt has its own, and the sweep removes the first', async () => {
  const first = await worker()
  await pace(0.0005)
  const id = await reports.ask('paced.sql')
  await underWay(id)
  const lock = new pg.Client(database.url)
  await lock.connect()
  await lock.query('begin')
  await lock.query('select from broadsheet.report where id = $1 for update', [id])
  await until(async () => (await documents()).includes(`default/${id}/1`), { what: 'the file was promoted' })
  first.kill('SIGKILL')
  await first.stopped
  // Where the commit was sent already, Postgres would carry it out for a worker that is dead.
  await lock.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and application_name = 'broadsheet_worker'`,
  )
  await lock.query('rollback')
  await lock.end()
  await pace(0)
  await worker()
  await expireLease(id)
  const { document } = await expectWhole(id, 2)
  expect(await documents()).toContain(`default/${id}/1`)
  const store = await openStore(`file:${directory}/documents`)
  const worked = await database.open(WORKER_ROLE)
  await removeLeftovers({
    database: worked,
    store,
    log: createLog({ level: 'silent', process: 'test' }),
    before: new Date(Date.now() + 1000),
  })
  expect((await documents()).filter((name) => name.includes(id))).toEqual([document!.key])
}, 60_000)

test('Redis emptied, stopped and started again: nothing is lost', async () => {
  const redis = await ownRedis()
  const client = new Redis(redis.url)
  try {
    await worker({}, redis.url)
    const id = await reports.ask('paced.sql')
    await underWay(id)
    await client.flushall()
    await pace(0)
    const other = await reports.ask('paced.sql')
    await expectWhole(other, 1)
    client.disconnect()
    await redis.stop()
    await expectWhole(await reports.ask('paced.sql'), 1)
    await redis.start()
    expect(await reports.read(id)).toMatchObject({ attempt: 1, failure: null })
  } finally {
    await redis.stop()
  }
}, 60_000)

test('connections to the database that are cut cost nothing', async () => {
  await worker()
  const id = await reports.ask('paced.sql')
  await underWay(id)
  const [cut] = await database.sql<{ count: number }>(
    `select count(pg_terminate_backend(pid))::int from pg_stat_activity where datname = current_database() and application_name = 'broadsheet_worker'`,
  )
  expect(cut!.count).toBeGreaterThan(0)
  const before = (await reports.read(id)).rowsWritten
  await until(async () => (await reports.read(id)).rowsWritten > before + 20)
  expect(await reports.read(id)).toMatchObject({ status: 'RUNNING', attempt: 1 })
}, 40_000)

test('a signal to stop: no more claims, what runs is handed back uncharged, exit code 0', async () => {
  const first = await worker({ DRAIN_SECONDS: '1' })
  const id = await reports.ask('paced.sql')
  await underWay(id)
  first.kill('SIGTERM')
  await until(async () => (await first.log()).includes('"msg":"closing"'))
  const late = await reports.ask('paced.sql')
  expect(await first.stopped).toBe(0)
  expect(await reports.read(id)).toMatchObject({ status: 'QUEUED', charged: 0, attempts: [{ outcome: 'HANDED_BACK' }] })
  expect(await reports.read(late)).toMatchObject({ status: 'QUEUED', attempt: 0 })
  expect((await documents()).filter((name) => name.includes(id))).toEqual([])
  await pace(0)
  await worker()
  await expectWhole(id, 2)
  await expectWhole(late, 1)
}, 40_000)
