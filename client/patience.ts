import { setTimeout } from 'node:timers/promises'
import { ApiError, ConnectionLost, readable } from './errors.ts'

/** Seconds that a client waits where the API tells it to; longer, and the caller hears of it. */
const LONGEST_RETRY_AFTER = 30

/** Milliseconds until the same may be asked again, at the earliest; null: it would not help, or not soon. */
export function waitAskedBy(error: unknown): number | null {
  if (error instanceof ConnectionLost) return error.passing ? 0 : null
  if (!(error instanceof ApiError)) return null
  if (error.retryAfter === null) return error.code === 'UNAVAILABLE' ? 0 : null
  return error.retryAfter <= LONGEST_RETRY_AFTER ? error.retryAfter * 1_000 : null
}

/** Rejects with the reason of `signal`. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal })
  } catch (error) {
    throw readable(error, signal)
  }
}
