import { Unavailable } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import type { ProgressEvent } from '../src/progress/event.ts'
import type { Publisher } from '../src/progress/publisher.ts'
import { LEASE_SECONDS, type Claimed } from '../src/report/claim.ts'
import type { Holding } from '../src/report/holding.ts'
import type { Counters } from './attempt-messages.ts'
import { createMeter } from './meter.ts'

/** The row is told once a second, and the lease renewed with every fifth telling, in milliseconds. */
const TELL_EVERY = 1_000
const RENEW_EVERY = 4_900
/** A worker stops so long before its lease ends on the database's clock: 2 s to end a child, and a little more. */
const MARGIN = 3_000
const CHECK_EVERY = 250
const PUBLISH_EVERY = 90
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
  /** Asks the database until it answers or the lease is over; LOST: it did not answer in time. */
  persist<T>(work: () => Promise<T>): Promise<T | 'LOST'>
  /** No more telling. */
  release(): void
}

export interface Holder {
  /** @param since the monotonic moment before the claim was asked for. */
  hold(claimed: Claimed, since: number): Held
  stopAll(stop: Stop): void
  readonly count: number
  close(): Promise<void>
}

/** Keeps the leases of what this worker has claimed, tells the rows how far they are, and sees who wants to cancel. */
export function createHolder(deps: { holding: Holding; publisher: Publisher; log: Log }): Holder {
  const { holding, publisher, log } = deps
  const helds = new Map<string, ReturnType<typeof createHeld>>()
  let renewedAt = -Infinity
  let outage = false
  let closed = false
  let telling: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  async function tell(): Promise<void> {
    if (helds.size === 0) return
    const now = performance.now()
    const renew = now - renewedAt >= RENEW_EVERY
    const told = new Map([...helds].map(([id, held]) => [id, held] as const))
    try {
      const answers = await holding.tell(new Map([...told].map(([id, held]) => [id, { attempt: held.claimed.attempt, standing: held.takeStanding() }])), renew)
      if (renew) renewedAt = now
      if (outage) log.info('the database is back')
      outage = false
      for (const [id, held] of told) {
        // Its attempt may have ended while the statement was under way.
        if (helds.get(id) !== held) continue
        const answer = answers.get(id)
        if (!answer) held.end('LOST')
        else if (answer.status === 'CANCELING') held.end('CANCEL')
        if (answer && renew) held.confirmed(now)
      }
    } catch (error) {
      if (!outage) log.warn({ err: error }, 'reports that are held could not be told how far they are')
      outage = true
    }
  }

  function next(): void {
    if (closed) return
    timer = setTimeout(() => (telling = tell().then(next)), TELL_EVERY)
  }
  const checking = setInterval(() => {
    for (const held of helds.values()) if (!held.mayWrite()) held.end('LOST')
  }, CHECK_EVERY)
  next()

  return {
    hold(claimed, since) {
      const held = createHeld({ claimed, since, publisher, log, release: () => void (helds.get(claimed.id) === held && helds.delete(claimed.id)) })
      helds.set(claimed.id, held)
      return held
    },
    stopAll(stop) {
      for (const held of helds.values()) held.end(stop)
    },
    get count() {
      return helds.size
    },
    async close() {
      closed = true
      clearTimeout(timer)
      clearInterval(checking)
      await telling
    },
  }
}

function createHeld(deps: { claimed: Claimed; since: number; publisher: Publisher; log: Log; release(): void }) {
  const { claimed, publisher, release } = deps
  const log = deps.log.child({ reportId: claimed.id, attempt: claimed.attempt })
  const meter = createMeter(claimed)
  let confirmedAt = deps.since
  let stop: Stop | null = null
  let stopped: () => void = () => undefined
  let latest: ProgressEvent | null = null
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
      latest = meter.read(counters, now, Date.now())
      if (now - publishedAt < PUBLISH_EVERY) return
      publishedAt = now
      publisher.publish({ kind: 'PROGRESSED', event: latest })
    },
    takeStanding() {
      const standing = stop ? null : latest
      latest = null
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
