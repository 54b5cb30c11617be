// Long because all of it is one database and one set of report files: what a step does, looked at in the rows.
import { until } from '../support/until.ts'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createQueueLimit } from '../../src/claim/queue-limit.ts'
import type { Database } from '../../src/db/orm.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { createLog } from '../../src/log.ts'
import { createCatalog, type Catalog } from '../../src/report-type/catalog.ts'
import { resolveLastSlot } from '../../src/schedule/last-slot.ts'
import { createScheduling, type Scheduling } from '../../src/schedule/scheduling.ts'
import { createSources } from '../../src/sources/index.ts'
import { countSlots } from '../../src/system/tally.ts'
import { purgeOldRows } from '../../src/system/purge.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { schedulesIn, type ScheduleMade } from '../support/schedules.ts'

const log = createLog({ level: 'silent', process: 'test' })
const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** A whole ten minutes, so that slots are well-known moments; the clock is the database's own. */
const NOW = Math.floor(Date.now() / (10 * MINUTE)) * 10 * MINUTE
const ago = (minutes: number) => new Date(NOW - minutes * MINUTE)
const PLAIN = `import { defineReport } from 'broadsheet/define'
export default defineReport({
  title: 'Plain', parameters: { from: { type: 'DateExpression' }, to: { type: 'DateExpression' } }, columns: { one: 'Int' },
  async *rows() { yield { one: 1 } },
})`

let owner: TestDatabase
let database: Database
let directory: string
let catalog: Catalog
let scheduling: Scheduling
let schedules: ReturnType<typeof schedulesIn>
let ada: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-scheduling-'))
  await writeFile(join(directory, 'plain.ts'), PLAIN)
  await writeFile(join(directory, 'secret.ts'), PLAIN.replace(`title: 'Plain',`, `title: 'Secret', roles: ['ADMIN'],`))
  owner = await createDatabase()
  database = await owner.open(WORKER_ROLE)
  catalog = createCatalog({ directory, sources: createSources({}, { log, maxConnections: 1 }), log })
  await catalog.load()
  scheduling = createScheduling({ database, catalog, queueLimit: createQueueLimit(null), log })
  schedules = schedulesIn(owner)
  ada = await schedules.person()
})
afterAll(async () => {
  await owner.drop()
  await rm(directory, { recursive: true, force: true })
})
beforeEach(async () => {
  await owner.sql('delete from broadsheet.schedule')
  await owner.sql('delete from broadsheet.report')
  await schedules.lookedSince(ago(100_000))
})

/** Every ten minutes, as if made before so many minutes; `due`: slots that have come. */
const make = (due: number, made: Partial<ScheduleMade> = {}) =>
  schedules.make({
    createdBy: ada,
    createdAt: ago(6_000),
    slotsAfter: ago(due * 10),
    nextSlotAt: ago((due - 1) * 10),
    ...made,
  } as ScheduleMade & { createdBy: string })
const outcomes = async (id: string) => (await schedules.ledger(id)).map(({ outcome }) => outcome)
const reportsOf = (id: string) =>
  owner.sql<{
    id: string
    scheduled_for: Date
    status: string
    title: string
    resolved_parameters: any
    requested_by: string
  }>('select * from broadsheet.report where schedule_id = $1 order by scheduled_for', [id])

