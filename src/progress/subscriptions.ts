import type { Log } from '../log.ts'
import type { PubSub } from './redis.ts'

/** Channels in one SUBSCRIBE: a thousand watchers that come at once cost a few commands. */
const CHUNK = 500
/** Wait before a refused or unanswered SUBSCRIBE is sent again, in milliseconds. */
const RETRY = 1_000

export interface Subscriptions {
  want(channel: string): void
  drop(channel: string): void
  /**
   * Resolves when Redis has acknowledged the subscription, at the latest after so many milliseconds, and at once where
   * Redis is known to be away: true if acknowledged.
   */
  live(channel: string, wait: number): Promise<boolean>
  close(): void
}

/**
 * The channels of one connection. What is wanted and what Redis was told are kept apart and are brought together once a
 * turn of the event loop; as commands on one connection keep their order, only the answer to a channel's last SUBSCRIBE
 * counts. `onLive` is called at each acknowledgement, so also after a reconnect, when messages may have been missed.
 */
export function createSubscriptions(deps: {
  pubSub: PubSub
  log: Log
  onMessage(channel: string, text: string): void
  onLive(channels: readonly string[]): void
}): Subscriptions {
  const { redis } = deps.pubSub
  const wanted = new Set<string>()
  /** Channel to the number of the SUBSCRIBE that told Redis about it on the connection that is open now. */
  const told = new Map<string, number>()
  const live = new Set<string>()
  const waiting = new Map<string, Set<() => void>>()
  let commands = 0
  let scheduled: NodeJS.Immediate | undefined
  let retry: NodeJS.Timeout | undefined
  let away = false

  redis.on('ready', () => {
    away = false
    schedule()
  })
  redis.on('close', () => {
    away = true
    told.clear()
    live.clear()
    release(waiting.keys())
  })
  redis.on('message', deps.onMessage)

  function schedule(): void {
    scheduled ??= setImmediate(reconcile)
  }

  function reconcile(): void {
    scheduled = undefined
    if (redis.status !== 'ready') return
    const gone = [...told.keys()].filter((channel) => !wanted.has(channel))
    const fresh = [...wanted].filter((channel) => !told.has(channel))
    for (let at = 0; at < gone.length; at += CHUNK) unsubscribe(gone.slice(at, at + CHUNK))
    for (let at = 0; at < fresh.length; at += CHUNK) void subscribe(fresh.slice(at, at + CHUNK))
  }

  async function subscribe(channels: string[]): Promise<void> {
    const command = (commands += 1)
    for (const channel of channels) told.set(channel, command)
    const current = () => channels.filter((channel) => told.get(channel) === command)
    try {
      await redis.subscribe(...channels)
    } catch (error) {
      // Where the connection went with it, nothing is `current`, and the next one starts from what is wanted.
      const failed = current()
      for (const channel of failed) told.delete(channel)
      if (failed.length === 0) return
      deps.log.warn({ err: error, channels: failed.length }, 'Redis did not take a subscription; trying again')
      retry ??= setTimeout(() => {
        retry = undefined
        schedule()
      }, RETRY)
      return
    }
    const acknowledged = current()
    for (const channel of acknowledged) live.add(channel)
    release(acknowledged)
    if (acknowledged.length > 0) deps.onLive(acknowledged)
  }

  function unsubscribe(channels: string[]): void {
    for (const channel of channels) {
      told.delete(channel)
      live.delete(channel)
    }
    // Not fatal: messages for a channel that nobody reads are thrown away.
    redis
      .unsubscribe(...channels)
      .catch((error: unknown) => deps.log.debug({ err: error }, 'Redis did not take an UNSUBSCRIBE'))
  }

  function release(channels: Iterable<string>): void {
    for (const channel of channels) {
      for (const resolve of waiting.get(channel) ?? []) resolve()
      waiting.delete(channel)
    }
  }

  return {
    want(channel) {
      wanted.add(channel)
      if (!told.has(channel)) schedule()
    },
    drop(channel) {
      wanted.delete(channel)
      release([channel])
      schedule()
    },
    async live(channel, wait) {
      if (live.has(channel)) return true
      if (away) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, wait)
        const waiters = waiting.get(channel) ?? new Set()
        waiting.set(channel, waiters.add(done))
        function done(): void {
          clearTimeout(timer)
          waiters.delete(done)
          resolve()
        }
      })
      return live.has(channel)
    },
    close() {
      clearImmediate(scheduled)
      clearTimeout(retry)
      wanted.clear()
      release(waiting.keys())
    },
  }
}
