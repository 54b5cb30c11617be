import type { Rate } from '../limits.ts'
import type { Log } from '../log.ts'
import { openPubSub, type PubSub } from '../progress/redis.ts'
import { createBuckets } from './buckets.ts'

/** Longest wait for Redis before an operation goes on without it, and for how long all others then do too; in milliseconds. */
const WITHIN = 100
const LEFT_ALONE = 1_000

/**
 * A token bucket by Redis' own clock, which all API processes share: takes one, and answers 0 or the milliseconds until there
 * is one. It goes by itself once it would be full again.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, each = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = most
if known[1] then tokens = math.min(most, known[1] + math.max(0, now - known[2]) / each) end
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) * each) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((most - tokens) * each) + 1000)
return wait`

export interface RateLimit {
  /**
   * One operation of a caller: 0, or the milliseconds until it may try again. Never rejects: with Redis away, the bucket of this
   * process alone decides.
   */
  take(caller: string, rate: Rate): Promise<number>
  close(): void
}

/**
 * Rates over all API processes, by one connection to Redis. Each process has the same bucket of its own as well: it sees a part of
 * what Redis' sees, so what it refuses needs no journey, and without Redis nobody gets more than that from each process.
 */
export function createRateLimit({ redisUrl, log }: { redisUrl: string; log: Log }): RateLimit {
  const link: PubSub = openPubSub({ redisUrl, log, meanwhile: 'each API process limits rates by itself' })
  link.redis.defineCommand('takeToken', { numberOfKeys: 1, lua: TAKE })
  const shared = link.redis as unknown as { takeToken(key: string, most: number, each: number): Promise<number> }
  const own = createBuckets()
  let aloneUntil = 0

  /** Null where Redis does not say in time. */
  async function ask(caller: string, { most, seconds }: Rate): Promise<number | null> {
    try {
      return await inTime(shared.takeToken(`broadsheet:rate:${caller}`, most, (seconds * 1_000) / most))
    } catch (error) {
      log.debug({ err: error }, 'Redis did not say whether a rate is kept')
      return null
    }
  }

  return {
    async take(caller, rate) {
      const wait = own.take(caller, rate)
      if (wait > 0 || performance.now() < aloneUntil) return wait
      const said = await ask(caller, rate)
      if (said === null) aloneUntil = performance.now() + LEFT_ALONE
      // Refused by all together: then it has not used this process's bucket either.
      else if (said > 0) own.giveBack(caller, rate)
      return said ?? 0
    },
    close: link.close,
  }
}

/** The answer, or null after WITHIN: but one that is there and only waits behind this process's own work still counts. */
async function inTime(answer: Promise<number>): Promise<number | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => setImmediate(() => setImmediate(() => resolve(null))), WITHIN)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