describe('a slot that has come', () => {
  test('has a row, a report of the owner’s that is resolved against it, and a schedule that goes on from it', async () => {
    const id = await make(1, { parameters: { from: '{{last_week_start}}', to: 'slot' }, title: 'Each ten minutes' })
    const { moved, changes, slots } = await scheduling.takeDue()
    expect(moved).toBe(1)
    expect(slots).toMatchObject([{ kind: 'SLOT', scheduleId: id, tenantId: 'default', createdBy: ada }])
    const [report] = await reportsOf(id)
    expect(changes).toMatchObject([{ kind: 'CREATED', event: { reportId: report!.id, status: 'QUEUED' } }])
    expect(await schedules.ledger(id)).toMatchObject([
      { slot: ago(0).toISOString(), outcome: 'REQUESTED', report_id: report!.id },
    ])
    expect(report).toMatchObject({
      scheduled_for: ago(0),
      requested_by: ada,
      resolved_parameters: { to: ago(0).toISOString().replace('.000', '') },
    })
    expect(report!.title).toMatch(/^Each ten minutes · \d{4}-\d\d-\d\d/)
    const monday = new Date(`${report!.resolved_parameters.from}T00:00:00Z`)
    expect(monday.getUTCDay()).toBe(1)
    expect((NOW - monday.getTime()) / (24 * HOUR)).toBeGreaterThanOrEqual(7)
    const [next] = await owner.sql('select next_slot_at, slots_after from broadsheet.schedule where id = $1', [id])
    expect(next).toEqual({ next_slot_at: ago(-10), slots_after: ago(0) })
    expect(
      await owner.sql('select kind, by_user, detail from broadsheet.report_audit where report_id = $1', [report!.id]),
    ).toEqual([
      { kind: 'REQUESTED', by_user: null, detail: { schedule: 'Each ten minutes', slot: ago(0).toISOString() } },
    ])
    expect(await scheduling.takeDue()).toEqual({ moved: 0, changes: [], slots: [] })
  })

  test('has a title that is cut between two characters', async () => {
    const id = await make(1, { parameters: { from: 'today' }, title: '😀'.repeat(100) })
    await scheduling.takeDue()
    expect((await reportsOf(id)).map(({ title }) => title)).toEqual([`${'😀'.repeat(99)}…`])
  })

  test('is asked for once, however many ask at once', async () => {
    const others = await Promise.all(
      [1, 2, 3].map(async () =>
        createScheduling({ database: await owner.open(WORKER_ROLE), catalog, queueLimit: createQueueLimit(null), log }),
      ),
    )
    const ids = await Promise.all(Array.from({ length: 250 }, () => make(3, { overlapPolicy: 'ALLOW' })))
    const work = async (one: Scheduling) => {
      let moved = 0
      for (let idle = 0; idle < 3;) {
        const step = await one.takeDue()
        moved += step.moved
        idle = step.moved === 0 ? idle + 1 : 0
      }
      return moved
    }
    const moved = await Promise.all([scheduling, ...others].map(work))
    expect(moved.reduce((sum, each) => sum + each)).toBe(250)
    expect(moved.filter((each) => each > 0).length).toBeGreaterThan(1)
    const [rows] = await owner.sql(
      `select count(*)::int as slots, count(distinct report_id)::int as reports from broadsheet.schedule_slot`,
    )
    expect(rows).toEqual({ slots: 750, reports: 750 })
    const [made] = await owner.sql(
      `select count(*)::int as n, count(distinct (schedule_id, scheduled_for))::int as slots from broadsheet.report`,
    )
    expect(made).toEqual({ n: 750, slots: 750 })
    expect(ids).toHaveLength(250)
  }, 30_000)

  test('has nothing asked for twice where its row is there already', async () => {
    const id = await make(1)
    await owner.sql(
      `insert into broadsheet.schedule_slot (schedule_id, scheduled_for, tenant_id, outcome) values ($1, $2, 'default', 'MISSED')`,
      [id, ago(0)],
    )
    await scheduling.takeDue()
    expect(await outcomes(id)).toEqual(['MISSED'])
    expect(await reportsOf(id)).toEqual([])
  })

  test('is passed over while somebody else holds the schedule, and nothing waits for that', async () => {
    const [held, free] = [await make(1), await make(1)]
    const other = await owner.hold()
    await other.query('select from broadsheet.schedule where id = $1 for update', [held])
    await scheduling.takeDue()
    expect(await outcomes(free)).toEqual(['REQUESTED'])
    expect(await outcomes(held)).toEqual([])
    await other.query('commit')
    await other.end()
    await scheduling.takeDue()
    expect(await outcomes(held)).toEqual(['REQUESTED'])
  })

  test('of a fixed local time comes once in a fold, and at the first valid instant in a gap', async () => {
    const zone = {
      timeZone: 'Europe/Vilnius',
      cron: '30 3 * * *',
      overlapPolicy: 'ALLOW',
      catchUpWindow: 'P3650D',
    } as const
    const [spring, autumn] = [new Date('2025-03-28T12:00:00Z'), new Date('2025-10-24T12:00:00Z')]
    for (const [from, expected] of [
      [spring, ['2025-03-29T01:30:00.000Z', '2025-03-30T01:00:00.000Z', '2025-03-31T00:30:00.000Z']],
      [autumn, ['2025-10-25T00:30:00.000Z', '2025-10-26T00:30:00.000Z', '2025-10-27T01:30:00.000Z']],
    ] as const) {
      await schedules.lookedSince(new Date(0))
      const id = await make(1, { ...zone, createdAt: from, slotsAfter: from, nextSlotAt: new Date(expected[0]) })
      await scheduling.takeDue()
      expect((await schedules.ledger(id)).slice(0, 3).map(({ slot }) => slot)).toEqual(expected)
    }
  })
})

