import { Failure } from './failure.ts'

/**
 * What somebody wants to be made, once: its key stays the same for the same input, however often it has to be sent because an
 * answer was lost. Other input is another intent.
 */
export interface Intent {
  keyOf(input: unknown): string
  /** It is made: the same input once more is meant once more. */
  over(): void
}

export function createIntent(): Intent {
  let meant: string | null = null
  let key = ''
  return {
    keyOf(input) {
      const asked = JSON.stringify(input)
      if (asked !== meant) {
        meant = asked
        key = crypto.randomUUID()
      }
      return key
    },
    over: () => void (meant = null),
  }
}

/** Milliseconds before each further try. */
const WAITS = [500, 1_000, 2_000, 4_000]

/**
 * Sends again, with the same key, what may have arrived although no answer came. `send` rejects with Failure; the last one is
 * the answer after all tries, or when `left` says that nobody waits any more.
 */
export async function persistently<Result>(
  send: () => Promise<Result>,
  left: () => boolean,
  waits: readonly number[] = WAITS,
): Promise<Result> {
  for (const wait of waits) {
    try {
      return await send()
    } catch (error) {
      const lost = error instanceof Failure && (error.code === 'OFFLINE' || error.code === 'UNAVAILABLE')
      if (!lost || left()) throw error
      await new Promise((resolve) => setTimeout(resolve, wait))
      if (left()) throw error
    }
  }
  return send()
}
