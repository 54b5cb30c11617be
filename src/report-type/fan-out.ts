/**
 * Works on several items at once and gives what each came to in the order of the items. At most `concurrency` (default 5) are
 * under way or wait to be taken, so that memory stays bounded however many items there are.
 *
 * The first failure of any of them is the failure of the whole; then, and when the reader leaves, the others' `signal` is aborted and
 * they are waited for, so that nothing runs on unseen. A `signal` that is given aborts all of them, too.
 */
export async function* fanOut<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T, signal: AbortSignal) => Promise<R>,
  options: { concurrency?: number; signal?: AbortSignal } = {},
): AsyncGenerator<R, void, undefined> {
  const { concurrency = 5, signal } = options
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new RangeError(`fanOut: concurrency is ${concurrency}, but must be a whole number above 0.`)
  const leaving = new AbortController()
  const stop = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal
  const failure = Promise.withResolvers<never>()
  // Whoever waits hears of it; where nobody waits any more it is no news.
  failure.promise.catch(() => undefined)
  const underWay: Promise<R>[] = []
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let ended = false

  async function fill(): Promise<void> {
    while (!ended && underWay.length < concurrency) {
      stop.throwIfAborted()
      const next = await source.next()
      stop.throwIfAborted()
      if (next.done) ended = true
      else {
        const working = (async () => work(next.value, stop))()
        working.catch(failure.reject)
        underWay.push(working)
      }
    }
  }

  try {
    for (;;) {
      await fill()
      const first = underWay[0]
      if (!first) return
      const result = await Promise.race([first, failure.promise])
      void underWay.shift()
      yield result
    }
  } finally {
    leaving.abort(new Error('The fan-out was left.'))
    await Promise.allSettled(underWay)
    if (!ended) await source.return?.()
  }
}
