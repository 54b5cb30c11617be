import type { Log } from '../log.ts'

export interface Topics<R> {
  join(channel: string, reader: R): void
  leave(channel: string, reader: R): void
  /** Calls for each reader of the channel; what throws for one is logged and does not reach another. */
  each(channel: string, call: (reader: R) => void): void
  /** All readers of all channels. */
  all(): IterableIterator<R>
}

/** Who reads which channel; `onFirst` and `onLast` tell when a channel gets its first reader and loses its last. */
export function createTopics<R>(deps: {
  log: Log
  onFirst(channel: string): void
  onLast(channel: string): void
}): Topics<R> {
  const readers = new Map<string, Set<R>>()
  return {
    join(channel, reader) {
      const present = readers.get(channel)
      if (present) return void present.add(reader)
      readers.set(channel, new Set([reader]))
      deps.onFirst(channel)
    },
    leave(channel, reader) {
      const present = readers.get(channel)
      if (!present?.delete(reader) || present.size > 0) return
      readers.delete(channel)
      deps.onLast(channel)
    },
    each(channel, call) {
      for (const reader of readers.get(channel) ?? []) {
        try {
          call(reader)
        } catch (error) {
          deps.log.error({ err: error, channel }, 'a progress reader failed')
        }
      }
    },
    *all() {
      for (const present of readers.values()) yield* present
    },
  }
}
