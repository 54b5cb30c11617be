/** The words of a schedule's ledger. Pure. */

/** What becomes of a slot that comes in time while a report of the same schedule is not finished. */
export const OVERLAP_POLICIES = ['SKIP', 'ALLOW', 'QUEUE_ONE', 'CANCEL_RUNNING'] as const
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number]

/** What became of a slot. WAITING: it is asked for as soon as what runs has ended. */
export const SLOT_OUTCOMES = [
  'REQUESTED',
  'WAITING',
  'SKIPPED_OVERLAP',
  'SKIPPED_PAUSED',
  'MISSED',
  'CAUGHT_UP',
  'BLOCKED',
] as const
export type SlotOutcome = (typeof SLOT_OUTCOMES)[number]

/** Outcomes of which a long run is one row. */
export type RunOutcome = 'SKIPPED_PAUSED' | 'MISSED'

/** A longer run of SKIPPED_PAUSED or MISSED is one row. */
export const LONGEST_RUN_OF_ROWS = 100

/** Slots that are caught up after downtime, at most. */
export const MOST_CAUGHT_UP = 100

/** Policies under which one report of a schedule runs after the other, so that windows from last_slot to slot meet. */
export const ONE_AFTER_ANOTHER: readonly OverlapPolicy[] = ['SKIP', 'QUEUE_ONE']

/** What is told of schedules to dashboards; READY and RESYNC: read them again. */
export const SCHEDULE_EVENT_KINDS = ['READY', 'CREATED', 'CHANGED', 'DELETED', 'SLOT', 'RESYNC'] as const
