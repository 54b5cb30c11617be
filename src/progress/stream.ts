import type { Mailbox } from './mailbox.ts'

/**
 * A mailbox as the async iterator that a GraphQL subscription wants. `start` runs at the first next(); what it rejects
 * with is thrown to the reader. return() and the signal end it at once, even while next() waits, which a generator could
 * not. `end` runs once, also when it was never started.
 */
export function createStream<T>(deps: {
  box: Mailbox<T>
  start(): Promise<void>
  end(): void
  signal?: AbortSignal | undefined
}): AsyncIterableIterator<T> {
  const { box, signal } = deps
  let started = false
  let over = false
  let failure: { error: unknown } | undefined
  /** One after the other: how many have begun, and the last of them. */
  let steps = 0
  let last: Promise<unknown> | undefined

  function finish(): void {
    if (over) return
    over = true
    signal?.removeEventListener('abort', finish)
    box.close('at once')
    deps.end()
  }

  function start(): void {
    started = true
    if (signal?.aborted) return finish()
    signal?.addEventListener('abort', finish)
    deps.start().catch((error: unknown) => {
      failure = { error }
      box.close('at once')
    })
  }

  async function step(): Promise<IteratorResult<T>> {
    try {
      if (!started && !over) start()
      const value = over ? undefined : await box.take()
      if (value !== undefined && !over) return { done: false, value }
      finish()
      if (!failure) return { done: true, value: undefined }
      const { error } = failure
      failure = undefined
      throw error
    } finally {
      steps -= 1
    }
  }

  return {
    next() {
      steps += 1
      const result = last && steps > 1 ? last.then(step, step) : step()
      last = result
      return result
    },
    async return() {
      finish()
      return { done: true, value: undefined }
    },
    async throw(error: unknown) {
      finish()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
