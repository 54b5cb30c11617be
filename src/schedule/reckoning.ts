import { nextSlot, slotsBetween, type Cadence } from './cadence.ts'
import type { Reckoning } from './due.ts'
import { durationMilliseconds } from './duration.ts'
import type { Schedule } from './schedule.entity.ts'

/** The cadence that a row keeps. */
export function cadenceOf({
  cron,
  every,
  at,
  createdAt,
}: Pick<Schedule, 'cron' | 'every' | 'at' | 'createdAt'>): Cadence {
  if (cron != null) return { kind: 'cron', expression: cron }
  if (every != null)
    return { kind: 'every', iso: every, milliseconds: durationMilliseconds(every), anchor: createdAt.getTime() }
  return { kind: 'at', at: at!.getTime() }
}

/** The columns that keep a cadence: exactly one is set. */
export function cadenceColumns(cadence: Cadence): { cron: string | null; every: string | null; at: Date | null } {
  return {
    cron: cadence.kind === 'cron' ? cadence.expression : null,
    every: cadence.kind === 'every' ? cadence.iso : null,
    at: cadence.kind === 'at' ? new Date(cadence.at) : null,
  }
}

export function reckoningOf(schedule: Pick<Schedule, 'cron' | 'every' | 'at' | 'createdAt' | 'timeZone'>): Reckoning {
  const cadence = cadenceOf(schedule)
  return {
    next: (after) => nextSlot(cadence, schedule.timeZone, after),
    between: (after, until, most) => slotsBetween(cadence, schedule.timeZone, after, until, most),
  }
}

/** Where a schedule with this cadence begins that is made now. */
export function beginningOf(cadence: Cadence, timeZone: string, now: Date) {
  const columns = { ...cadenceColumns(cadence), createdAt: now, timeZone }
  const next = reckoningOf(columns).next(now.getTime())
  return { ...columns, slotsAfter: now, nextSlotAt: next === null ? null : new Date(next) }
}

/** Up to `most` slots that are still to be asked for, by what the row says; none while it is paused. */
export function upcomingSlots(
  schedule: Parameters<typeof reckoningOf>[0] &
    Pick<Schedule, 'paused' | 'slotsAfter' | 'nextSlotAt'> &
    Partial<Pick<Schedule, 'pausedUntil'>>,
  most: number,
): Date[] {
  const { paused, slotsAfter, pausedUntil, nextSlotAt } = schedule
  if (paused || nextSlotAt == null) return []
  const after = Math.max(slotsAfter.getTime(), pausedUntil?.getTime() ?? -Infinity)
  return reckoningOf(schedule)
    .between(after, Infinity, most)
    .map((slot) => new Date(slot))
}
