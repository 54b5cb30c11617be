import type { EntityManager } from '../db/orm.ts'
import type { Role } from '../identity/viewer.ts'
import type { Moment, Standing } from './due.ts'
import { durationMilliseconds } from './duration.ts'
import type { Owner } from './owner.ts'
import type { Schedule } from './schedule.entity.ts'

/** How long a schedule of a type that can't be asked for here is left to those who have it. */
const LEFT_TO_OTHERS = `interval '10 seconds'`

/** Where the report of a slot is not finished. `r` is the report. */
const OPEN = `r.scheduled_for is not null and r.status in ('QUEUED', 'RUNNING', 'CANCELING')`
/** Or where what it brought, from the last slot on, is still on its way into a warehouse: the next window begins behind it. */
const ARRIVING = `s.uses_last_slot and exists (select from broadsheet.schedule_success ss join broadsheet.report r on r.schedule_id = ss.schedule_id
    and r.scheduled_for > ss.last_slot and r.status in ('SUCCEEDED', 'EXPIRED') join broadsheet.delivery d on d.report_id = r.id
  where ss.schedule_id = s.id and d.channel = 'WAREHOUSE' and d.status = 'PENDING')`
const LATE = `exists (select from broadsheet.schedule_slot l where l.schedule_id = r.schedule_id and l.scheduled_for = r.scheduled_for and l.late)`

/** A schedule with slots that have come, locked. */
export interface Due {
  readonly schedule: Schedule
  readonly owner: Owner
  readonly standing: Standing
  /** Reports that CANCEL_RUNNING cancels: unfinished, and asked for by slots that came in time. */
  readonly cancelable: readonly string[]
}

/** Ids of due schedules, the longest due first, locked until the transaction ends; what others hold is passed over. */
export async function lockDue(
  em: EntityManager,
  { types, most, id }: { types: readonly string[] | null; most: number; id: string | null },
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select id from broadsheet.schedule where next_slot_at <= statement_timestamp() and id = coalesce(?::uuid, id)
       and (?::text[] is null or type_name = any(?::text[]) or next_slot_at <= statement_timestamp() - ${LEFT_TO_OTHERS})
     order by next_slot_at limit ? for update skip locked`,
    [id, types && list(types), types && list(types), most],
  )
  return rows.map((row) => row.id)
}

/** What is known of these schedules: a statement of its own, so that it sees what was committed before they were locked. */
export async function readDue(em: EntityManager, ids: readonly string[]): Promise<{ moment: Moment; dues: Due[] }> {
  const rows = await em.execute<DueRow[]>(
    `select s.*, ${OWNER}, open.cancelable, open.unfinished, waiting.slot as waiting, waiting.late as catching_up, ${NOW} as now,
       (select extract(epoch from in_time_from) * 1000 from broadsheet.scheduler_look)::float8 as late_until
     from broadsheet.schedule s join broadsheet.app_user u on u.id = s.created_by
     cross join lateral (
       select count(*) > 0 or (${ARRIVING}) as unfinished, coalesce(jsonb_agg(r.id) filter (where not ${LATE}), '[]') as cancelable
       from broadsheet.report r where r.schedule_id = s.id and ${OPEN}) open
     cross join lateral (
       select max(scheduled_for) filter (where not w.late) as slot, count(*) filter (where w.late)::int as late
       from broadsheet.schedule_slot w where w.schedule_id = s.id and w.outcome = 'WAITING') waiting
     where s.id = any(?::uuid[]) order by s.next_slot_at`,
    [list(ids)],
  )
  const [first] = rows
  return {
    moment: { now: Math.floor(first?.now ?? 0), lateUntil: first?.late_until ?? 0 },
    dues: rows.map((row) => {
      const schedule = scheduleOf(row)
      return { schedule, owner: ownerOf(row), standing: standingOf(schedule, row), cancelable: row.cancelable }
    }),
  }
}

/** A schedule with its oldest waiting slot, locked. */
export interface Waiting {
  readonly schedule: Schedule
  readonly owner: Owner
  readonly slot: number
  readonly late: boolean
}

/**
 * Where the report before has ended. Under ALLOW and CANCEL_RUNNING, which run several at once, what is caught up waits for
 * what is caught up alone.
 */
const NOTHING_BEFORE = `not exists (select from broadsheet.report r where r.schedule_id = s.id and ${OPEN}
  and (s.overlap_policy in ('SKIP', 'QUEUE_ONE') or ${LATE})) and not (${ARRIVING})`

/** Whether a slot waits, and has been free to be asked for, so long that nobody who has its type takes it. */
const LEFT_ALONE = `exists (select from broadsheet.schedule_slot w where w.schedule_id = s.id
  and w.outcome = 'WAITING' and w.at <= statement_timestamp() - ${LEFT_TO_OTHERS})
  and not exists (select from broadsheet.report r where r.schedule_id = s.id and r.finished_at > statement_timestamp() - ${LEFT_TO_OTHERS})`
/** As durationMilliseconds reads it: a sign that says nothing ("+P1D", "-PT0S") is none that Postgres knows. */
const CATCH_UP_WINDOW = `ltrim(s.catch_up_window, '+-')::interval`

/** Ids of schedules with a waiting slot that may be asked for now, locked. `full`: only those that have waited too long. */
export async function lockWaiting(
  em: EntityManager,
  { types, most, full, id }: { types: readonly string[] | null; most: number; full: boolean; id: string | null },
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select s.id from broadsheet.schedule s
     where s.id in (select w.schedule_id from broadsheet.schedule_slot w where w.outcome = 'WAITING'
         and (not ? or w.scheduled_for < statement_timestamp() - ${CATCH_UP_WINDOW}))
       and s.id = coalesce(?::uuid, s.id) and not s.paused and ${NOTHING_BEFORE}
       and (?::text[] is null or s.type_name = any(?::text[]) or ${LEFT_ALONE})
     limit ? for update of s skip locked`,
    [full, id, types && list(types), types && list(types), most],
  )
  return rows.map((row) => row.id)
}

