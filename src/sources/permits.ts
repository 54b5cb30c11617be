/** At most so many at once; the rest wait in order. */
export interface Permits {
  /** Resolves with what gives the permit back (once). Rejects with the signal's reason, or when closed. */
  take(signal?: AbortSignal): Promise<() => void>
  close(): void
}

export function createPermits(most: number): Permits {
  let free = most
  let closed = false
  const waiting = new Set<{ resolve(): void; reject(error: unknown): void }>()

  function giveBack(): void {
    const [first] = waiting
    if (!first) free += 1
    else {
      waiting.delete(first)
      first.resolve()
    }
  }
  function permit(): () => void {
    let held = true
    return () => {
      if (held) giveBack()
      held = false
    }
  }
  return {
    async take(signal) {
      signal?.throwIfAborted()
      if (closed) throw new Error('Connection terminated: the source is closed.')
      if (free > 0) {
        free -= 1
        return permit()
      }
      const turn = Promise.withResolvers<void>()
      const waiter = { resolve: turn.resolve, reject: turn.reject }
      const onAbort = () => {
        if (waiting.delete(waiter)) turn.reject(signal?.reason)
      }
      waiting.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
      try {
        await turn.promise
      } finally {
        signal?.removeEventListener('abort', onAbort)
      }
      return permit()
    },
    close() {
      closed = true
      for (const { reject } of waiting) reject(new Error('Connection terminated: the source is closed.'))
      waiting.clear()
    },
  }
}
