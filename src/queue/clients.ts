import { createRequire } from 'node:module'

/** What is used of a node_redis 3 client. */
export interface QueueClient {
  once(event: 'ready' | 'error', listener: (error?: Error) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  /** Ends at once; what is under way is answered with an error. */
  end(flush: boolean): void
}

/**
 * bee-queue's own node_redis, wherever npm has put it. bee-queue hides a client until it is ready, so one that is still
 * connecting to a frozen server could not be ended; hence clients are made here and handed over.
 */
const redis = createRequire(createRequire(import.meta.url).resolve('bee-queue'))('redis') as {
  createClient(url: string, options: Record<string, unknown>): QueueClient
}

/** Longest wait for a TCP connection, in milliseconds. */
const CONNECT_TIMEOUT = 5_000
/** A peer that vanished without a word is noticed this many milliseconds (and some ten probes of a second) later. */
const KEEP_ALIVE = 5_000

/**
 * A client that lives for one connection: where node_redis would reconnect by itself, with delays that grow without end
 * and without the scripts that a restarted server has lost, it ends, and whoever holds it opens a new one.
 */
export function openClient(redisUrl: string): QueueClient {
  return redis.createClient(redisUrl, {
    retry_strategy: () => undefined,
    connect_timeout: CONNECT_TIMEOUT,
    socket_keepalive: true,
    socket_initial_delay: KEEP_ALIVE,
    enable_offline_queue: false,
  })
}
