import type { EntityManager } from '../db/orm.ts'
import type { Role } from '../identity/viewer.ts'
import type { Owner } from './owner.ts'
import { Schedule } from './schedule.entity.ts'

/** What a new schedule begins with; the rest are the table's defaults. */
export type NewSchedule = Omit<Schedule, 'pausedUntil' | 'runOutcome' | 'runFrom' | 'runCount'>

const COLUMNS = `id, tenant_id, created_by, title, type_name, parameters, uploads, uses_last_slot, cron, every, at, time_zone, overlap_policy,
  catch_up_window, priority, format, compression, csv_dialect, visibility, tags, paused, slots_after, next_slot_at, created_at, updated_at`

/** The schedule, and what last_slot means as long as no slot has succeeded: the moment it was made. */
export async function insertSchedule(em: EntityManager, schedule: NewSchedule): Promise<Schedule> {
  const row = Object.fromEntries(
    Object.entries(schedule).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
  await em.execute(
    `insert into broadsheet.schedule (${COLUMNS}) select ${COLUMNS} from jsonb_populate_record(null::broadsheet.schedule, ?::jsonb)`,
    [JSON.stringify(row)],
  )
  await em.execute(
    `insert into broadsheet.schedule_success (schedule_id, tenant_id, last_slot) values (?, ?, ?::timestamptz)`,
    [schedule.id, schedule.tenantId, schedule.createdAt.toISOString()],
  )
  return em.findOneOrFail(Schedule, { id: schedule.id }, { disableIdentityMap: true })
}

/** The database's clock, to the millisecond that columns keep. */
export async function clock(em: EntityManager): Promise<Date> {
  const [row] = await em.execute<{ now: string }[]>(`select clock_timestamp()::timestamptz(3) as now`)
  return new Date(row!.now)
}

/** Who made it, as the row of that person says now. */
export async function ownerIn(em: EntityManager, { createdBy, tenantId }: Schedule): Promise<Owner> {
  const [row] = await em.execute<{ name: string; role: Role; removed: boolean }[]>(
    `select name, role, removed_at is not null as removed from broadsheet.app_user where id = ?`,
    [createdBy],
  )
  return { id: createdBy, tenantId, ...row! }
}

/** What waits is not asked for any more. */
export async function pauseSlots(em: EntityManager, scheduleId: string): Promise<void> {
  await em.execute(
    `update broadsheet.schedule_slot set outcome = 'SKIPPED_PAUSED', reason = 'The schedule was paused while it waited.',
       at = clock_timestamp() where schedule_id = ? and outcome = 'WAITING'`,
    [scheduleId],
  )
}

/** Reports that have not started yet keep what last_slot means now: the schedule is about to go. */
export async function freezeLastSlot(em: EntityManager, scheduleId: string): Promise<void> {
  await em.execute(
    `update broadsheet.report r set last_slot = s.last_slot from broadsheet.schedule_success s
     where s.schedule_id = ? and r.schedule_id = s.schedule_id and r.resolved_parameters is null and r.last_slot is null
       and r.status in ('QUEUED', 'RUNNING')`,
    [scheduleId],
  )
}
