import type { Database } from '../src/db/orm.ts'
import { Unavailable } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import { claimReport, type Claimed } from '../src/claim/claim.ts'
import { oneAtATime } from '../src/queue/one-at-a-time.ts'

/** A worker looks by itself so often, in milliseconds, give or take a quarter: rings may be lost, and pauses end unrung. */
const LOOK_EVERY = 2_000

export interface Claiming {
  /** Claims until no slot is free or nothing waits. True: there may be more than this worker can take. */
  look(): Promise<boolean>
  /** A slot is free again. */
  freed(): void
  /** No claim begins after this, and the one under way has been answered. */
  stop(): Promise<void>
}

/** Fills this worker's slots with waiting reports. */
export function createClaiming(deps: {
  database: Database
  workerId: string
  slots: number
  tenantMaxRunning: number | null
  types(): readonly string[]
  /** @param since the monotonic moment before the claim. */
  onClaimed(claimed: Claimed, since: number): void
  log: Log
}): Claiming {
  const { database, workerId, tenantMaxRunning, log } = deps
  let free = deps.slots
  let stopped = false
  let outage = false
  let timer: NodeJS.Timeout | undefined

  const look = oneAtATime(async () => {
    while (!stopped && free > 0) {
      const since = performance.now()
      try {
        const claimed = await claimReport(database, { workerId, types: deps.types(), tenantMaxRunning })
        if (outage) log.info('the database is back: reports are claimed again')
        outage = false
        if (!claimed) return false
        free -= 1
        deps.onClaimed(claimed, since)
      } catch (error) {
        // The next look tries again, also where the fault is another.
        if (!outage || !(error instanceof Unavailable)) log.warn({ err: error }, 'reports can not be claimed')
        outage = true
        return false
      }
    }
    return !stopped
  })

  function again(): void {
    if (stopped) return
    timer = setTimeout(() => void look().then(again), LOOK_EVERY * (0.75 + Math.random() / 2))
  }
  again()

  return {
    look,
    freed() {
      free += 1
      void look()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await look()
    },
  }
}
