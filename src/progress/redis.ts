import { Redis } from 'ioredis'
import { Unavailable } from '../errors.ts'
import type { Log } from '../log.ts'

/** Longest wait for the answer to one command, in milliseconds. */
export const COMMAND_TIMEOUT = 1_000
/** Longest wait between two tries to connect; there is no last try. */
const LONGEST_WAIT = 2_000
/** How often a connection is asked whether it still lives, and how long it may then be silent before it is given up. */
const PING_EVERY = 4_000
const SILENCE = 6_000

/** Redis as pub/sub uses it: one connection, reconnected for ever, that keeps nothing for later while it is away. */
export interface PubSub {
  readonly redis: Redis
  /** Rejects with Unavailable unless Redis answers within a second. */
  ping(): Promise<void>
  close(): void
}

/**
 * Connects in the background; a Redis that is away at the start is no error. An outage is logged once, and so is its end.
 * A connection that is open only by name (the peer vanished, or hangs) is dropped within 10 s.
 */
export function openPubSub(options: {
  redisUrl: string
  log: Log
  /** What goes on without it, for the log. */
  meanwhile?: string
}): PubSub {
  const { meanwhile = 'progress comes from the database' } = options
  let outage = false
  const redis = new Redis(options.redisUrl, {
    keepAlive: 5_000,
    connectTimeout: 5_000,
    commandTimeout: COMMAND_TIMEOUT,
    socketTimeout: SILENCE,
    disconnectTimeout: 200,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), LONGEST_WAIT),
  })
  redis.on('error', (error: Error) => {
    if (!outage) options.log.warn({ err: error }, `Redis is away: ${meanwhile} until it is back`)
    outage = true
  })
  redis.on('ready', () => {
    if (outage) options.log.info('Redis is back')
    outage = false
  })

  // The answer does not matter: an unanswered command is what arms the socket's timeout, which is what drops it.
  const heartbeat = setInterval(() => {
    if (redis.status === 'ready')
      redis.ping().catch((error: unknown) => options.log.debug({ err: error }, 'no pong from Redis'))
  }, PING_EVERY)
  heartbeat.unref()

  return {
    redis,
    async ping() {
      try {
        await redis.ping()
      } catch (error) {
        throw new Unavailable('Redis does not answer.', error)
      }
    },
    close() {
      clearInterval(heartbeat)
      redis.disconnect()
    },
  }
}
