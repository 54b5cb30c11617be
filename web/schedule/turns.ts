import type { Failure } from '../api/failure.ts'

/** Milliseconds between two readings, however many events call for one. */
const BETWEEN = 500

/** One reading at a time, the next one not too soon; what is asked for meanwhile is one more. */
export function createTurns(read: () => Promise<void>, failed: (failure: Failure) => void) {
  let under: Promise<void> | undefined
  let again = false
  let over = false

  async function go(): Promise<void> {
    do {
      again = false
      try {
        await read()
      } catch (error) {
        if (!over) failed(error as Failure)
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN))
    } while (again && !over)
    under = undefined
  }

  return {
    ask(): void {
      if (over) return
      if (under) again = true
      else under = go()
    },
    end(): void {
      over = true
    },
  }
}