describe('blocked', () => {
  test.each([
    ['the owner was removed', 'removed_at = now()', {}, /Ada, was removed/],
    ['the owner is a VIEWER by now', `role = 'VIEWER'`, {}, /role may not ask/],
    ['the type is not for the role', `role = 'MEMBER'`, { type: 'secret' }, /role may not ask for "secret"/],
    ['the type is gone', `role = 'MEMBER'`, { type: 'gone' }, /no report type "gone"/],
    [
      'a parameter does not fit any more',
      `role = 'MEMBER'`,
      { parameters: { since: '2026-01-01' } },
      /no parameter "since"/,
    ],
  ] as const)('%s: a row that says so, and the next slot is tried anew', async (_, before, made, reason) => {
    const id = await make(2, { ...made, overlapPolicy: 'ALLOW' })
    await owner.sql(`update broadsheet.app_user set ${before} where id = $1`, [ada])
    await scheduling.takeDue()
    const rows = await schedules.ledger(id)
    expect(rows).toMatchObject([{ outcome: 'BLOCKED', report_id: null }, { outcome: 'BLOCKED' }])
    expect(rows[0]!.reason).toMatch(reason)
    expect(await reportsOf(id)).toEqual([])
    await owner.sql(`update broadsheet.app_user set removed_at = null, role = 'MEMBER' where id = $1`, [ada])
  })

  test('a type that is not here is left to those who have it for 10 s', async () => {
    const id = await make(1, { type: 'gone', nextSlotAt: new Date(Date.now() - 5_000) })
    expect((await scheduling.takeDue()).moved).toBe(0)
    await owner.sql(`update broadsheet.schedule set next_slot_at = now() - interval '11 seconds' where id = $1`, [id])
    expect((await scheduling.takeDue()).moved).toBe(1)
  })

  test('a type that is not here is left to others for 10 s from when its waiting slot was free to be asked for', async () => {
    const id = await make(2, { type: 'gone' })
    await owner.sql(
      `insert into broadsheet.schedule_slot (schedule_id, scheduled_for, tenant_id, outcome, at) values ($1, $2, 'default', 'WAITING', now() - interval '1 hour')`,
      [id, ago(10)],
    )
    const before = await make(1)
    await scheduling.takeDue()
    await owner.sql(
      `update broadsheet.report set schedule_id = $1, finished_at = now(), status = 'CANCELED' where schedule_id = $2`,
      [id, before],
    )
    expect((await scheduling.askWaiting()).moved).toBe(0)
    await owner.sql(`update broadsheet.report set finished_at = now() - interval '11 seconds' where schedule_id = $1`, [
      id,
    ])
    expect(await scheduling.askWaiting()).toMatchObject({ moved: 1, slots: [{ kind: 'SLOT', scheduleId: id }] })
  })

  test('a parameter that is quoted up to the middle of a character stops no later slot', async () => {
    const id = await make(1, { parameters: { from: `${'x'.repeat(59)}😀` } })
    await scheduling.takeDue()
    expect(await schedules.ledger(id)).toMatchObject([
      { outcome: 'BLOCKED', reason: expect.stringMatching(/not a date expression/) },
    ])
    expect(await owner.sql('select next_slot_at from broadsheet.schedule where id = $1', [id])).toEqual([
      { next_slot_at: ago(-10) },
    ])
  })

  test('one that waits and can not be written holds up no other', async () => {
    const [bad, good] = [
      await make(2, { title: 'Bad', overlapPolicy: 'QUEUE_ONE' }),
      await make(2, { overlapPolicy: 'QUEUE_ONE' }),
    ]
    await scheduling.takeDue()
    await Promise.all([bad, good].map((id) => schedules.end(id)))
    await owner.sql(`alter table broadsheet.report add constraint no_bad check (title <> 'Bad') not valid`)
    await scheduling.askWaiting()
    await owner.sql(`alter table broadsheet.report drop constraint no_bad`)
    expect(await outcomes(good)).toEqual(['REQUESTED', 'REQUESTED'])
    expect(await outcomes(bad)).toEqual(['REQUESTED', 'BLOCKED'])
  })

  test('one that can not be written holds up no other', async () => {
    const [bad, good] = [await make(1, { title: 'Bad' }), await make(1)]
    await owner.sql(`alter table broadsheet.report add constraint no_bad check (title <> 'Bad')`)
    await scheduling.takeDue()
    expect(await outcomes(good)).toEqual(['REQUESTED'])
    expect(await outcomes(bad)).toEqual(['BLOCKED'])
    expect(await owner.sql('select next_slot_at from broadsheet.schedule where id = $1', [bad])).toEqual([
      { next_slot_at: null },
    ])
    await owner.sql(`alter table broadsheet.report drop constraint no_bad`)
  })
})

