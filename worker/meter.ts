import type { ProgressEvent } from '../src/progress/event.ts'
import type { Claimed } from '../src/claim/claim.ts'
import { EPOCH_SIZE } from '../src/report/status.ts'
import type { Counters } from './attempt-messages.ts'
import { storableText } from './storable.ts'

/** A percentage says 100 only when the document is there. */
const MOST_PERCENT = 99
/** Before so many milliseconds have passed, a rate says little about the rest. */
const RATE_AFTER = 500
const LONGEST_ETA = 365 * 24 * 3600
/** Longest message kept in the row, in characters. */
const LONGEST_MESSAGE = 500

export interface Meter {
  /** The event of the claim itself. */
  first(at: number): ProgressEvent
  /** What these counters come to. `now` is a monotonic clock in milliseconds, `at` the calendar's. */
  read(counters: Counters, now: number, at: number): ProgressEvent
}

/**
 * Turns a child's counters into progress events of one attempt. The percentage never falls; the sequence grows within the
 * range that the claim opened. Pure: the clocks are arguments.
 */
export function createMeter(claimed: Pick<Claimed, 'id' | 'tenantId' | 'attempt' | 'epoch'>): Meter {
  let counted = 0
  let percent: number | null = null
  let began: { at: number; done: number } | undefined

  function event(at: number, facts: Partial<ProgressEvent>): ProgressEvent {
    return {
      reportId: claimed.id,
      tenantId: claimed.tenantId,
      // The range never runs over into that of the next status.
      sequence: claimed.epoch * EPOCH_SIZE + Math.min(counted++, EPOCH_SIZE - 1),
      status: 'RUNNING',
      stage: 'READING',
      attempt: claimed.attempt,
      percent: null,
      rowsWritten: 0,
      rowsTotal: null,
      bytesWritten: 0,
      message: null,
      etaSeconds: null,
      at,
      ...facts,
    }
  }

  function secondsLeft({ done, total }: Counters, now: number): number | null {
    if (done === 0) return null
    began ??= { at: now, done }
    const elapsed = now - began.at
    const gained = done - began.done
    if (total === null || done >= total || elapsed < RATE_AFTER || gained <= 0) return null
    return Math.min(LONGEST_ETA, Math.ceil(((total - done) / gained) * (elapsed / 1000)))
  }

  return {
    first: (at) => event(at, {}),
    read(counters, now, at) {
      const { stage, rows, bytes, done, total, message } = counters
      if (total !== null && total > 0) percent = Math.max(percent ?? 0, Math.min(MOST_PERCENT, (done / total) * 100))
      return event(at, {
        stage,
        percent: percent === null ? null : Math.round(percent * 10) / 10,
        rowsWritten: rows,
        rowsTotal: rowsTotal(counters),
        bytesWritten: bytes,
        message: message === null ? null : storableText(message.slice(0, LONGEST_MESSAGE)),
        etaSeconds: secondsLeft(counters, now),
      })
    },
  }
}

/** An estimate that was exceeded is raised; a total that an author counts in something else than rows is not one of rows. */
function rowsTotal({ rows, done, total, phase }: Counters): number | null {
  if (total === null || phase !== undefined) return null
  if (done === rows) return Math.max(total, rows)
  return total >= rows ? total : null
}
