import type { Rate } from '../limits.ts'

/** Callers that are remembered. One that is forgotten begins with a full bucket. */
const MOST_CALLERS = 10_000

/** Token buckets of this process. What is asked of them takes no time and never fails. */
export interface Buckets {
  /** Takes a token; answers 0, or the milliseconds until there is one. */
  take(caller: string, rate: Rate): number
  /** Gives back a token that was taken for nothing. */
  giveBack(caller: string, rate: Rate): void
}

/** `now`: milliseconds that only move forward. */
export function createBuckets(now: () => number = () => performance.now()): Buckets {
  // A Map keeps the order of insertion, and each use puts its caller last: the first was silent longest.
  const buckets = new Map<string, { tokens: number; at: number }>()

  function filled(caller: string, { most, seconds }: Rate): { tokens: number; at: number } {
    const at = now()
    const known = buckets.get(caller)
    const tokens = known ? Math.min(most, known.tokens + ((at - known.at) * most) / (seconds * 1_000)) : most
    return { tokens, at }
  }

  function keep(caller: string, bucket: { tokens: number; at: number }): void {
    buckets.delete(caller)
    buckets.set(caller, bucket)
    for (const silent of buckets.keys()) {
      if (buckets.size <= MOST_CALLERS) return
      buckets.delete(silent)
    }
  }

  return {
    take(caller, rate) {
      const { tokens, at } = filled(caller, rate)
      if (tokens < 1) {
        keep(caller, { tokens, at })
        return Math.ceil(((1 - tokens) * rate.seconds * 1_000) / rate.most)
      }
      keep(caller, { tokens: tokens - 1, at })
      return 0
    },
    giveBack(caller, rate) {
      const { tokens, at } = filled(caller, rate)
      keep(caller, { tokens: Math.min(rate.most, tokens + 1), at })
    },
  }
}