describe('overlap', () => {
  test('SKIP: asked for again once the report has ended', async () => {
    const id = await make(2)
    await scheduling.takeDue()
    expect(await outcomes(id)).toEqual(['REQUESTED', 'SKIPPED_OVERLAP'])
    await schedules.end(id, 'FAILED')
    await owner.sql(`update broadsheet.schedule set slots_after = $2, next_slot_at = $2 where id = $1`, [id, ago(0)])
    await owner.sql(`update broadsheet.schedule set every = 'PT1S', next_slot_at = now() where id = $1`, [id])
    await scheduling.takeDue()
    expect((await outcomes(id))[2]).toBe('REQUESTED')
  })

  test('QUEUE_ONE: asked for when the one before has ended, and not before', async () => {
    const id = await make(3, { overlapPolicy: 'QUEUE_ONE' })
    await scheduling.takeDue()
    expect(await outcomes(id)).toEqual(['REQUESTED', 'SKIPPED_OVERLAP', 'WAITING'])
    expect((await scheduling.askWaiting()).moved).toBe(0)
    await schedules.end(id, 'CANCELED')
    expect((await scheduling.askWaiting()).changes).toHaveLength(1)
    expect(await outcomes(id)).toEqual(['REQUESTED', 'SKIPPED_OVERLAP', 'REQUESTED'])
    expect((await reportsOf(id)).map(({ scheduled_for }) => scheduled_for)).toEqual([ago(20), ago(0)])
    expect((await scheduling.askWaiting()).moved).toBe(0)
  })

  test('CANCEL_RUNNING: what waits is CANCELED, what runs CANCELING, and their audit says for what', async () => {
    const id = await make(1, { overlapPolicy: 'CANCEL_RUNNING' })
    await scheduling.takeDue()
    await owner.sql(
      `update broadsheet.schedule set every = 'PT1S', next_slot_at = now(), slots_after = now() - interval '1 second' where id = $1`,
      [id],
    )
    const { changes } = await scheduling.takeDue()
    expect(changes.map(({ kind, event }) => [kind, event.status])).toEqual([
      ['CREATED', 'QUEUED'],
      ['CHANGED', 'CANCELED'],
    ])
    expect((await reportsOf(id)).map(({ status }) => status)).toEqual(['CANCELED', 'QUEUED'])
    const [first] = await reportsOf(id)
    const [noted] = await owner.sql<{ detail: any }>(
      `select detail from broadsheet.report_audit where report_id = $1 and kind = 'CANCELED'`,
      [first!.id],
    )
    expect(noted!.detail).toMatchObject({ was: 'QUEUED', schedule: 'Plain things' })
  })

  test('a report that was asked for outside the cadence does not count', async () => {
    const id = await make(1)
    await scheduling.takeDue()
    await owner.sql(`update broadsheet.report set scheduled_for = null where schedule_id = $1`, [id])
    await owner.sql(
      `update broadsheet.schedule set every = 'PT1S', next_slot_at = now(), slots_after = now() - interval '1 second' where id = $1`,
      [id],
    )
    await scheduling.takeDue()
    expect((await outcomes(id)).at(-1)).toBe('REQUESTED')
  })
})

