import type { Log } from '../log.ts'

/** SQLSTATEs and system errors that mean: Postgres is not there, is going down, or has no connection to give. 08P01 does not: what was sent is wrong, and stays so. */
const STATES = /^(08(?!P01)|57P0[1-5]|53300)/
const SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENOENT',
  'EAI_AGAIN',
])
const DRIVER =
  /timeout (exceeded )?when trying to connect|timeout expired|Connection terminated|Query read timeout|Client has encountered a connection error|not queryable/i

/** True where asking again later may help because the database itself was out of reach. Looks through `cause`s. */
export function isUnreachable(error: unknown): boolean {
  for (
    let at: unknown = error, depth = 0;
    at instanceof Error && depth < 5;
    at = at.cause ?? (at as { previous?: unknown }).previous, depth++
  ) {
    const code = (at as { code?: unknown }).code
    if (typeof code === 'string' && (STATES.test(code) || SYSTEM.has(code))) return true
    if (DRIVER.test(at.message)) return true
    if (at instanceof AggregateError && at.errors.some(isUnreachable)) return true
  }
  return false
}

/** First and longest pause before an absent database is asked again at the start, in milliseconds. */
const FIRST_PAUSE = 200
const LONGEST_PAUSE = 2_000

/** Postgres that is away at the start is waited for, as it is later on; anything else that is wrong is told at once. */
export async function untilReachable<T>(work: () => Promise<T>, log: Log): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!isUnreachable(error)) throw error
      if (tries === 0) log.warn({ err: error }, 'the database is away: waiting for it')
      await new Promise((again) => setTimeout(again, Math.min(FIRST_PAUSE * 2 ** tries, LONGEST_PAUSE)))
    }
  }
}
