import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { WORKER_ROLE } from '../../../src/db/roles.ts'
import { claimReport } from '../../../src/claim/claim.ts'
import { createHolding } from '../../../src/claim/holding.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { reportsIn } from '../../support/reports.ts'
import { startWorker, type RunningProcess } from '../../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../../support/source-database.ts'
import { until } from '../../support/until.ts'

const FILES: Record<string, string> = {
  // Postgres is busy in one row for longer than the report may take.
  'late.sql': `/*---
title: Late
source: main
tenancy: shared
timeout: PT1S
---*/
select 1 as one, pg_sleep(30)::text as nap`,
  // Says which process it is in.
  'busy.ts': `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'Busy', parameters: {}, columns: { one: 'Int' }, async *rows({ sources, progress }) {
  progress(0, 1, String(process.pid))
  for await (const row of sources.main.query('select pg_sleep(30)')) yield { one: 1 }
} })`,
  // Looks at no signal, and has a query open meanwhile: only SIGKILL ends it.
  'deaf.ts': `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'Deaf', timeout: 'PT1S', parameters: {}, columns: { one: 'Int' }, async *rows({ sources }) {
  sources.main.query('select pg_sleep(30)').next().catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 800))
  for (;;);
} })`,
}

let database: TestDatabase
let source: SourceDatabase
let directory: string
let reports: ReturnType<typeof reportsIn>
let worker: RunningProcess

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-time-'))
  await Promise.all(Object.entries(FILES).map(([name, text]) => writeFile(join(directory, name), text)))
  await writeFile(join(directory, 'plain.sql'), 'select 1')
  ;[database, source] = await Promise.all([createDatabase(), createSourceDatabase('select 1')])
  reports = reportsIn(database, directory, inject('redisUrl'))
  await rm(join(directory, 'plain.sql'))
  worker = await startWorker({
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: directory,
    sources: { main: source.url },
    env: { WORKER_CONCURRENCY: '4' },
  })
})
afterAll(async () => {
  worker.kill('SIGKILL')
  await worker.stopped
  await reports.close()
  await database.drop()
  await source.drop()
  await rm(directory, { recursive: true })
})

test('the time of a type ends the query and the attempt before the next one starts: never two at once', async () => {
  // No pause between two attempts, and their worker claims as soon as it has a free slot: what would overlap, does so here.
  await database.sql(
    `create function at_once() returns trigger language plpgsql as $$ begin new.available_at := clock_timestamp(); return new; end $$`,
  )
  await database.sql(
    `create trigger at_once before update on broadsheet.report for each row when (new.status = 'QUEUED') execute function at_once()`,
  )
  const ids = [await reports.ask('late.sql'), await reports.ask('deaf.ts')]
  let most = 0
  let seen = 0
  await until(
    async () => {
      const busy = await source.running()
      seen += busy.length > 0 ? 1 : 0
      for (const id of ids) most = Math.max(most, busy.filter((name) => name.includes(id)).length)
      const statuses = await database.sql<{ status: string }>('select status from broadsheet.report')
      return statuses.every(({ status }) => status === 'FAILED')
    },
    { timeout: 45_000, what: 'both have failed' },
  )
  expect(seen).toBeGreaterThan(10)
  expect(most).toBe(1)
  for (const id of ids) {
    const report = await reports.read(id)
    expect(report).toMatchObject({
      status: 'FAILED',
      attempt: 3,
      charged: 3,
      failure: { code: 'TIMEOUT', retryable: true },
    })
    expect(report.attempts).toMatchObject(
      [1, 2, 3].map((number) => ({ number, outcome: 'FAILED', failure: { code: 'TIMEOUT' } })),
    )
    const attempts = await database.sql<{ seconds: number; gap: number | null }>(
      `select extract(epoch from finished_at - started_at)::float8 as seconds, extract(epoch from started_at - lag(finished_at) over (order by number))::float8 as gap
       from broadsheet.report_attempt where report_id = $1 order by number`,
      [id],
    )
    for (const { seconds, gap } of attempts) {
      // A second, two of grace until SIGKILL, and a child that may first have to come up; never the query's 30.
      expect(seconds).toBeLessThan(15)
      // finished_at is kept in milliseconds.
      if (gap !== null) expect(gap).toBeGreaterThan(-0.001)
    }
  }
  await until(async () => (await source.running()).length === 0, { timeout: 2_000, what: 'nothing runs any more' })
}, 60_000)

test('a child that is killed: its query ends before the next attempt, which has no pause, begins its own', async () => {
  const id = await reports.ask('busy.ts')
  let most = 0
  /** Where this attempt is, once it says so. All the while it is looked how many queries of the report run. */
  const begun = (attempt: number) =>
    until(async () => {
      const running = (await source.running()).filter((name) => name.includes(id)).length
      most = Math.max(most, running)
      const report = await reports.read(id)
      return report.attempt === attempt && running > 0 && Number(report.message)
    }, { what: `attempt ${attempt} queries, and says where` }) // prettier-ignore
  for (const attempt of [1, 2]) process.kill((await begun(attempt)) as number, 'SIGKILL')
  await begun(3)
  expect(most).toBe(1)
  expect((await reports.read(id)).attempts).toMatchObject([
    { failure: { code: 'WORKER_LOST' } },
    { failure: { code: 'WORKER_LOST' } },
    { outcome: null },
  ])
  await database.sql('drop trigger at_once on broadsheet.report')
  await database.sql('drop function at_once')
}, 40_000)

test('pauses before a retry are spread evenly from none to twice as long each time', async () => {
  const worked = await database.open(WORKER_ROLE)
  const workerId = uuid()
  const holding = createHolding({ database: worked, workerId })
  const failure = { code: 'SOURCE_UNAVAILABLE' as const, message: 'Away.', retryable: true }
  await writeFile(join(directory, 'plain.sql'), 'select 1')
  const pauses: Record<number, number[]> = { 1: [], 2: [] }
  for (let n = 0; n < 80; n++) {
    const id = await reports.ask('plain.sql')
    for (const charged of [1, 2]) {
      const claimed = await claimReport(worked, { workerId, types: ['plain'], tenantMaxRunning: null })
      expect(claimed).toMatchObject({ id, charged })
      await holding.fail(claimed!, failure)
      const [row] = await database.sql<{ pause: number }>(
        `select extract(epoch from available_at - progress_at)::float8 as pause from broadsheet.report where id = $1`,
        [id],
      )
      pauses[charged]!.push(row!.pause)
      await database.sql(`update broadsheet.report set available_at = clock_timestamp() where id = $1`, [id])
    }
    await database.sql('delete from broadsheet.report where id = $1', [id])
  }
  for (const [charged, longest] of [[1, 4], [2, 8]] as const) {
    const drawn = pauses[charged]!
    const mean = drawn.reduce((sum, each) => sum + each) / drawn.length
    console.info(`pauses after attempt ${charged}: ${Math.min(...drawn).toFixed(2)} to ${Math.max(...drawn).toFixed(2)} s, mean ${mean.toFixed(2)} s`)
    expect(Math.min(...drawn)).toBeGreaterThan(-0.01)
    expect(Math.max(...drawn)).toBeLessThan(longest + 0.01)
    // Of 80 that are drawn evenly, a quarter of the range is left empty at either end once in 10^9 times.
    expect(Math.min(...drawn)).toBeLessThan(longest / 4)
    expect(Math.max(...drawn)).toBeGreaterThan((longest * 3) / 4)
    expect(Math.abs(mean - longest / 2)).toBeLessThan(longest / 6)
  } // prettier-ignore
}, 60_000)
