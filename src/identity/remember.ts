/** A clock in milliseconds that only moves forward, from any beginning. */
export type Ticks = () => number

/** A bounded memory of answers: the oldest goes when it is full, each is forgotten after its time. */
export interface Memory<V> {
  /** The answer remembered for `key`, or `load()`'s. Callers at the same time share one load; a rejection is not remembered. */
  recall(key: string, load: () => Promise<V>): Promise<V>
  readonly size: number
}

/**
 * `lifetime` in milliseconds counts from the moment the load began, so that no answer is older than that.
 * `most` entries are kept.
 */
export function createMemory<V>(options: { lifetime: number; most: number; ticks?: Ticks }): Memory<V> {
  const now = options.ticks ?? (() => performance.now())
  // A Map keeps the order of insertion: with one lifetime for all, its first entry is always the next to end.
  const entries = new Map<string, { answer: Promise<V>; until: number }>()

  function makeRoom(): void {
    for (const [key, entry] of entries) {
      if (entry.until > now() && entries.size < options.most) return
      entries.delete(key)
    }
  }

  return {
    recall(key, load) {
      const known = entries.get(key)
      if (known && known.until > now()) return known.answer
      entries.delete(key)
      makeRoom()
      const entry = { answer: load(), until: now() + options.lifetime }
      entries.set(key, entry)
      entry.answer.catch(() => {
        if (entries.get(key) === entry) entries.delete(key)
      })
      return entry.answer
    },
    get size() {
      return entries.size
    },
  }
}
