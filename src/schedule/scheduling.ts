import { runIn, type Database, type EntityManager } from '../db/orm.ts'
import { Unavailable } from '../errors.ts'
import type { Log } from '../log.ts'
import type { ChangeKind, ProgressEvent } from '../progress/event.ts'
import type { ScheduleChange } from '../progress/schedule-change.ts'
import { copyAllTargets } from '../delivery/kept-targets.ts'
import type { QueueLimit } from '../claim/queue-limit.ts'
import { insertAll, type Accepted } from '../report/accept.ts'
import { cancelForSlot } from '../report/cancel.ts'
import { progressOf, type ProgressRow } from '../report/progress-row.ts'
import type { Catalog } from '../report-type/catalog.ts'
import { NO_TRACER, type Span, type Tracer } from '../tracing/tracer.ts'
import { createSlotAsking } from './asking.ts'
import { decide, STILL_FULL_REASON, type Turn } from './due.ts'
import { durationMilliseconds } from './duration.ts'
import { settleWaiting, writeTurns, type Entry, type SettledSlot } from './ledger.ts'
import { reckoningOf } from './reckoning.ts'
import { lockDue, lockWaiting, readDue, readWaiting, type Due } from './standing.ts'
import { changeOf } from './tell.ts'

/** Schedules that one transaction takes. */
export const BATCH = 100
/** SQLSTATEs of what stays wrong however often it is tried: values that the database does not take. */
const STAYS_WRONG = /^2[23]/

export interface Change {
  readonly kind: ChangeKind
  readonly event: ProgressEvent
}

/** What a step came to: how many schedules it moved on, and what is to be told now that it is committed. */
export interface Step {
  readonly moved: number
  readonly changes: readonly Change[]
  /** Of the schedules whose slots have come or were settled. */
  readonly slots: readonly ScheduleChange[]
  /** Of the reports that were asked for: they end when the step is committed. */
  readonly spans?: readonly Span[]
}

const NOTHING: Step = { moved: 0, changes: [], slots: [] }

interface Dependencies {
  database: Database
  catalog: Catalog
  queueLimit: QueueLimit
  tracer?: Tracer
  log: Log
}

/**
 * Asks for what schedules are due. Any number of processes may do it at once: each step locks what it takes and passes over
 * what others have, and the slot's row, the report and the schedule's next slot are committed together or not at all.
 */
