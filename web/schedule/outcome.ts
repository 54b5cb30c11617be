import type { ReportStatus, ScheduleSlotOutcome } from '../generated/graphql.ts'

/** What became of a slot, to be told apart by colour, by shape and by letter, and in words. Pure. */

export interface SlotOf {
  readonly outcome: ScheduleSlotOutcome
  readonly reason: string | null
  readonly count: number
  readonly report?: { readonly status: ReportStatus } | null
}

export interface Mark {
  readonly tone: 'good' | 'bad' | 'busy' | 'late' | 'quiet'
  readonly shape: 'round' | 'square' | 'diamond'
  readonly letter: string
  readonly words: string
}

const REPORTS: Readonly<Record<ReportStatus, Mark>> = {
  QUEUED: { tone: 'busy', shape: 'round', letter: 'Q', words: 'Queued' },
  RUNNING: { tone: 'busy', shape: 'round', letter: 'R', words: 'Running' },
  CANCELING: { tone: 'busy', shape: 'round', letter: 'R', words: 'Canceling' },
  SUCCEEDED: { tone: 'good', shape: 'round', letter: '✓', words: 'Succeeded' },
  EXPIRED: { tone: 'good', shape: 'round', letter: '✓', words: 'Succeeded, its document has expired' },
  FAILED: { tone: 'bad', shape: 'square', letter: '×', words: 'Failed' },
  CANCELED: { tone: 'quiet', shape: 'square', letter: 'C', words: 'Canceled' },
}
const OUTCOMES: Readonly<Record<ScheduleSlotOutcome, Mark>> = {
  REQUESTED: {
    tone: 'quiet',
    shape: 'round',
    letter: 'A',
    words: 'Asked for; its report is gone, or not yours to see',
  },
  CAUGHT_UP: {
    tone: 'quiet',
    shape: 'round',
    letter: 'A',
    words: 'Asked for; its report is gone, or not yours to see',
  },
  WAITING: { tone: 'late', shape: 'round', letter: 'W', words: 'Waits until the report before it has ended' },
  SKIPPED_OVERLAP: { tone: 'late', shape: 'diamond', letter: 'S', words: 'Skipped: the report before it still ran' },
  SKIPPED_PAUSED: { tone: 'quiet', shape: 'diamond', letter: 'P', words: 'Skipped: paused' },
  MISSED: { tone: 'bad', shape: 'diamond', letter: 'M', words: 'Missed: the service did not run in time' },
  BLOCKED: { tone: 'bad', shape: 'square', letter: 'B', words: 'Could not be asked for' },
}

/** A value that the page was not built with is shown as it is. */
export function markOf({ outcome, report, count }: SlotOf): Mark {
  const mark = (report ? REPORTS[report.status] : OUTCOMES[outcome]) ?? {
    tone: 'quiet',
    shape: 'square',
    letter: '?',
    words: report?.status ?? outcome,
  }
  const late = outcome === 'CAUGHT_UP' ? ', caught up after the service had not run' : ''
  return { ...mark, words: `${mark.words}${late}${count > 1 ? `, ${count} times` : ''}` }
}

/** Newest right, as a strip is read; the list has it first. */
export function stripOf<Slot>(newestFirst: readonly Slot[], most: number): readonly Slot[] {
  return newestFirst.slice(0, most).toReversed()
}
