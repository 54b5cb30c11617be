import type { ExecutionResult } from 'graphql'
import { expect, test } from 'vitest'
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
  ['is closing', { readyState: 2, fault: undefined }],
  ['takes no frame', { readyState: 1, fault: new Error('it was reset') }],
])('results for a socket that %s are ended, as graphql-ws would not', async (_, { readyState, fault }) => {
  const results = endless<ExecutionResult>({ data: { a: 1 } })
  const socket = { readyState, OPEN: 1, send: (_text: string, sent: (error?: Error) => void) => sent(fault) }
  expect(await sendFrames(results, 'x', socket).next()).toEqual({ done: true, value: undefined })
  expect(results.returned).toBe(1)
})

test('what can not be made into another ends its source, and says why', async () => {
  const source = endless(1)
  const fault = new Error('not this one')
  const stream = projectStream(source, () => Promise.reject(fault))
  await expect(stream.next()).rejects.toBe(fault)
  expect(source.returned).toBe(1)
})
