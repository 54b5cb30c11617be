import type { Writable } from 'node:stream'
import type { ExecutionResult } from 'graphql'

/** What is needed of a WebSocket to know whether it takes more. */
export interface Sending {
  readonly readyState: number
  readonly OPEN: number
}

/** Results that several sockets send: made into bytes once. */
const payloads = new WeakMap<object, Buffer>()

function payloadOf(result: ExecutionResult): Buffer {
  let payload = payloads.get(result)
  if (payload === undefined) payloads.set(result, (payload = Buffer.from(JSON.stringify(result))))
  return payload
}

/** One text frame of a server (RFC 6455, 5.2) in one buffer: `head`, the payload and a closing brace. */
function frameOf(head: Buffer, payload: Buffer): Buffer {
  const length = head.length + payload.length + 1
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(start + length)
  frame[0] = 0x81
  if (start === 2) frame[1] = length
  else if (start === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  head.copy(frame, start)
  payload.copy(frame, start + head.length)
  frame[start + length - 1] = 0x7d
  return frame
}

/**
 * Sends the results of a subscription as `next` frames by itself, each made from bytes that all sockets with the same
 * result share, and waits until one has left before it takes the next: a slow reader then gets the latest, not all.
 * Each is one write on `wire`, the connection under the socket; ws would make two of it and encode the text for each reader anew
 * (1,000 readers of one report: a tenth fewer deliveries a second). What ws itself writes is whole frames too, so that both fit together as long as
 * the server compresses nothing.
 * To graphql-ws it looks like a stream that yields nothing and ends when `results` ends, or when the socket takes no more: a
 * socket that is closing is still there for up to half a minute, and graphql-ws forgets a stream that has ended, so `results`
 * is ended here. Nobody else would. `return()` ends it at once, with a result or a frame under way: until it has ended, graphql-ws
 * would take an operation that comes with the same id for this one.
 */
export function sendFrames(
  results: AsyncIterableIterator<ExecutionResult>,
  id: string,
  socket: Sending,
  wire: Writable,
): AsyncIterableIterator<ExecutionResult> {
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`)
  /** True at once where the kernel has taken all; else when it has, and false where it never will. */
  function write(frame: Buffer): boolean | Promise<boolean> {
    let tell: ((sent: boolean) => void) | undefined
    wire.write(frame, (error) => tell?.(!error))
    return wire.writable && wire.writableLength === 0 ? true : new Promise((resolve) => (tell = resolve))
  }
  let left = false
  /** Ends a next() that waits. */
  let leave: () => void = () => undefined

  async function sendAll(): Promise<void> {
    for (;;) {
      const step = await results.next()
      if (step.done || left) return
      const sent = socket.readyState === socket.OPEN && write(frameOf(head, payloadOf(step.value)))
      if (sent === true || (await sent)) continue
      await results.return?.()
      return
    }
  }

  return {
    next() {
      return new Promise((resolve, reject) => {
        leave = () => resolve({ done: true, value: undefined })
        sendAll().then(leave, reject)
      })
    },
    async return() {
      left = true
      leave()
      await results.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
