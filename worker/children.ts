import type { Log } from '../src/log.ts'
import { openChild, type Child } from './attempt.ts'
import type { Setup } from './attempt-messages.ts'

/** A child is replaced after so many attempts: what authors' modules keep does not pile up. */
const MOST_ATTEMPTS = 50
const FIRST_WAIT = 100
const LONGEST_WAIT = 5_000

export interface Children {
  /** A warm child, as soon as there is one. Rejects once closed. */
  take(): Promise<Child>
  /** Comes back after each attempt; one that is dead, worn or not clean is replaced. */
  giveBack(child: Child): void
  close(): Promise<void>
}

/** Keeps `size` child processes warm, so that a report starts without waiting for a process to start. */
export function createChildren(options: { size: number; setup: Setup; log: Log }): Children {
  const { size, setup, log } = options
  const warm: Child[] = []
  const all = new Set<Child>()
  const waiting: PromiseWithResolvers<Child>[] = []
  let closed = false
  let opening: Promise<void> | undefined

  function offer(child: Child): void {
    const first = waiting.shift()
    if (first) first.resolve(child)
    else warm.push(child)
  }

  /** One after another, so that starting them leaves the processor to who works. */
  async function fill(): Promise<void> {
    let wait = FIRST_WAIT
    while (!closed && all.size < size) {
      try {
        const child = await openChild(setup, log)
        if (closed) return child.kill()
        wait = FIRST_WAIT
        all.add(child)
        void child.gone.then(() => forget(child))
        offer(child)
      } catch (error) {
        log.error({ err: error }, 'a child process did not come up')
        await new Promise((again) => setTimeout(again, wait))
        wait = Math.min(wait * 2, LONGEST_WAIT)
      }
    }
  }

  function refill(): void {
    opening ??= fill().finally(() => {
      opening = undefined
      if (!closed && all.size < size) refill()
    })
  }

  function forget(child: Child): void {
    all.delete(child)
    const place = warm.indexOf(child)
    if (place >= 0) warm.splice(place, 1)
    if (!closed) refill()
  }

  refill()
  return {
    take() {
      if (closed) return Promise.reject(new Error('The worker is closing.'))
      // The one that worked last: its code is compiled and its heap has grown; the others stay small.
      const child = warm.pop()
      if (child) return Promise.resolve(child)
      const turn = Promise.withResolvers<Child>()
      waiting.push(turn)
      return turn.promise
    },
    giveBack(child) {
      if (!all.has(child)) return
      if (child.clean && child.used < MOST_ATTEMPTS) offer(child)
      else child.kill()
    },
    async close() {
      closed = true
      for (const { reject } of waiting.splice(0)) reject(new Error('The worker is closing.'))
      const going = [...all]
      for (const child of going) child.kill()
      await Promise.all([opening, ...going.map((child) => child.gone)])
    },
  }
}