describe('after downtime', () => {
  test('slots are caught up one after another, oldest first, and older ones MISSED', async () => {
    await schedules.lookedSince(ago(-1))
    for (const overlapPolicy of ['SKIP', 'ALLOW', 'QUEUE_ONE', 'CANCEL_RUNNING']) {
      const id = await make(6, {
        overlapPolicy,
        catchUpWindow: `PT${Math.ceil((Date.now() - NOW) / 1_000) + 25 * 60}S`,
      })
      await scheduling.takeDue()
      expect(await outcomes(id)).toEqual(['MISSED', 'MISSED', 'MISSED', 'WAITING', 'WAITING', 'WAITING'])
      const asked: number[] = []
      for (const slot of [20, 10, 0]) {
        expect((await scheduling.askWaiting()).moved).toBe(1)
        expect((await scheduling.askWaiting()).moved).toBe(0)
        asked.push(slot)
        expect((await reportsOf(id)).map(({ scheduled_for }) => scheduled_for)).toEqual(asked.map(ago))
        await schedules.end(id)
      }
      expect(await outcomes(id)).toEqual(['MISSED', 'MISSED', 'MISSED', 'CAUGHT_UP', 'CAUGHT_UP', 'CAUGHT_UP'])
    }
  })

  test('a slot that is caught up late still means its own last week', async () => {
    const slot = new Date('2026-03-02T05:00:00Z')
    await schedules.lookedSince(ago(-1))
    const id = await make(1, {
      cron: '0 7 * * MON', timeZone: 'Europe/Vilnius', parameters: { from: '{{last_week_start}}', to: '{{last_week_end}}' },
      createdAt: new Date('2026-02-25T00:00:00Z'), slotsAfter: new Date('2026-02-25T00:00:00Z'), nextSlotAt: slot, catchUpWindow: 'P3650D',
    }) // prettier-ignore
    await scheduling.takeDue()
    await scheduling.askWaiting()
    expect(await reportsOf(id)).toMatchObject([
      { scheduled_for: slot, resolved_parameters: { from: '2026-02-23', to: '2026-03-01' } },
    ])
  })

  test('a long run of MISSED is one row that goes on growing, and is counted slot by slot', async () => {
    await owner.sql(`delete from broadsheet.tally`)
    await schedules.lookedSince(ago(-1))
    const id = await make(2_500, { catchUpWindow: 'PT0S', createdAt: ago(30_000) })
    while ((await scheduling.takeDue()).moved > 0) await countSlots(database)
    const rows = await schedules.ledger(id)
    expect(rows).toMatchObject([
      { slot: ago(24_990).toISOString(), until: ago(0).toISOString(), count: 2_500, outcome: 'MISSED' },
    ])
    await countSlots(database)
    expect(await owner.sql(`select label, value from broadsheet.tally where family = 'slots'`)).toEqual([
      { label: 'MISSED', value: 2_500 },
    ])
  })
})

describe('paused', () => {
  test('the hundred-and-first slot makes one row of the run', async () => {
    const id = await make(100, { paused: true })
    await scheduling.takeDue()
    expect(await schedules.ledger(id)).toHaveLength(100)
    await owner.sql(
      `update broadsheet.schedule set next_slot_at = now(), every = 'PT1S', slots_after = now() - interval '1 second' where id = $1`,
      [id],
    )
    await scheduling.takeDue()
    const [run, ...others] = await schedules.ledger(id)
    expect(others).toEqual([])
    expect(run).toMatchObject({ outcome: 'SKIPPED_PAUSED', slot: ago(990).toISOString() })
    expect(run!.count).toBeGreaterThan(100)
  })

  test('nothing that waits is asked for', async () => {
    const id = await make(2, { overlapPolicy: 'QUEUE_ONE' })
    await scheduling.takeDue()
    await schedules.end(id)
    await owner.sql(`update broadsheet.schedule set paused = true where id = $1`, [id])
    expect((await scheduling.askWaiting()).moved).toBe(0)
  })
})

