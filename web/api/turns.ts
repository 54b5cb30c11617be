import { asFailure, mayPass, type Failure } from './failure.ts'

/** Milliseconds in which what is told of one thing in several ways becomes one reading. */
const GATHERED_IN = 40
/** Milliseconds between two readings, however many events call for one. */
const BETWEEN = 500
/** Milliseconds until a reading that failed is tried again, the first time and at most. */
const FIRST_AGAIN = 1_000
const LONGEST_AGAIN = 15_000

export interface Turns {
  /** A reading, soon; `at once` where somebody waits for it: then it is not held back behind the one before. */
  ask(when?: 'at once'): void
  /** No reading begins any more. */
  close(): void
}

/**
 * One reading at a time; what is asked for while one is under way is one more. Where a reading fails in a way that may pass
 * (nobody would ask for it again), it is tried again, ever later; `failed` is told each time.
 */
export function createTurns(read: () => Promise<void>, failed: (failure: Failure) => void, between = BETWEEN): Turns {
  let wanted = false
  let hurried = false
  let reading = false
  let closed = false
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function later(milliseconds: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      if (wanted) void turn()
    }, milliseconds)
  }

  async function turn(): Promise<void> {
    wanted = hurried = false
    reading = true
    const failure = await read().then(
      () => null,
      (error: unknown) => asFailure(error),
    )
    reading = false
    if (closed) return
    if (failure) failed(failure)
    if (failure && mayPass(failure)) {
      wanted = true
      later(Math.max((failure.retryAfter ?? 0) * 1_000, Math.min(FIRST_AGAIN * 2 ** failures++, LONGEST_AGAIN)))
    } else {
      failures = 0
      later(hurried ? 0 : between)
    }
  }

  return {
    ask(when) {
      if (closed) return
      wanted = true
      if (when !== undefined) hurried = true
      if (reading || (timer !== undefined && !hurried)) return
      later(hurried ? 0 : GATHERED_IN)
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
