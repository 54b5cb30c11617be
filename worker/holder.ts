import type { Log } from '../src/log.ts'
import type { Publisher } from '../src/progress/publisher.ts'
import type { Claimed } from '../src/claim/claim.ts'
import type { Holding } from '../src/claim/holding.ts'
import { createHeld, type Held, type Stop } from './held.ts'

/** The row is told once a second, and the lease renewed with every fifth telling, in milliseconds. */
const TELL_EVERY = 1_000
const RENEW_EVERY = 4_900
const CHECK_EVERY = 250

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
      const answers = await holding.tell(
        new Map([...told].map(([id, held]) => [id, { attempt: held.claimed.attempt, standing: held.takeStanding() }])),
        renew,
      )
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
      const held = createHeld({
        claimed,
        since,
        publisher,
        log,
        release: () => void (helds.get(claimed.id) === held && helds.delete(claimed.id)),
      })
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
