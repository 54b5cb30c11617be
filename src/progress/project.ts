/**
 * Each item of a stream made into another, or (undefined) left out. Unlike an async generator it passes `return()` on at
 * once, also while it waits for the next item: a reader that leaves frees its source in that moment. What `project` throws is
 * thrown to the reader and ends the source: whoever reads a stream that threw does not return it. `over` hears of the end, whoever
 * ended it, perhaps more than once.
 */
export function projectStream<T, U>(
  source: AsyncIterator<T>,
  project: (item: T) => Promise<U | undefined> | U | undefined,
  over: () => void = () => undefined,
): AsyncIterableIterator<U> {
  return {
    async next() {
      try {
        for (;;) {
          const step = await source.next()
          if (step.done) {
            over()
            return { done: true, value: undefined }
          }
          const value = await project(step.value)
          if (value !== undefined) return { done: false, value }
        }
      } catch (error) {
        over()
        await source.return?.()
        throw error
      }
    },
    async return() {
      over()
      await source.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
