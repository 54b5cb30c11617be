import { LONGEST_RUN_OF_ROWS, MOST_CAUGHT_UP, type OverlapPolicy, type RunOutcome, type SlotOutcome } from './slot.ts'

/** Slots of one schedule that one turn looks at; what is left has the next turn. */
const MOST_IN_A_TURN = 1_000

/** What is known of a schedule whose turn has come. All moments are epoch milliseconds. */
export interface Standing {
  readonly paused: boolean
  /** Slots up to here came while it was paused. */
  readonly pausedUntil: number | null
  readonly overlapPolicy: OverlapPolicy
  readonly catchUpWindow: number
  readonly slotsAfter: number
  /** Whether a report that one of its slots has asked for is not finished. */
  readonly unfinished: boolean
  /** The slot that waits under QUEUE_ONE. */
  readonly waiting: number | null
  /** Slots that wait to be caught up. */
  readonly catchingUp: number
  readonly run: Run | null
}

/** The run of equal outcomes that the ledger ends with. */
export interface Run {
  readonly outcome: RunOutcome
  readonly from: number
  readonly count: number
}

/** The database's clock; a slot up to `lateUntil` came while no scheduler looked. */
export interface Moment {
  readonly now: number
  readonly lateUntil: number
}

export interface Reckoning {
  /** First slot after the instant; null: none comes any more. */
  next(after: number): number | null
  /** Up to `most` slots after `after` and not after `until`. */
  between(after: number, until: number, most: number): number[]
}

/** What asking for a slot's report came to. FULL: as many reports wait as may. */
export type Answer =
  | { readonly kind: 'ACCEPTED'; readonly reportId: string }
  | { readonly kind: 'BLOCKED'; readonly reason: string }
  | { readonly kind: 'FULL' }

export interface SlotRow {
  readonly slot: number
  readonly outcome: SlotOutcome
  readonly reason: string | null
  readonly reportId: string | null
  readonly late: boolean
}

export interface LongRun extends Run {
  readonly until: number
  readonly reason: string
}

/** What the turn has come to: what is written, and from where the next one goes on. */
export interface Turn {
  readonly rows: readonly SlotRow[]
  /** Runs that are one row each from now on: it takes the place of the rows from `from` to `until`. */
  readonly long: readonly LongRun[]
  /** The slot that waited, and whose place a later one takes. */
  readonly replaced: number | null
  /** The slot for which what still runs is to be cancelled. */
  readonly cancelsFor: number | null
  readonly slotsAfter: number
  readonly nextSlotAt: number | null
  readonly run: Run | null
}

const REASONS = {
  SKIPPED_PAUSED: 'The schedule was paused.',
  TOO_LATE: 'No scheduler ran when it came, and it was later than catchUpWindow allows when one did.',
  TOO_MANY: `No scheduler ran when it came, and ${MOST_CAUGHT_UP} others are caught up already.`,
  MISSED: 'No scheduler ran when they came, and they were not to be caught up.',
  CATCHING_UP: 'No scheduler ran when it came: it is asked for when the one before it has ended.',
  OVERLAP: 'A report of the schedule was not finished.',
  QUEUED: 'It waits until the report that runs has ended.',
  LATER_ONE: 'A later slot came before it could be asked for.',
  FULL: 'As many reports wait as may (QUEUE_MAX): it is asked for when fewer do.',
  STILL_FULL: 'As many reports waited as may (QUEUE_MAX), for longer than catchUpWindow allows.',
}
export const REPLACED_REASON = REASONS.LATER_ONE
export const STILL_FULL_REASON = REASONS.STILL_FULL

/**
 * What becomes of the slots that have come by now: pure, but for `ask`, which is called once for each slot that is asked for.
 * Overlap policies decide on slots that came in time. Those that came while no scheduler looked are caught up, the newest
 * hundred within catchUpWindow, or MISSED.
 */