describe('windows from last_slot to slot', () => {
  const windows = { parameters: { from: 'last_slot', to: 'slot' }, usesLastSlot: true } as const
  /** As a worker begins and ends the attempt; what it ran with. */
  async function run(id: string, status: 'SUCCEEDED' | 'FAILED'): Promise<[string, string]> {
    const workerId = uuid()
    const [report] = await owner.sql<{ id: string; resolved_parameters: object | null }>(
      `update broadsheet.report set status = 'RUNNING', attempt = attempt + 1, worker_id = $2, lease_expires_at = now() + interval '1 minute'
       where schedule_id = $1 and status = 'QUEUED' returning id, resolved_parameters`,
      [id, workerId],
    )
    expect(report!.resolved_parameters).toBeNull()
    const claimed = { id: report!.id, attempt: 1, timeZone: 'UTC' }
    const resolved = await resolveLastSlot(database, workerId, claimed, catalog.get('plain')!)
    expect(await resolveLastSlot(database, workerId, claimed, catalog.get('plain')!)).toEqual(resolved)
    expect(await resolveLastSlot(database, uuid(), claimed, catalog.get('plain')!)).toBeNull()
    await schedules.end(id, status)
    return [resolved!['from'], resolved!['to']].map((text) => new Date(text as string).toISOString()) as [
      string,
      string,
    ]
  }

  test('meet without gap or overlap, also over a failure, a skip and a slot caught up', async () => {
    const id = await make(60, { ...windows, createdAt: ago(600), catchUpWindow: 'P30D' })
    const until = (minutes: number) =>
      owner.sql(`update broadsheet.scheduler_look set in_time_from = $1`, [ago(minutes)])
    const seen: [string, string][] = []
    // One slot after the other: those before in_time_from are late, and wait for the one before.
    await until(0)
    await scheduling.takeDue()
    for (const status of ['SUCCEEDED', 'FAILED', 'SUCCEEDED', 'FAILED', 'FAILED', 'SUCCEEDED'] as const) {
      expect((await scheduling.askWaiting()).moved).toBe(1)
      const window = await run(id, status)
      if (status === 'SUCCEEDED') seen.push(window)
    }
    expect(seen).toEqual(
      [
        [ago(600), ago(590)],
        [ago(590), ago(570)],
        [ago(570), ago(540)],
      ].map((window) => window.map((moment) => moment!.toISOString())),
    )
    const [success] = await owner.sql('select last_slot from broadsheet.schedule_success where schedule_id = $1', [id])
    expect(success).toEqual({ last_slot: ago(540) })
  })

  test('lastSucceededSlot never moves back', async () => {
    const id = await make(2, { ...windows, overlapPolicy: 'ALLOW' })
    await scheduling.takeDue()
    const end = (slot: Date) =>
      owner.sql(`update broadsheet.report set status = 'SUCCEEDED', document = '{}' where scheduled_for = $1`, [slot])
    await end(ago(0))
    await end(ago(10))
    expect(await owner.sql('select last_slot from broadsheet.schedule_success where schedule_id = $1', [id])).toEqual([
      { last_slot: ago(0) },
    ])
  })

  test('without a schedule any more: what it meant when the schedule went', async () => {
    const id = await make(1, windows)
    await scheduling.takeDue()
    await owner.sql(`update broadsheet.report set last_slot = $2 where schedule_id = $1`, [id, ago(77)])
    await owner.sql('delete from broadsheet.schedule where id = $1', [id])
    expect((await run(id, 'SUCCEEDED'))[0]).toBe(ago(77).toISOString())
  })
})

