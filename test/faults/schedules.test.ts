import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { ledgerFaults, schedulesIn } from '../support/schedules.ts'
import { startWorker, type RunningProcess } from '../support/service.ts'
import { until } from '../support/until.ts'

const PLAIN = `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'Plain', parameters: {}, columns: { one: 'Int' }, async *rows() { yield { one: 1 } } })`
/** So many schedules, each with a slot in every second: some fifty slots come between two looks. */
const SCHEDULES = 60

let database: TestDatabase
let directory: string
const workers: RunningProcess[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-schedules-'))
  await writeFile(join(directory, 'plain.ts'), PLAIN)
  database = await createDatabase()
})
afterAll(async () => {
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

test('workers are killed, frozen and added while slots come: each slot has one row, and each row that asked one report', async () => {
  const schedules = schedulesIn(database)
  const ada = await schedules.person()
  const [first, second] = [await another(), await another()]
  const begin = new Date(Math.ceil(Date.now() / 1_000) * 1_000)
  for (let n = 0; n < SCHEDULES; n++)
    await schedules.make({
      createdBy: ada,
      every: 'PT1S',
      overlapPolicy: 'ALLOW',
      createdAt: begin,
      nextSlotAt: new Date(begin.getTime() + 1_000),
    })
  const stored = async () =>
    (await database.sql<{ n: number }>('select count(*)::int as n from broadsheet.schedule_slot'))[0]!.n
  const more = async (count: number) => {
    const from = await stored()
    await until(async () => (await stored()) >= from + count, {
      timeout: 30_000,
      what: `${count} more slots are stored`,
    })
  }
  await more(SCHEDULES)
  first.kill('SIGKILL')
  await more(SCHEDULES)
  const third = await another()
  second.kill('SIGSTOP')
  await more(2 * SCHEDULES)
  second.kill('SIGCONT')
  third.kill('SIGKILL')
  await more(2 * SCHEDULES)
  await database.sql('update broadsheet.schedule set paused = true')
  const [{ outcomes }] = (await database.sql(
    `select jsonb_object_agg(outcome, n) as outcomes from (select outcome, count(*) as n from broadsheet.schedule_slot group by outcome) o`,
  )) as [{ outcomes: object }]
  console.info(`slots by outcome: ${JSON.stringify(outcomes)}`)
  expect(await ledgerFaults(database, 1)).toEqual([])
}, 90_000)
