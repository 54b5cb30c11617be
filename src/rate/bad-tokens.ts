import { createHash } from 'node:crypto'
import type { Rate } from '../limits.ts'
import { peerOf } from './peer.ts'
import type { RateLimit } from './rate-limit.ts'

/** Peers that are held off, and credentials that were good, which are remembered; the oldest goes first. */
const MOST_REMEMBERED = 10_000

/**
 * How many bad tokens one peer may show. What a token costs (a look into the database, a signature) is spent before anybody is
 * known, so it is counted by address: the connection's own, whatever a header says. A peer that has used its rate up is refused
 * before its token is looked at, but for a credential that was good lately: behind a proxy everybody has one address, and who is
 * known comes in while somebody else is guessing. Buckets are those of every rate: in Redis over all processes, gone by themselves
 * when they are full again, and each process by itself while Redis is away.
 */
export function createBadTokens({
  rateLimit,
  rate,
  now = () => performance.now(),
}: {
  rateLimit: Pick<RateLimit, 'take'>
  rate: Rate
  /** Milliseconds that only move forward. */
  now?: () => number
}) {
  const heldOff = new Map<string, number>()
  const good = new Map<string, true>()

  return {
    /** Before a credential is looked at: 0, or the milliseconds until this one may be shown. */
    wait(address: string, authorization: string): number {
      const peer = peerOf(address)
      const until = heldOff.get(peer)
      if (until === undefined) return 0
      const left = until - now()
      if (left <= 0) heldOff.delete(peer)
      return left <= 0 || good.has(hashOf(authorization)) ? 0 : Math.ceil(left)
    },

    /** The credential was good. */
    welcome(authorization: string): void {
      remember(good, hashOf(authorization), true)
    },

    /** The credential was not. Answers as `wait` does, for the next one. Never rejects. */
    async refused(address: string, authorization: string): Promise<number> {
      // It was good once, and has ended.
      good.delete(hashOf(authorization))
      const peer = peerOf(address)
      const wait = await rateLimit.take(`bad-token:${peer}`, rate)
      if (wait > 0) remember(heldOff, peer, now() + wait)
      return wait
    },
  }
}

function remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
  memory.delete(key)
  memory.set(key, value)
  const [oldest] = memory.keys()
  if (memory.size > MOST_REMEMBERED && oldest !== undefined) memory.delete(oldest)
}

/** No credential is kept. */
function hashOf(authorization: string): string {
  return createHash('sha256').update(authorization).digest('base64')
}