describe('deliveries', () => {
  const target = (id: string, channel: string) =>
    owner.sql(
      `insert into broadsheet.delivery_target (tenant_id, schedule_id, channel, target, described, destination, takes_failures, position, created_by)
       values ('default', $1, $2, '{}', 'there', 'there', false, 0, $3)`,
      [id, channel, ada],
    )
  const lastSlot = async (id: string) =>
    (
      await owner.sql<{ last_slot: Date }>('select last_slot from broadsheet.schedule_success where schedule_id = $1', [
        id,
      ])
    )[0]!.last_slot
  const deliver = (id: string, status: string, most = 10) =>
    owner.sql(
      `update broadsheet.delivery set status = $2, due_at = null, delivered_at = case when $2 = 'SUCCEEDED' then now() end
       where id in (select d.id from broadsheet.delivery d join broadsheet.report r on r.id = d.report_id
         where r.schedule_id = $1 and d.status = 'PENDING' limit $3)`,
      [id, status, most],
    )

  test('each report has the targets of its schedule, asked for in time or late', async () => {
    const id = await make(2, { overlapPolicy: 'QUEUE_ONE' })
    await target(id, 'WEBHOOK')
    await scheduling.takeDue()
    await schedules.end(id)
    await scheduling.askWaiting()
    const rows = await owner.sql(
      `select r.scheduled_for, t.channel, t.created_by from broadsheet.report r join broadsheet.delivery_target t on t.report_id = r.id
       where r.schedule_id = $1 order by 1`,
      [id],
    )
    expect(rows).toEqual(
      [10, 0].map((minutes) => ({ scheduled_for: ago(minutes), channel: 'WEBHOOK', created_by: ada })),
    )
    expect(await lastSlot(id)).toEqual(ago(10))
  })

  test('into a warehouse: the slot has succeeded when all have arrived, and until then no window is asked for behind it', async () => {
    const id = await make(2, {
      overlapPolicy: 'QUEUE_ONE',
      parameters: { from: 'last_slot', to: 'slot' },
      usesLastSlot: true,
    })
    const before = await lastSlot(id)
    await target(id, 'WAREHOUSE')
    await target(id, 'WAREHOUSE')
    await scheduling.takeDue()
    await schedules.end(id)
    expect(await lastSlot(id)).toEqual(before)
    expect((await scheduling.askWaiting()).moved).toBe(0)
    await deliver(id, 'SUCCEEDED', 1)
    expect(await lastSlot(id)).toEqual(before)
    expect((await scheduling.askWaiting()).moved).toBe(0)
    await deliver(id, 'SUCCEEDED')
    expect(await lastSlot(id)).toEqual(ago(10))
    expect((await scheduling.askWaiting()).moved).toBe(1)
  })

  test('into a warehouse that failed for good: the next window begins where the last one that arrived had ended', async () => {
    const id = await make(2, {
      overlapPolicy: 'QUEUE_ONE',
      parameters: { from: 'last_slot', to: 'slot' },
      usesLastSlot: true,
    })
    const before = await lastSlot(id)
    await target(id, 'WAREHOUSE')
    await scheduling.takeDue()
    await schedules.end(id)
    await deliver(id, 'FAILED')
    expect((await scheduling.askWaiting()).moved).toBe(1)
    expect(await lastSlot(id)).toEqual(before)
  })
})

describe('QUEUE_MAX', () => {
  test('holds a slot back until fewer wait, and blocks it when it is older than catchUpWindow', async () => {
    const limited = createScheduling({ database, catalog, queueLimit: createQueueLimit(1), log })
    const ids = [await make(1, { nextSlotAt: ago(1) }), await make(1), await make(1, { catchUpWindow: 'PT0S' })]
    await limited.takeDue()
    const all = (await Promise.all(ids.map(outcomes))).flat()
    expect(all).toEqual(['REQUESTED', 'WAITING', 'BLOCKED'])
    expect((await limited.askWaiting()).moved).toBe(0)
    const waiting = ids[1]!
    await Promise.all(ids.map((id) => schedules.end(id)))
    // A count that took long goes on for a while.
    await until(async () => (await limited.askWaiting()).moved === 1)
    expect(await outcomes(waiting)).toEqual(['CAUGHT_UP'])
    await owner.sql(
      `update broadsheet.schedule_slot set outcome = 'WAITING', report_id = null, scheduled_for = now() - interval '2 hours' where schedule_id = $1`,
      [waiting],
    )
    await owner.sql(`update broadsheet.report set schedule_id = null where schedule_id = $1`, [waiting])
    await limited.askWaiting()
    expect(await outcomes(waiting)).toEqual(['BLOCKED'])
  })
})

test.each(['+PT1H', '-PT0S'])(
  'a catchUpWindow of %s is nothing that others stumble over while as many wait as may',
  async (catchUpWindow) => {
    const limited = createScheduling({ database, catalog, queueLimit: createQueueLimit(1), log })
    const [signed, other] = [
      await make(2, { overlapPolicy: 'QUEUE_ONE' }),
      await make(2, { overlapPolicy: 'QUEUE_ONE' }),
    ]
    await scheduling.takeDue()
    await schedules.end(other)
    await owner.sql(`update broadsheet.schedule set catch_up_window = $2 where id = $1`, [signed, catchUpWindow])
    await owner.sql(`update broadsheet.schedule set catch_up_window = 'PT0S' where id = $1`, [other])
    await limited.askWaiting()
    expect(await outcomes(other)).toEqual(['REQUESTED', 'BLOCKED'])
  },
)

test('old slots go with ROW_RETENTION, but not what waits', async () => {
  const id = await make(2, { overlapPolicy: 'QUEUE_ONE' })
  await scheduling.takeDue()
  await owner.sql(`update broadsheet.schedule_slot set at = now() - interval '91 days'`)
  await purgeOldRows(database, 90 * 24 * HOUR)
  expect(await outcomes(id)).toEqual(['WAITING'])
})
