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
 * To graphql-ws it looks like a stream that yields nothing and ends when `results` ends, or when the socket takes no more: a
 * socket that is closing is still there for up to half a minute, and graphql-ws forgets a stream that has ended, so `results`
 * is ended here. Nobody else would.
 */
export function sendFrames(
  results: AsyncIterableIterator<ExecutionResult>,
  id: string,
  socket: Sending,
): AsyncIterableIterator<ExecutionResult> {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  const sent = (frame: string) =>
    new Promise<boolean>((resolve) => socket.send(frame, (error) => resolve(error === undefined || error === null)))
  return {
    async next() {
      for (;;) {
        const step = await results.next()
        if (step.done) return { done: true, value: undefined }
        if (socket.readyState === socket.OPEN && (await sent(`${head}${textOf(step.value)}}`))) continue
        await results.return?.()
        return { done: true, value: undefined }
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