/** The oldest waiting slot of each of these, where nothing runs before it. */
export async function readWaiting(
  em: EntityManager,
  ids: readonly string[],
): Promise<{ now: number; waitings: Waiting[] }> {
  const rows = await em.execute<WaitingRow[]>(
    `select s.*, ${OWNER}, ${NOW} as now, extract(epoch from w.scheduled_for)::float8 * 1000 as slot, w.late
     from broadsheet.schedule s join broadsheet.app_user u on u.id = s.created_by
     cross join lateral (select scheduled_for, late from broadsheet.schedule_slot w
       where w.schedule_id = s.id and w.outcome = 'WAITING' order by scheduled_for limit 1) w
     where s.id = any(?::uuid[]) and ${NOTHING_BEFORE} order by w.scheduled_for`,
    [list(ids)],
  )
  return {
    now: Math.floor(rows[0]?.now ?? 0),
    waitings: rows.map((row) => ({
      schedule: scheduleOf(row),
      owner: ownerOf(row),
      slot: Math.round(row.slot),
      late: row.late,
    })),
  }
}

const OWNER = `u.name as owner_name, u.role as owner_role, u.removed_at is not null as owner_removed`
const NOW = `extract(epoch from statement_timestamp())::float8 * 1000`

interface OwnerRow {
  created_by: string
  tenant_id: string
  owner_name: string
  owner_role: Role
  owner_removed: boolean
  now: number
}
interface DueRow extends OwnerRow {
  cancelable: string[]
  unfinished: boolean
  waiting: string | Date | null
  catching_up: number
  late_until: number
}
interface WaitingRow extends OwnerRow {
  slot: number
  late: boolean
}

const MOMENTS = ['at', 'pausedUntil', 'slotsAfter', 'nextSlotAt', 'runFrom', 'createdAt', 'updatedAt']

/** The schedule of a row, with no tracking behind it: a hundred of them are read and none is changed here. */
function scheduleOf(row: object): Schedule {
  const entries = Object.entries(row).map(([column, value]) => {
    const name = column.replaceAll(/_[a-z]/g, (letter) => letter[1]!.toUpperCase())
    return [name, MOMENTS.includes(name) && value !== null ? new Date(value as string) : value]
  })
  return Object.fromEntries(entries) as Schedule
}

function ownerOf(row: Omit<OwnerRow, 'now'>): Owner {
  return {
    id: row.created_by,
    tenantId: row.tenant_id,
    name: row.owner_name,
    role: row.owner_role,
    removed: row.owner_removed,
  }
}

function standingOf(schedule: Schedule, row: DueRow): Standing {
  const { runOutcome, runFrom, runCount } = schedule
  return {
    paused: schedule.paused,
    pausedUntil: schedule.pausedUntil?.getTime() ?? null,
    overlapPolicy: schedule.overlapPolicy,
    catchUpWindow: durationMilliseconds(schedule.catchUpWindow),
    slotsAfter: schedule.slotsAfter.getTime(),
    unfinished: row.unfinished,
    waiting: row.waiting === null ? null : new Date(row.waiting).getTime(),
    catchingUp: row.catching_up,
    run: runOutcome && runFrom ? { outcome: runOutcome, from: runFrom.getTime(), count: runCount } : null,
  }
}

function list(values: readonly string[]): string {
  return `{${values.join(',')}}`
}
