import type { ExecutionResult } from 'graphql'

/** What is needed of a socket to send on it. */
export interface Sending {
  readonly readyState: number
  readonly OPEN: number
  send(text: string, sent: (error?: Error | null) => void): void
}

/** Texts of results that several sockets send: made once. */
const texts = new WeakMap<object, string>()

function textOf(result: ExecutionResult): string {
  let text = texts.get(result)
  if (text === undefined) texts.set(result, (text = JSON.stringify(result)))
  return text
}

/**
 * Sends the results of a subscription as `next` frames by itself, each made from a text that all sockets with the same
 * result share, and waits until one has left before it takes the next: a slow reader then gets the latest, not all.
 * To graphql-ws it looks like a stream that yields nothing and ends when `results` ends.
 */
export function sendFrames(
  results: AsyncIterableIterator<ExecutionResult>,
  id: string,
  socket: Sending,
): AsyncIterableIterator<ExecutionResult> {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  return {
    async next() {
      for (;;) {
        const step = await results.next()
        if (step.done || socket.readyState !== socket.OPEN) return { done: true, value: undefined }
        const frame = `${head}${textOf(step.value)}}`
        await new Promise<void>((resolve, reject) => socket.send(frame, (error) => (error ? reject(error) : resolve())))
      }
    },
    async return() {
      await results.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
