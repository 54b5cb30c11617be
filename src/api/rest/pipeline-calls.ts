import type { IncomingMessage } from 'node:http'
import type { Called, Pipeline } from '../yoga.ts'
import { DOCUMENTS } from './documents.ts'
import { Problem, problemOf } from './problem.ts'
import type { Data, Events } from './route.ts'

interface Result {
  readonly data?: Data | null
  readonly errors?: readonly { message: string; extensions?: Record<string, unknown> }[]
}

/** Of the caller's headers, what the pipeline looks at: who asks, from where, in which trace. */
const HANDED_ON = ['authorization', 'user-agent', 'x-forwarded-for', 'traceparent', 'tracestate'] as const
/** Never dialled: the pipeline is called in this process. */
const ADDRESS = 'http://broadsheet/graphql'

/**
 * The way from a request of this API through the one pipeline, with the caller's own credential: what holds for GraphQL holds
 * here. What pages of other origins may read, the server has said before.
 */
export function createPipelineCalls(
  pipeline: Pipeline,
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  signal: AbortSignal,
) {
  const called: Called = { address: socket.remoteAddress ?? '' }
  const given: Record<string, string> = {}
  for (const name of HANDED_ON) {
    const value = headers[name]
    if (typeof value === 'string') given[name] = value
  }
  // Django REST framework's own word for the same header.
  if (given['authorization']) given['authorization'] = given['authorization'].replace(/^token (?=\S+$)/i, 'Bearer ')

  async function operation(name: string, variables: Record<string, unknown>, accept: string): Promise<Response> {
    // `trusted`: these documents are the service's own, also where others must be known beforehand.
    return pipeline.fetch(
      ADDRESS,
      {
        method: 'POST',
        signal,
        headers: { ...given, 'content-type': 'application/json', accept },
        body: JSON.stringify({ query: DOCUMENTS[name], operationName: name, variables }),
      },
      { trusted: true, ...called },
    )
  }

  return {
    async ask(name: string, variables: Record<string, unknown> = {}): Promise<Data> {
      const answer = await operation(name, variables, 'application/json')
      return dataOf((await answer.json()) as Result)
    },

    async follow(name: string, variables: Record<string, unknown>): Promise<Events> {
      const answer = await operation(name, variables, 'text/event-stream')
      const reader = answer.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
      if (!reader) throw problemOf([])
      const results = resultsOf(reader)
      // A refusal is the first result, and is to be an answer with its status.
      const first = await results.next()
      const head = first.done || first.value === null ? null : dataOf(first.value)
      return {
        async *[Symbol.asyncIterator]() {
          if (first.done) return
          yield head
          for await (const result of results) yield result === null ? null : dataOf(result)
        },
        // Ends what waits for the next event as well, which leaving the loop would not.
        // What fails then is a stream that has ended already.
        close: () => void reader.cancel().catch(() => undefined),
      }
    },
  }
}

function dataOf({ data, errors }: Result): Data {
  if (errors && errors.length > 0) throw problemOf(errors)
  if (!data) throw new Problem(500, 'INTERNAL_SERVER_ERROR', 'Something went wrong. It was logged; try again later.')
  return data
}

/** The results in a stream of server-sent events, up to its end; null for a sign of life. */
async function* resultsOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Result | null> {
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n')
    rest = blocks.pop() as string
    for (const block of blocks) {
      const text = /^data: ?(.+)$/m.exec(block)?.[1]
      if (/^event: ?next$/m.test(block) && text) yield JSON.parse(text) as Result
      else if (block.startsWith(':')) yield null
    }
  }
}
