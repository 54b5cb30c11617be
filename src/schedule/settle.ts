import type { EntityManager } from '../db/orm.ts'
import { decide, type Standing } from './due.ts'
import { writeTurns } from './ledger.ts'
import { reckoningOf } from './reckoning.ts'
import type { Schedule } from './schedule.entity.ts'

/** Turns that one change of a schedule writes: some years of minutes. What is beyond is not told slot by slot. */
const MOST_TURNS = 1_000

/**
 * Tells the ledger what became of slots that have come and that no scheduler has taken, before their cadence is given up: they are
 * MISSED, or SKIPPED_PAUSED. In the transaction that holds the schedule.
 */
export async function settleDue(em: EntityManager, schedule: Schedule, now: Date): Promise<void> {
  if (schedule.nextSlotAt == null || schedule.nextSlotAt > now) return
  const moment = { now: now.getTime(), lateUntil: now.getTime() }
  const never = () => ({ kind: 'BLOCKED', reason: '' }) as const
  const { runOutcome, runFrom, runCount } = schedule
  let standing: Standing = {
    paused: schedule.paused,
    pausedUntil: schedule.pausedUntil?.getTime() ?? null,
    overlapPolicy: schedule.overlapPolicy,
    catchUpWindow: 0,
    slotsAfter: schedule.slotsAfter.getTime(),
    unfinished: false,
    waiting: null,
    catchingUp: 0,
    run: runOutcome && runFrom ? { outcome: runOutcome, from: runFrom.getTime(), count: runCount } : null,
  }
  for (let turns = 0; turns < MOST_TURNS; turns++) {
    const turn = decide(standing, moment, reckoningOf(schedule), never)
    await writeTurns(em, [{ scheduleId: schedule.id, tenantId: schedule.tenantId, turn }])
    standing = { ...standing, slotsAfter: turn.slotsAfter, run: turn.run }
    if (turn.nextSlotAt === null || turn.nextSlotAt > moment.now) break
  }
}
