import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import { HAS_FAKETIME, openMovedClock, type MovedClock } from '../support/moved-clock.ts'
import { ledgerFaults, schedulesIn } from '../support/schedules.ts'
import { startWorker, type RunningProcess } from '../support/service.ts'
import { until } from '../support/until.ts'

const PLAIN = `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'Plain', parameters: {}, columns: { one: 'Int' }, async *rows() { yield { one: 1 } } })`
const HOUR = 3_600_000
const TENS = 600_000

let clock: MovedClock
let worker: RunningProcess

beforeAll(async () => {
  if (!HAS_FAKETIME) return
  clock = await openMovedClock()
  const reports = join(clock.directory, 'reports')
  await mkdir(reports)
  await writeFile(join(reports, 'plain.ts'), PLAIN)
  worker = await startWorker({
    databaseUrl: clock.databaseUrl,
    redisUrl: inject('redisUrl'),
    dataDirectory: clock.directory,
    reportsDirectory: reports,
  })
})
afterAll(async () => {
  worker?.kill('SIGKILL')
  await worker?.stopped
  await clock?.close()
})

test.skipIf(!HAS_FAKETIME)(
  'the clock jumps by an hour in both directions: each slot comes once, and those it leapt over are caught up or MISSED (program: faketime)',
  async () => {
    const { sql } = clock
    const database = { sql } as unknown as TestDatabase
    const schedules = schedulesIn(database)
    const ada = await schedules.person()
    const [{ now }] = (await sql<{ now: Date }>('select clock_timestamp() as now')) as [{ now: Date }]
    expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(5_000)
    // Its next slot is in five minutes; the clock leaps over six, of which the last three are within the window.
    const createdAt = new Date(now.getTime() - TENS / 2)
    const id = await schedules.make({
      createdBy: ada,
      every: 'PT10M',
      catchUpWindow: 'PT30M',
      createdAt,
      nextSlotAt: new Date(createdAt.getTime() + TENS),
    })
    const outcomes = async () => (await schedules.ledger(id)).map(({ outcome }) => outcome)
    const offset = async () => {
      const [row] = await sql<{ now: Date }>('select clock_timestamp() as now')
      // Never -0, which is another value to a test.
      return Math.round((row!.now.getTime() - Date.now()) / HOUR) + 0
    }

    await clock.move(3600)
    expect(await offset()).toBe(1)
    const expected = ['MISSED', 'MISSED', 'MISSED', 'CAUGHT_UP', 'CAUGHT_UP', 'CAUGHT_UP']
    await until(async () => (await outcomes()).join() === expected.join(), {
      timeout: 60_000,
      what: 'what was leapt over is caught up or MISSED',
    })
    const before = await schedules.ledger(id)

    await clock.move(0)
    expect(await offset()).toBe(0)
    // A second schedule shows that the scheduler goes on by the clock as it is now.
    const since = new Date()
    const other = await schedules.make({
      createdBy: ada,
      every: 'PT1S',
      createdAt: since,
      nextSlotAt: new Date(since.getTime() + 1_000),
      overlapPolicy: 'ALLOW',
    })
    await until(async () => (await schedules.ledger(other)).length >= 3, {
      timeout: 20_000,
      what: 'slots go on coming after the jump back',
    })
    await sql('update broadsheet.schedule set paused = true, next_slot_at = null where id = $1', [other])
    expect(await schedules.ledger(id)).toEqual(before)

    await clock.move(3600)
    await sql(
      "update broadsheet.schedule set next_slot_at = next_slot_at - interval '6 minutes', created_at = created_at - interval '6 minutes', slots_after = slots_after - interval '6 minutes' where id = $1",
      [id],
    )
    await until(async () => (await outcomes()).length === 7, {
      timeout: 20_000,
      what: 'the next slot of the first schedule comes',
    })
    await sql('delete from broadsheet.schedule where id = $1', [other])
    await sql('delete from broadsheet.report where schedule_id = $1', [other])
    const faults = (await ledgerFaults(database, 600)) as { fault: string }[]
    expect(faults.filter(({ fault }) => !['gap', 'first'].includes(fault))).toEqual([])
  },
  180_000,
)