export function decide(
  standing: Standing,
  { now, lateUntil }: Moment,
  reckoning: Reckoning,
  ask: (slot: number) => Answer,
): Turn {
  const rows: SlotRow[] = []
  let { run } = standing
  const long: LongRun[] = []
  let replaced: number | null = null
  let cancelsFor: number | null = null
  let waiting = standing.waiting
  let overlap = standing.unfinished || waiting !== null || standing.catchingUp > 0

  const put = (slot: number, outcome: SlotOutcome, more: Partial<SlotRow> = {}) => {
    rows.push({ slot, outcome, reason: null, reportId: null, late: false, ...more })
    run = null
  }
  const putRun = (
    slots: readonly number[],
    outcome: RunOutcome,
    reasonOf: (slot: number) => string,
    ofMany: string,
  ) => {
    if (slots.length === 0) return
    const before = run?.outcome === outcome ? run : { outcome, from: slots[0]!, count: 0 }
    run = { ...before, count: before.count + slots.length }
    if (run.count > LONGEST_RUN_OF_ROWS) long.push({ ...run, until: slots.at(-1)!, reason: ofMany })
    else
      for (const slot of slots)
        rows.push({ slot, outcome, reason: reasonOf(slot), reportId: null, late: outcome === 'MISSED' })
  }
  const askFor = (slot: number): SlotOutcome => {
    const answer = ask(slot)
    if (answer.kind === 'ACCEPTED') put(slot, 'REQUESTED', { reportId: answer.reportId })
    else if (answer.kind === 'FULL' && standing.catchUpWindow > 0)
      put(slot, 'WAITING', { reason: REASONS.FULL, late: true })
    else put(slot, 'BLOCKED', { reason: answer.kind === 'FULL' ? REASONS.STILL_FULL : answer.reason })
    return rows.at(-1)!.outcome
  }

  const due = reckoning.between(standing.slotsAfter, now, MOST_IN_A_TURN)
  const paused = standing.paused ? due : due.filter((slot) => slot <= (standing.pausedUntil ?? -Infinity))
  putRun(paused, 'SKIPPED_PAUSED', () => REASONS.SKIPPED_PAUSED, REASONS.SKIPPED_PAUSED)
  const open = due.slice(paused.length)
  const late = open.filter((slot) => slot <= lateUntil)
  const inTime = open.slice(late.length)

  // Where there may be more late ones than this turn sees, those that might be among the newest hundred are left to the next.
  const more = due.length === MOST_IN_A_TURN && inTime.length === 0
  const left = more ? Math.min(MOST_CAUGHT_UP, late.length) : 0
  const seen = late.slice(0, late.length - left)
  const catchable = more ? [] : seen.filter((slot) => slot >= now - standing.catchUpWindow)
  const room = Math.max(0, MOST_CAUGHT_UP - standing.catchingUp)
  const caught = room === 0 ? [] : catchable.slice(-room)
  putRun(
    seen.slice(0, seen.length - caught.length),
    'MISSED',
    (slot) => (slot < now - standing.catchUpWindow ? REASONS.TOO_LATE : REASONS.TOO_MANY),
    REASONS.MISSED,
  )
  for (const slot of caught) put(slot, 'WAITING', { reason: REASONS.CATCHING_UP, late: true })
  if (caught.length > 0) overlap = true

  for (const [index, slot] of inTime.entries()) {
    const policy = standing.overlapPolicy
    if (policy === 'CANCEL_RUNNING' && index < inTime.length - 1) {
      put(slot, 'SKIPPED_OVERLAP', { reason: REASONS.LATER_ONE })
    } else if (policy === 'CANCEL_RUNNING') {
      if (askFor(slot) === 'REQUESTED' && standing.unfinished) cancelsFor = slot
    } else if (policy === 'ALLOW' || !overlap) {
      overlap = askFor(slot) !== 'BLOCKED' || overlap
    } else if (policy === 'SKIP') {
      put(slot, 'SKIPPED_OVERLAP', { reason: REASONS.OVERLAP })
    } else {
      const earlier = rows.findIndex((row) => row.slot === waiting)
      if (earlier >= 0) rows[earlier] = { ...rows[earlier]!, outcome: 'SKIPPED_OVERLAP', reason: REASONS.LATER_ONE }
      else if (waiting !== null) replaced = waiting
      put(slot, 'WAITING', { reason: REASONS.QUEUED })
      waiting = slot
    }
  }

  const slotsAfter = due[due.length - 1 - left] ?? standing.slotsAfter
  return { rows, long, replaced, cancelsFor, slotsAfter, nextSlotAt: reckoning.next(slotsAfter), run }
}
