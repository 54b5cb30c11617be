/**
 * The items of batches one by one, as an async generator would give them. Written by hand because a generator waits several
 * times for each item that it passes on, which costs more than reading it; here nothing waits but the next batch.
 * @param give makes of each item what the reader gets, when it gets it.
 */
export function oneByOne<I, T>(
  batches: AsyncGenerator<readonly I[], void, undefined>,
  give: (item: I) => T,
): AsyncIterableIterator<T, undefined> {
  let batch: readonly I[] = []
  let position = 0
  /** The last call that had to wait: calls that do not await each other are answered in their order. */
  let waiting: Promise<IteratorResult<T, undefined>> | undefined

  async function further(): Promise<IteratorResult<T, undefined>> {
    while (position >= batch.length) {
      const next = await batches.next()
      if (next.done) return { done: true, value: undefined }
      batch = next.value
      position = 0
    }
    return { done: false, value: give(batch[position++]!) }
  }
  function wait(turn: Promise<IteratorResult<T, undefined>>): Promise<IteratorResult<T, undefined>> {
    waiting = turn
    const settled = () => {
      if (waiting === turn) waiting = undefined
    }
    turn.then(settled, settled)
    return turn
  }

  return {
    next() {
      if (waiting) return wait(waiting.then(further, further))
      if (position < batch.length) return Promise.resolve({ done: false, value: give(batch[position++]!) })
      return wait(further())
    },
    async return() {
      batch = []
      position = 0
      await batches.return()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
