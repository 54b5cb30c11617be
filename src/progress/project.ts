/**
 * Each item of a stream made into another, or (undefined) left out. Unlike an async generator it passes `return()` on at
 * once, also while it waits for the next item: a reader that leaves frees its source in that moment. What `project` throws is
 * thrown to the reader and ends the source: whoever reads a stream that threw does not return it.
 */
export function projectStream<T, U>(
  source: AsyncIterator<T>,
  project: (item: T) => Promise<U | undefined> | U | undefined,
): AsyncIterableIterator<U> {
  return {
    async next() {
      for (;;) {
        const step = await source.next()
        if (step.done) return { done: true, value: undefined }
        try {
          const value = await project(step.value)
          if (value !== undefined) return { done: false, value }
        } catch (error) {
          await source.return?.()
          throw error
        }
      }
    },
    async return() {
      await source.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
