import type { EntityManager } from '../db/orm.ts'
import { REPLACED_REASON, type Turn } from './due.ts'

/** One schedule's turn, to be written. */
export interface Entry {
  readonly scheduleId: string
  readonly tenantId: string
  readonly turn: Turn
}

const iso = (moment: number | null) => (moment === null ? null : new Date(moment).toISOString())

/** Rows of slots. One that is there already stays as it is: its report was asked for before. */
const WRITE_ROWS = `
insert into broadsheet.schedule_slot (schedule_id, scheduled_for, tenant_id, outcome, reason, report_id, late)
select schedule_id, scheduled_for, tenant_id, outcome, reason, report_id, late
from jsonb_to_recordset(?::jsonb) as r (schedule_id uuid, scheduled_for timestamptz, tenant_id text, outcome text, reason text,
  report_id uuid, late boolean)
on conflict do nothing returning report_id`

/** A long run takes the place of the rows that it was made of, and of what they have been counted for. */
const WRITE_LONG = `
with long as (
  select * from jsonb_to_recordset(?::jsonb) as r (schedule_id uuid, tenant_id text, since timestamptz, until timestamptz, outcome text,
    reason text, count int)
), gone as (
  delete from broadsheet.schedule_slot s using long
  where s.schedule_id = long.schedule_id and s.scheduled_for > long.since and s.scheduled_for <= long.until
  returning s.schedule_id, s.counted
)
insert into broadsheet.schedule_slot as kept (schedule_id, scheduled_for, tenant_id, outcome, reason, late, count, until, counted)
select schedule_id, since, tenant_id, outcome, reason, outcome = 'MISSED', count, until,
  coalesce((select sum(counted) from gone where gone.schedule_id = long.schedule_id), 0)
from long
on conflict (schedule_id, scheduled_for) do update set count = excluded.count, until = excluded.until, reason = excluded.reason,
  at = clock_timestamp(), counted = kept.counted + excluded.counted`

const WRITE_REPLACED = `
update broadsheet.schedule_slot s set outcome = 'SKIPPED_OVERLAP', reason = ?, at = clock_timestamp()
from jsonb_to_recordset(?::jsonb) as r (schedule_id uuid, slot timestamptz)
where s.schedule_id = r.schedule_id and s.scheduled_for = r.slot and s.outcome = 'WAITING'`

const MOVE_ON = `
update broadsheet.schedule s set slots_after = r.slots_after, next_slot_at = r.next_slot_at, run_outcome = r.run_outcome,
  run_from = r.run_from, run_count = coalesce(r.run_count, 0)
from jsonb_to_recordset(?::jsonb) as r (id uuid, slots_after timestamptz, next_slot_at timestamptz, run_outcome text,
  run_from timestamptz, run_count int)
where s.id = r.id returning clock_timestamp()::timestamptz(3) as at`

/**
 * Writes what has become of slots, and from where each schedule goes on, in the transaction that holds the schedules. Resolves
 * to the ids of the reports whose slots are new (only they may be inserted), and to a moment that none of the rows is younger than.
 */
export async function writeTurns(
  em: EntityManager,
  entries: readonly Entry[],
): Promise<{ fresh: Set<string>; at: Date }> {
  const rows = entries.flatMap(({ scheduleId, tenantId, turn }) =>
    turn.rows.map(({ slot, outcome, reason, reportId, late }) => ({
      schedule_id: scheduleId,
      tenant_id: tenantId,
      scheduled_for: iso(slot),
      outcome,
      reason,
      report_id: reportId,
      late,
    })),
  )
  const long = entries.flatMap(({ scheduleId, tenantId, turn }) =>
    turn.long.map(({ from, until, outcome, reason, count }) => ({
      schedule_id: scheduleId,
      tenant_id: tenantId,
      since: iso(from),
      until: iso(until),
      outcome,
      reason,
      count,
    })),
  )
  const replaced = entries.flatMap(({ scheduleId, turn }) =>
    turn.replaced === null ? [] : [{ schedule_id: scheduleId, slot: iso(turn.replaced) }],
  )
  const written =
    rows.length === 0 ? [] : await em.execute<{ report_id: string | null }[]>(WRITE_ROWS, [JSON.stringify(rows)])
  if (long.length > 0) await em.execute(WRITE_LONG, [JSON.stringify(long)])
  if (replaced.length > 0) await em.execute(WRITE_REPLACED, [REPLACED_REASON, JSON.stringify(replaced)])
  const moved = await em.execute<{ at: string | Date }[]>(MOVE_ON, [
    JSON.stringify(
      entries.map(({ scheduleId, turn: { slotsAfter, nextSlotAt, run } }) => ({
        id: scheduleId,
        slots_after: iso(slotsAfter),
        next_slot_at: iso(nextSlotAt),
        run_outcome: run?.outcome ?? null,
        run_from: iso(run?.from ?? null),
        run_count: run?.count ?? 0,
      })),
    ),
  ])
  return {
    fresh: new Set(written.flatMap(({ report_id }) => (report_id === null ? [] : [report_id]))),
    at: new Date(moved.at(-1)?.at ?? 0),
  }
}

/** What has become of a slot that waited, as SETTLE_WAITING takes it. */
export interface SettledSlot {
  readonly schedule_id: string
  readonly slot: string
  readonly outcome: 'REQUESTED' | 'CAUGHT_UP' | 'BLOCKED'
  readonly reason: string | null
  readonly report_id: string | null
}

const SETTLE_WAITING = `
update broadsheet.schedule_slot s set outcome = r.outcome, reason = r.reason, report_id = r.report_id, at = clock_timestamp()
from jsonb_to_recordset(?::jsonb) as r (schedule_id uuid, slot timestamptz, outcome text, reason text, report_id uuid)
where s.schedule_id = r.schedule_id and s.scheduled_for = r.slot and s.outcome = 'WAITING'
returning s.schedule_id, s.report_id, s.at`

/**
 * Writes what has become of slots that waited, in the transaction that holds their schedules. Resolves to what was written:
 * the id of the report that is to be inserted, or else that of the schedule whose slot is blocked; and when, for each schedule.
 */
export async function settleWaiting(
  em: EntityManager,
  settled: readonly SettledSlot[],
): Promise<{ written: Set<string>; at: Map<string, Date> }> {
  if (settled.length === 0) return { written: new Set(), at: new Map() }
  const rows = await em.execute<{ schedule_id: string; report_id: string | null; at: string | Date }[]>(
    SETTLE_WAITING,
    [JSON.stringify(settled)],
  )
  return {
    written: new Set(rows.map(({ schedule_id, report_id }) => report_id ?? schedule_id)),
    at: new Map(rows.map(({ schedule_id, at }) => [schedule_id, new Date(at)])),
  }
}
