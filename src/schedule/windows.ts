import type { EntityManager } from '../db/orm.ts'
import type { Report } from '../report/report.entity.ts'

export const WINDOW_TAKEN =
  'A later slot of its schedule has brought what this one would bring, or is about to: its window begins where the last good one ended.'

/**
 * Whether what a report on last_slot would bring is brought by another one of its schedule: a later one has succeeded since its
 * window began, or one is on its way. To carry it out again would bring the same rows twice. Holds the schedule until the
 * transaction ends, so that no slot asks in between.
 */
export async function isWindowTaken(
  em: EntityManager,
  { id, scheduleId, scheduledFor, lastSlot, resolvedParameters }: Report,
): Promise<boolean> {
  const windowed = lastSlot != null || resolvedParameters == null
  if (!scheduleId || !scheduledFor || !windowed) return false
  await em.execute('select from broadsheet.schedule where id = ? for update', [scheduleId])
  const [row] = await em.execute<{ taken: boolean }[]>(
    `select s.last_slot > coalesce(?::timestamptz, s.last_slot) or s.last_slot >= ?::timestamptz
       or exists (select from broadsheet.report r where r.schedule_id = s.schedule_id and r.id <> ? and r.scheduled_for is not null
         and r.status in ('QUEUED', 'RUNNING', 'CANCELING'))
       or exists (select from broadsheet.report r join broadsheet.delivery d on d.report_id = r.id where r.schedule_id = s.schedule_id
         and r.id <> ? and r.scheduled_for > s.last_slot and d.channel = 'WAREHOUSE' and d.status = 'PENDING') as taken
     from broadsheet.schedule_success s where s.schedule_id = ?`,
    [lastSlot?.toISOString() ?? null, scheduledFor.toISOString(), id, id, scheduleId],
  )
  return row?.taken ?? false
}
