import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import type { ExecutionResult } from 'graphql'
import { expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { sendFrames } from '../../src/api/frames.ts'
import { projectStream } from '../../src/progress/project.ts'

/** A stream without end, and whether it was returned. */
function endless<T>(item: T) {
  const stream = {
    returned: 0,
    async next(): Promise<IteratorResult<T>> {
      return { done: false, value: item }
    },
    async return(): Promise<IteratorResult<T>> {
      stream.returned += 1
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => stream,
  }
  return stream
}

test.each([
  ['is closing', 2, new Writable({ write: (_chunk, _encoding, done) => done() })],
  ['takes no frame', 1, new Writable({ write: (_chunk, _encoding, done) => done(new Error('it was reset')) })],
  ['breaks with a frame under way', 1, new Writable({ write: (_chunk, _encoding, done) => void setImmediate(done, new Error('it was reset')) })], // prettier-ignore
  ['is gone', 1, new Writable().destroy()],
])('results for a socket that %s are ended, as graphql-ws would not', async (_, readyState, wire) => {
  wire.on('error', () => undefined)
  const results = endless<ExecutionResult>({ data: { a: 1 } })
  expect(await sendFrames(results, 'x', { readyState, OPEN: 1 }, wire).next()).toEqual({ done: true, value: undefined })
  expect(results.returned).toBe(1)
})

test.each([1, 100, 300, 70_000])('a result of %i letters is one whole frame, in one write', async (letters) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  try {
    await once(server, 'listening')
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const heard = once(client, 'message')
    const [socket, { socket: wire }] = (await once(server, 'connection')) as [WebSocket, IncomingMessage]
    const data = { text: 'ü'.repeat(letters) }
    const write = vi.spyOn(wire, 'write')
    const frames = sendFrames([{ data }].values() as never, 'a"b', socket, wire)
    expect(await frames.next()).toEqual({ done: true, value: undefined })
    expect(write).toHaveBeenCalledOnce()
    expect(JSON.parse(String((await heard)[0]))).toEqual({ id: 'a"b', type: 'next', payload: { data } })
    client.terminate()
  } finally {
    server.close()
  }
})

test('what can not be made into another ends its source, and says why', async () => {
  const source = endless(1)
  const fault = new Error('not this one')
  const stream = projectStream(source, () => Promise.reject(fault))
  await expect(stream.next()).rejects.toBe(fault)
  expect(source.returned).toBe(1)
})
