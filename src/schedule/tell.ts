import type { ScheduleChange, ScheduleChangeKind } from '../progress/schedule-change.ts'
import type { Schedule } from './schedule.entity.ts'

/** Tells who watches schedules of a change; called after its commit. Never throws, never waits. */
export type TellSchedule = (change: ScheduleChange) => void

export function changeOf(
  kind: ScheduleChangeKind,
  { id, tenantId, createdBy }: Pick<Schedule, 'id' | 'tenantId' | 'createdBy'>,
  at: Date | number,
): ScheduleChange {
  return { kind, scheduleId: id, tenantId, createdBy, at: Number(at) }
}
