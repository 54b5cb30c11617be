import { failureOf, mayPass, type Failure } from './failure.ts'

/** What graphql-ws tells of one operation. */
export interface Sink<Result> {
  next(told: { data?: Result | null; errors?: readonly unknown[] | undefined }): void
  /** An array: the API's errors. All else is the socket's own matter, which the line tells of. */
  error(error: unknown): void
  complete(): void
}

/** The first and the longest wait before an operation that ended is begun again, in milliseconds. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 15_000

/**
 * A subscription that goes on until it is left. `begin` starts it, and starts it again after each loss of the socket by itself; but
 * not where the service completed it (it is going down) or refused it for now: then it is begun again here, ever later while nothing
 * is heard. `failed` is called once, for a refusal that stays. Answers how to leave.
 */
export function keepFollowing<Result>(
  begin: (sink: Sink<Result>) => () => void,
  heard: (result: Result) => void,
  failed?: (failure: Failure) => void,
): () => void {
  let left = false
  let waits = 0
  let again: ReturnType<typeof setTimeout> | undefined
  let end = () => undefined as void

  function start(): void {
    let refused: Failure | undefined
    const ended = () => {
      if (left) return
      if (refused && !mayPass(refused)) {
        left = true
        return failed?.(refused)
      }
      const wait = Math.min(FIRST_WAIT * 2 ** waits++, LONGEST_WAIT)
      again = setTimeout(start, Math.max(wait, (refused?.retryAfter ?? 0) * 1_000))
    }
    end = begin({
      next({ data, errors }) {
        // A subscription that is refused is told as one event without data, and completed.
        refused = errors ? failureOf({ graphQLErrors: errors as never }) : undefined
        if (left || !data) return
        waits = 0
        heard(data)
      },
      error(error) {
        // All else is the end of the socket: the next one carries it on.
        refused = Array.isArray(error) ? failureOf({ graphQLErrors: error }) : undefined
        ended()
      },
      complete: ended,
    })
  }
  start()

  return () => {
    left = true
    clearTimeout(again)
    end()
  }
}
