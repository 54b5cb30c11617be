import { Unavailable } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import type { ProgressEvent } from '../src/progress/event.ts'
import type { Publisher } from '../src/progress/publisher.ts'
import { LEASE_SECONDS, type Claimed } from '../src/claim/claim.ts'
import type { Counters } from './attempt-messages.ts'
import { createMeter } from './meter.ts'

/** A worker stops so long before its lease ends on the database's clock, in milliseconds: 2 s to end a child, and a little more. */
const MARGIN = 3_000
/** A child speaks ten times a second; what comes quicker, after a freeze, is passed over. */
const PUBLISH_EVERY = 90
/** Pause before a database that did not answer is asked again. */
const AGAIN_AFTER = 300

/** Why work on a report ends before its own end. LOST: somebody else may have it by now, so nothing is written any more. */
export type Stop = 'CANCEL' | 'LOST' | 'DRAIN'

/** One report that this worker holds. */
export interface Held {
  readonly claimed: Claimed
  readonly log: Log
  readonly stop: Stop | null
  /** Called at once where it was stopped already. */
  onStop(call: () => void): void
  /** By the monotonic clock: the last confirmed renewal is young enough to write and to publish. */
  mayWrite(): boolean
  note(counters: Counters): void
  /** The latest that was noted, and so at least what watchers were told last; null before the first. */
  readonly last: ProgressEvent | null
  /** Asks the database until it answers or the lease is over; LOST: it did not answer in time. */
  persist<T>(work: () => Promise<T>): Promise<T | 'LOST'>
  /** No more telling. */
  release(): void
}

/** One report as its holder keeps it. Tells whoever listens that it is RUNNING. */
export function createHeld(deps: { claimed: Claimed; since: number; publisher: Publisher; log: Log; release(): void }) {
  const { claimed, publisher, release } = deps
  const log = deps.log.child({ reportId: claimed.id, attempt: claimed.attempt })
  const meter = createMeter(claimed)
  let confirmedAt = deps.since
  let stop: Stop | null = null
  let stopped: () => void = () => undefined
  let last: ProgressEvent | null = null
  let untold: ProgressEvent | null = null
  let publishedAt = -Infinity
  const mayWrite = () => performance.now() - confirmedAt < LEASE_SECONDS * 1000 - MARGIN
  publisher.publish({ kind: 'CHANGED', event: meter.first(Date.now()) })

  return {
    claimed,
    log,
    mayWrite,
    release,
    get stop() {
      return stop
    },
    get last() {
      return last
    },
    onStop(call: () => void) {
      stopped = call
      if (stop) call()
    },
    /** The first reason counts, but for LOST, which overrules all. */
    end(reason: Stop) {
      if (stop === reason || stop === 'LOST' || (stop !== null && reason !== 'LOST')) return
      const first = stop === null
      stop = reason
      log.info({ reason }, 'work on the report is called off')
      if (first) stopped()
    },
    confirmed(at: number) {
      confirmedAt = Math.max(confirmedAt, at)
    },
    note(counters: Counters) {
      const now = performance.now()
      if (stop || !mayWrite()) return
      last = untold = meter.read(counters, now, Date.now())
      if (now - publishedAt < PUBLISH_EVERY) return
      publishedAt = now
      publisher.publish({ kind: 'PROGRESSED', event: last })
    },
    takeStanding() {
      const standing = stop ? null : untold
      untold = null
      return standing
    },
    async persist<T>(work: () => Promise<T>): Promise<T | 'LOST'> {
      for (;;) {
        if (!mayWrite()) return 'LOST'
        try {
          return await work()
        } catch (error) {
          if (!(error instanceof Unavailable)) throw error
          log.debug({ err: error }, 'the database is asked again')
        }
        await new Promise((again) => setTimeout(again, AGAIN_AFTER))
      }
    },
  }
}