export function createScheduling({ database, catalog, queueLimit, tracer = NO_TRACER, log }: Dependencies) {
  /** The types that can be asked for here; what others lack is theirs for a while. */
  const types = () =>
    catalog
      .all()
      .filter(({ unavailableReason }) => unavailableReason === null)
      .map(({ name }) => name)

  async function step(work: (em: EntityManager) => Promise<Step>): Promise<Step> {
    const done = await database.transaction(async (em) => {
      // Whoever freezes with schedules in hand holds them up no longer than this.
      await em.execute(`select set_config('idle_in_transaction_session_timeout', '5000', true)`)
      return work(em)
    })
    for (const span of done.spans ?? []) span.end()
    return done
  }

  async function take(em: EntityManager, ids: readonly string[]): Promise<Step> {
    if (ids.length === 0) return NOTHING
    const { moment, dues } = await readDue(em, ids)
    const room = await queueLimit.room(em)
    const asking = createSlotAsking({ catalog, now: new Date(moment.now), room, tracer, log })
    const entries = dues.map((due): Entry => {
      const { schedule, owner, standing } = due
      const turn = turnOf(due, () =>
        decide(standing, moment, reckoningOf(schedule), (slot) => asking.ask(schedule, owner, slot)),
      )
      for (const { slot, outcome, reason } of turn.rows)
        if (outcome === 'BLOCKED')
          log.error(
            { scheduleId: schedule.id, title: schedule.title, slot: new Date(slot).toISOString(), reason },
            'a slot is blocked',
          )
      return { scheduleId: schedule.id, tenantId: schedule.tenantId, turn }
    })
    const { fresh, at } = await writeTurns(em, entries)
    const accepted = [...asking.accepted.values()].filter(({ id }) => fresh.has(id))
    const reports = await insertWithTargets(em, accepted)
    const changes: Change[] = reports.map((report) => ({ kind: 'CREATED', event: progressOf(report) }))
    for (const [index, { turn }] of entries.entries()) {
      if (turn.cancelsFor === null) continue
      const { schedule, cancelable } = dues[index]!
      const detail = { schedule: schedule.title, slot: new Date(turn.cancelsFor).toISOString() }
      for (const event of await cancelForSlot(em, cancelable, detail)) changes.push({ kind: 'CHANGED', event })
    }
    const slots = dues.map(({ schedule }) => changeOf('SLOT', schedule, at))
    return { moved: entries.length, changes, slots, spans: accepted.map(({ span }) => span) }
  }

  /** The reports, and with each the targets that its schedule has by now. */
  async function insertWithTargets(em: EntityManager, accepted: readonly Accepted[]): Promise<ProgressRow[]> {
    const reports = await insertAll(runIn(em), accepted)
    await copyAllTargets(
      em,
      accepted.map(({ id, row }) => ({ id, scheduleId: row.scheduleId })),
    )
    queueLimit.added(reports.length)
    return reports
  }

  /** A cadence that can't be reckoned any more ends here, and says so. */
  function turnOf({ schedule, standing }: Due, work: () => Turn): Turn {
    try {
      return work()
    } catch (error) {
      log.error({ err: error, scheduleId: schedule.id }, 'the slots of a schedule can not be reckoned')
      return blockedTurn(schedule.nextSlotAt!.getTime(), standing.slotsAfter)
    }
  }

  /** One that the database does not take must not hold up the others: each is taken by itself, and such a one set aside. */
  async function oneByOne(
    ids: readonly string[],
    takeOne: (em: EntityManager, id: string) => Promise<Step>,
    setAside: (em: EntityManager, id: string) => Promise<number>,
  ): Promise<Step> {
    const changes: Change[] = []
    const slots: ScheduleChange[] = []
    let moved = 0
    for (const id of ids) {
      try {
        const one = await step((em) => takeOne(em, id))
        changes.push(...one.changes)
        slots.push(...one.slots)
        moved += one.moved
      } catch (error) {
        if (error instanceof Unavailable) throw error
        log.error({ err: error, scheduleId: id }, 'the slots of a schedule can not be written')
        if (STAYS_WRONG.test(String((error as { code?: unknown }).code)))
          moved += await database.transaction((em) => setAside(em, id))
      }
    }
    return { moved, changes, slots }
  }

  async function setDueAside(em: EntityManager, id: string): Promise<number> {
    const { dues } = await readDue(em, await lockDue(em, { types: null, most: 1, id }))
    const entries = dues.map(({ schedule, standing }) => ({
      scheduleId: schedule.id,
      tenantId: schedule.tenantId,
      turn: blockedTurn(schedule.nextSlotAt!.getTime(), standing.slotsAfter),
    }))
    if (entries.length > 0) await writeTurns(em, entries)
    return entries.length
  }

  async function setWaitingAside(em: EntityManager, id: string): Promise<number> {
    const { waitings } = await readWaiting(em, await lockWaiting(em, { types: null, most: 1, full: false, id }))
    const entries = waitings.map(({ schedule, slot }) => blocked(schedule.id, slot, NOT_WRITTEN))
    return (await settleWaiting(em, entries)).written.size
  }

  async function askThese(em: EntityManager, ids: readonly string[], room: number): Promise<Step> {
    if (ids.length === 0) return NOTHING
    const { now, waitings } = await readWaiting(em, ids)
    const asking = createSlotAsking({ catalog, now: new Date(now), room, tracer, log })
    const settled = waitings.flatMap(({ schedule, owner, slot, late }): SettledSlot[] => {
      const answer = asking.ask(schedule, owner, slot)
      if (answer.kind === 'ACCEPTED') {
        const outcome = late ? 'CAUGHT_UP' : 'REQUESTED'
        return [{ schedule_id: schedule.id, slot: iso(slot), outcome, reason: null, report_id: answer.reportId }]
      }
      if (answer.kind === 'FULL' && slot >= now - durationMilliseconds(schedule.catchUpWindow)) return []
      const reason = answer.kind === 'FULL' ? STILL_FULL_REASON : answer.reason
      log.error({ scheduleId: schedule.id, title: schedule.title, slot: iso(slot), reason }, 'a slot is blocked')
      return [blocked(schedule.id, slot, reason)]
    })
    const { written, at } = await settleWaiting(em, settled)
    const accepted = [...asking.accepted.values()].filter(({ id }) => written.has(id))
    const reports = await insertWithTargets(em, accepted)
    return {
      moved: written.size,
      changes: reports.map((report) => ({ kind: 'CREATED', event: progressOf(report) })),
      slots: waitings.flatMap(({ schedule }) => {
        const settledAt = at.get(schedule.id)
        return settledAt ? [changeOf('SLOT', schedule, settledAt)] : []
      }),
      spans: accepted.map(({ span }) => span),
    }
  }

  return {
    /** Takes up to BATCH schedules with slots that have come. Rejects with Unavailable when Postgres is away. */
    async takeDue(): Promise<Step> {
      let ids: string[] = []
      try {
        return await step(async (em) => take(em, (ids = await lockDue(em, { types: types(), most: BATCH, id: null }))))
      } catch (error) {
        if (error instanceof Unavailable || ids.length === 0) throw error
        log.warn({ err: error, schedules: ids.length }, 'due schedules are taken one by one')
        const takeOne = async (em: EntityManager, id: string) =>
          take(em, await lockDue(em, { types: null, most: 1, id }))
        return oneByOne(ids, takeOne, setDueAside)
      }
    },

    /** Asks for the oldest waiting slot of up to BATCH schedules of which nothing runs any more that it waits for. */
    async askWaiting(): Promise<Step> {
      let ids: string[] = []
      try {
        return await step(async (em) => {
          const room = await queueLimit.room(em)
          ids = await lockWaiting(em, { types: types(), most: BATCH, full: room === 0, id: null })
          return askThese(em, ids, room)
        })
      } catch (error) {
        if (error instanceof Unavailable || ids.length === 0) throw error
        log.warn({ err: error, schedules: ids.length }, 'waiting slots are asked for one by one')
        const askOne = async (em: EntityManager, id: string) => {
          const room = await queueLimit.room(em)
          return askThese(em, await lockWaiting(em, { types: null, most: 1, full: room === 0, id }), room)
        }
        return oneByOne(ids, askOne, setWaitingAside)
      }
    },
  }
}

export type Scheduling = ReturnType<typeof createScheduling>

const iso = (moment: number) => new Date(moment).toISOString()

function blocked(scheduleId: string, slot: number, reason: string): SettledSlot {
  return { schedule_id: scheduleId, slot: iso(slot), outcome: 'BLOCKED', reason, report_id: null }
}

const NOT_WRITTEN = 'It could not be written; the log of the worker says why.'

/** A schedule that no turn can be written for: its slot says so, and none comes after it until somebody changes it. */
function blockedTurn(slot: number, slotsAfter: number): Turn {
  const reason = 'Its slots could not be written; the log of the worker says why. Change its cadence, or make it anew.'
  return {
    rows: [{ slot, outcome: 'BLOCKED', reason, reportId: null, late: false }],
    long: [],
    replaced: null,
    cancelsFor: null,
    slotsAfter: Math.max(slot, slotsAfter),
    nextSlotAt: null,
    run: null,
  }
}
