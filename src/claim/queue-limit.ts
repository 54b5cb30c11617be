import type { EntityManager } from '../db/orm.ts'
import { refuse } from '../errors.ts'

/** A count that took longer than this, in milliseconds, is used again for so many times as long as it took. */
const CHEAP = 5
const USED_FOR = 10

export interface QueueLimit {
  /** False: nothing is ever refused. */
  readonly on: boolean
  /** Throws Refusal LIMIT_REACHED where as many reports wait as may; called in the transaction that adds one. */
  check(em: EntityManager): Promise<void>
  /** How many more may wait; Infinity where there is no limit. Who adds some says so with `added`. */
  room(em: EntityManager): Promise<number>
  added(count: number): void
}

/**
 * Holds the number of QUEUED reports of all tenants to `most` (null: no limit). While few wait it is counted at each ask;
 * where counting takes longer, the last count goes on with what this process has added, so that asking never spends more than
 * a tenth of its time on it. Asks that are under way at once may pass the limit by their number.
 */
export function createQueueLimit(most: number | null): QueueLimit {
  let known = 0
  let usedUntil = -Infinity

  async function count(em: EntityManager, began: number): Promise<void> {
    // Meanwhile others go on with the last count, where it was a costly one.
    if (usedUntil > -Infinity) usedUntil = Infinity
    try {
      const [row] = await em.execute<{ waiting: string }[]>(`select broadsheet.waiting_reports(?) as waiting`, [most])
      known = Number(row!.waiting)
    } finally {
      const end = performance.now()
      usedUntil = end - began > CHEAP ? end + (end - began) * USED_FOR : -Infinity
    }
  }

  async function room(em: EntityManager): Promise<number> {
    if (most === null) return Infinity
    const began = performance.now()
    if (began >= usedUntil) await count(em, began)
    return Math.max(0, most - known)
  }

  return {
    on: most !== null,
    room,
    added: (more) => void (known += more),
    async check(em) {
      if ((await room(em)) === 0)
        throw refuse('LIMIT_REACHED', null, `${most} reports are waiting already: ask again later.`)
      known += 1
    },
  }
}
