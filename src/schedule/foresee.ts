import type { Reading } from '../db/orm.ts'
import { hasScope, requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { checkTimes, type CadenceWords } from './checking.ts'
import { beginningOf, upcomingSlots } from './reckoning.ts'
import { clock } from './rows.ts'

/**
 * The first slots of a schedule with this cadence that would be made now, as a function of how many: it throws Refusal with what
 * creating it would refuse, and takes its time. Writes nothing. Rejects with Forbidden without a scope for schedules.
 */
export async function foresee(
  viewer: Viewer,
  reading: Reading,
  cadence: CadenceWords,
  timeZone: string,
): Promise<(most: number) => Date[]> {
  requireScope(viewer, hasScope(viewer, 'schedules:write') ? 'schedules:write' : 'schedules:read')
  const now = await reading.read(clock)
  return (most) => {
    const checked = checkTimes(timeZone, cadence, { now, createdAt: now })
    return upcomingSlots({ ...beginningOf(checked.cadence, checked.timeZone, now), paused: false }, most)
  }
}
