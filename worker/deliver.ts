import type { ChannelName } from '../src/channels/channel.ts'
import type { Database } from '../src/db/orm.ts'
import { createFate } from '../src/delivery/fate.ts'
import { takeDue } from '../src/delivery/take.ts'
import { createTurns, type Lanes } from '../src/delivery/turns.ts'
import { Unavailable } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import { oneAtATime } from '../src/queue/one-at-a-time.ts'
import { createTry, type Try, type TryParts } from './delivery-try.ts'

/** A worker looks by itself so often, in milliseconds, give or take a quarter; and as soon as a report or a try has ended here. */
const LOOK_EVERY = 1_000
/** Leases are renewed, and looked at, so often, in milliseconds. */
const RENEW_EVERY = 5_000
const CHECK_EVERY = 500
/** What tries that are called off may take, in milliseconds. */
const CALL_OFF = 2_500

/** Tries at once by channel. None takes a place from reports, nor from another channel. */
const LANES: Readonly<Record<ChannelName, Lanes>> = {
  WEBHOOK: { usual: 24, ailing: 8, each: 8 },
  EMAIL: { usual: 6, ailing: 2, each: 6 },
  BUCKET: { usual: 4, ailing: 2, each: 2 },
  WAREHOUSE: { usual: 4, ailing: 2, each: 2 },
}

/**
 * A try that has not ended by then waits aside, where there is room, in milliseconds: what answered well until it died would else hold
 * its places for the whole time of a try. Loads and uploads take longer by nature.
 */
const ASIDE_AFTER: Readonly<Record<ChannelName, number>> = {
  WEBHOOK: 2_000,
  EMAIL: 20_000,
  BUCKET: 60_000,
  WAREHOUSE: 60_000,
}

type Dependencies = Omit<TryParts, 'fate'> & { database: Database; workerId: string; log: Log }

export interface Delivering {
  /** Takes what is due; true: there may be more. */
  look(): Promise<boolean>
  /** No try begins after this, and the claim under way has been answered. */
  stop(): Promise<void>
  /** Waits until so many milliseconds after stop() for the tries under way; what is left is called off and handed back. */
  drain(within: number): Promise<void>
}

/** Tries what is due, each in its own time: a destination that does not answer is waited for by nobody but itself. */
export function createDelivering(deps: Dependencies): Delivering {
  const { database, workerId, log } = deps
  const turns = createTurns(LANES)
  const fate = createFate({ database, workerId })
  const tries = new Map<string, Try>()
  const running = new Set<Promise<void>>()
  let stopped = false
  let stoppedAt = Infinity
  let outage = false
  let looking: NodeJS.Timeout | undefined
  let renewing: Promise<void> = Promise.resolve()
  let renewedAt = performance.now()

  const look = oneAtATime(async () => {
    while (!stopped) {
      const since = performance.now()
      try {
        const taken = await takeDue(database, { workerId, room: turns.room() })
        if (outage) log.info('the database is back: deliveries go on')
        outage = false
        if (taken.length === 0) return false
        for (const one of taken) begin(createTry(one, since, { ...deps, fate }))
      } catch (error) {
        if (!outage || !(error instanceof Unavailable)) log.warn({ err: error }, 'deliveries can not be taken')
        outage = true
        return false
      }
    }
    return false
  })

  function begin(one: Try): void {
    const { taken } = one
    tries.set(taken.id, one)
    turns.begin(taken, taken.ailing)
    let aside = taken.ailing
    const waiting = setTimeout(() => {
      if (aside || !turns.stepAside(taken)) return
      aside = true
      void look()
    }, ASIDE_AFTER[taken.channel])
    const work = one.run().then((well) => {
      clearTimeout(waiting)
      if (tries.get(taken.id) === one) tries.delete(taken.id)
      running.delete(work)
      turns.end(taken, aside, well)
      void look()
    })
    running.add(work)
  }

  async function renew(): Promise<void> {
    const told = [...tries.values()]
    if (told.length === 0) return
    const since = performance.now()
    try {
      const ours = await fate.renew(told.map(({ taken }) => taken))
      for (const one of told)
        if (ours.has(one.taken.id)) one.confirmed(since)
        else if (tries.get(one.taken.id) === one) one.stop('LOST')
    } catch (error) {
      log.warn({ err: error }, 'leases of deliveries could not be renewed')
    }
  }

  const checking = setInterval(() => {
    for (const one of tries.values()) if (!one.isHeld()) one.stop('LOST')
    if (performance.now() - renewedAt < RENEW_EVERY) return
    renewedAt = performance.now()
    renewing = renewing.then(renew)
  }, CHECK_EVERY)

  function again(): void {
    if (stopped) return
    looking = setTimeout(() => void look().then(again), LOOK_EVERY * (0.75 + Math.random() / 2))
  }
  again()

  return {
    look,
    async stop() {
      stopped = true
      stoppedAt = performance.now()
      clearTimeout(looking)
      await look()
    },
    async drain(within) {
      await inTime(Math.max(0, stoppedAt + within - performance.now()), running)
      for (const one of tries.values()) one.stop('DRAIN')
      await inTime(CALL_OFF, running)
      clearInterval(checking)
      await renewing
    },
  }
}

/** Waits for all of them, at most so many milliseconds. */
async function inTime(milliseconds: number, works: ReadonlySet<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)))
  await Promise.race([Promise.all(works), late]).finally(() => clearTimeout(timer))
}
