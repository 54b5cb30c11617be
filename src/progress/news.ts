import type { ChangeKind, ReportChange } from './event.ts'
import { createHand, type Mailbox } from './mailbox.ts'

/** READY: nothing more can be missed, read now. RESYNC: something may have been missed, read again. */
export type TenantNews = { readonly kind: 'READY' } | { readonly kind: 'RESYNC' } | ReportChange

/** Reports (or schedules) with pending news for one reader at most; beyond, RESYNC takes their place. */
export const MOST_PENDING = 1_000

/** Of two things that happened to one report, which one a reader that missed the first must hear. */
const WEIGHT: Record<ChangeKind, number> = { DELETED: 3, CREATED: 2, CHANGED: 1, PROGRESSED: 0 }

export interface PendingNews<C> extends Mailbox<C | { readonly kind: 'READY' } | { readonly kind: 'RESYNC' }> {
  /** Before READY nothing is kept: who reads then sees it. */
  offer(change: C): void
  /** Puts READY into the box, once. */
  ready(): void
  /** The subscription has (again) been acknowledged: READY the first time, RESYNC later. */
  live(): void
}

/** News of a tenant's reports for one reader: what waits about one report merges. Pure. */
export function createNewsMailbox(): PendingNews<ReportChange> {
  return createPendingNews<ReportChange>({ keyOf: ({ event }) => event.reportId, merge })
}

/** News for one reader: what waits under one key merges. Pure. */
export function createPendingNews<C>(rules: {
  keyOf(change: C): string
  merge(earlier: C, later: C): C
}): PendingNews<C> {
  const pending = new Map<string, C>()
  let begun = false
  let isReady = false
  let mustResync = false
  let closed = false
  const hand = createHand<C | { readonly kind: 'READY' } | { readonly kind: 'RESYNC' }>(() => {
    if (isReady) {
      isReady = false
      return { kind: 'READY' }
    }
    if (mustResync) {
      mustResync = false
      return { kind: 'RESYNC' }
    }
    for (const [key, change] of pending) {
      pending.delete(key)
      return change
    }
    return undefined
  })

  function ready(): void {
    if (begun) return
    begun = isReady = true
    hand.look()
  }

  return {
    offer(change) {
      if (closed || !begun) return
      const key = rules.keyOf(change)
      const waiting = pending.get(key)
      if (!waiting && pending.size >= MOST_PENDING) {
        pending.clear()
        mustResync = true
      } else pending.set(key, waiting ? rules.merge(waiting, change) : change)
      hand.look()
    },
    ready,
    live() {
      if (!begun) return ready()
      // What waits is part of what will be read again.
      pending.clear()
      mustResync = true
      hand.look()
    },
    take: hand.take,
    close(how) {
      closed = true
      if (how === 'at once') {
        pending.clear()
        isReady = mustResync = false
      }
      hand.close()
    },
    get closed() {
      return closed
    },
  }
}

function merge(earlier: ReportChange, later: ReportChange): ReportChange {
  const kind = WEIGHT[later.kind] > WEIGHT[earlier.kind] ? later.kind : earlier.kind
  const event = later.event.sequence >= earlier.event.sequence ? later.event : earlier.event
  return { kind, event }
}
