import type { EntityManager } from '../db/orm.ts'
import { decide, type Standing } from './due.ts'
import { durationMilliseconds } from './duration.ts'
import { writeTurns } from './ledger.ts'
import { reckoningOf } from './reckoning.ts'
import type { Schedule } from './schedule.entity.ts'

/** Turns that one change of a schedule writes: some years of minutes. What is beyond is not told slot by slot. */
const MOST_TURNS = 1_000

/** A slot that came just now is not late, whatever catchUpWindow says: its scheduler was on the way. Milliseconds. */
const JUST_COME = 10_000
const WAITS = 'It came before the cadence was changed: it is asked for when the one before it has ended.'

/**
 * Tells the ledger what became of slots that have come and that no scheduler has taken, before their cadence is given up: as after
 * a downtime they wait to be caught up, or are MISSED; or SKIPPED_PAUSED. In the transaction that holds the schedule.
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
    catchUpWindow: Math.max(JUST_COME, durationMilliseconds(schedule.catchUpWindow)),
    slotsAfter: schedule.slotsAfter.getTime(),
    unfinished: false,
    waiting: null,
    catchingUp: await countLate(em, schedule.id),
    run: runOutcome && runFrom ? { outcome: runOutcome, from: runFrom.getTime(), count: runCount } : null,
  }
  for (let turns = 0; turns < MOST_TURNS; turns++) {
    const turn = decide(standing, moment, reckoningOf(schedule), never)
    const rows = turn.rows.map((row) => (row.outcome === 'WAITING' ? { ...row, reason: WAITS } : row))
    await writeTurns(em, [{ scheduleId: schedule.id, tenantId: schedule.tenantId, turn: { ...turn, rows } }])
    const catchingUp = standing.catchingUp + rows.filter(({ outcome }) => outcome === 'WAITING').length
    standing = { ...standing, catchingUp, slotsAfter: turn.slotsAfter, run: turn.run }
    if (turn.nextSlotAt === null || turn.nextSlotAt > moment.now) break
  }
}

async function countLate(em: EntityManager, scheduleId: string): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(
    `select count(*)::int as count from broadsheet.schedule_slot where schedule_id = ? and outcome = 'WAITING' and late`,
    [scheduleId],
  )
  return row!.count
}
