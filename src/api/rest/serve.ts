import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GraphQLSchema } from 'graphql'
import type { Log } from '../../log.ts'
import { SAFE_HEADERS } from '../pages.ts'
import type { Pipeline } from '../yoga.ts'
import { readBody } from './body.ts'
import { readFields, readQuery, wordsOf } from './fields.ts'
import { createTryIt } from './try-it.ts'
import { openApiOf } from './openapi.ts'
import { createPipelineCalls } from './pipeline-calls.ts'
import { notFound, Problem } from './problem.ts'
import type { Answer, Route } from './route.ts'
import { ROUTES } from './routes.ts'
import { sendEvents } from './send-events.ts'

export const REST_PREFIX = '/api/v1'

interface Dependencies {
  pipeline: Pipeline
  schema: GraphQLSchema
  /** Where addresses in answers begin. */
  publicUrl(): string
  /** In bytes: as for GraphQL. */
  longestBody: number
  log: Log
}

const MATCHERS = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace('{id}', '([^/]+)')}$`),
}))

/** REST under /api/v1: a table of routes to documents of the one schema, its OpenAPI document, and a page to try it. */
export function createRest({ pipeline, schema, publicUrl, longestBody, log }: Dependencies) {
  const words = wordsOf(schema)
  const tryIt = createTryIt()
  const href = (path: string) => `${publicUrl()}${REST_PREFIX}${path}`

  async function answer(request: IncomingMessage, url: URL, calls: Calls): Promise<Answer> {
    const path = url.pathname.slice(REST_PREFIX.length).replace(/\/$/, '')
    if (path === '/openapi.json' && request.method === 'GET')
      return { status: 200, body: openApiOf({ words, url: href('') }) }
    const { route, id } = routeOf(request.method ?? '', path)
    const query = readQuery(route.query ?? {}, url.searchParams, words)
    const body = route.method === 'GET' ? {} : readFields(route.body ?? {}, await readBody(request, longestBody), words)
    const header = (name: string) => (typeof request.headers[name] === 'string' ? request.headers[name] : null)
    return route.run({
      id,
      query,
      body,
      ask: calls.ask,
      follow: calls.follow,
      href,
      idempotencyKey: header('idempotency-key'),
      wantsEvents: header('accept')?.includes('text/event-stream') ?? false,
      lastEventId: header('last-event-id'),
    })
  }

  return async function serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (tryIt(request, response, url.pathname.slice(REST_PREFIX.length))) return
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const calls = createPipelineCalls(pipeline, request, gone.signal)
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { ...SAFE_HEADERS, Allow: ALL_METHODS }).end()
      return
    }
    let given: Answer
    try {
      given = await answer(request, url, calls)
    } catch (error) {
      given = problemAnswer(error)
    }
    const { status, body, headers, events } = given
    const all = { ...SAFE_HEADERS, ...headers }
    if (events) return sendEvents(response, all, events)
    if (body === undefined) return void response.writeHead(status, all).end()
    const type = body instanceof Problem ? 'application/problem+json' : 'application/json'
    response.writeHead(status, { ...all, 'Content-Type': `${type}; charset=utf-8` })
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`)
  }

  function problemAnswer(error: unknown): Answer {
    if (error instanceof Problem) return { status: error.status, body: error, headers: error.headers }
    const reference = randomUUID()
    log.error({ err: error, reference }, 'a REST request failed')
    const problem = new Problem(500, 'INTERNAL_SERVER_ERROR', `Something went wrong. It was logged as ${reference}.`)
    return { status: 500, body: problem }
  }
}

type Calls = ReturnType<typeof createPipelineCalls>
export type Rest = ReturnType<typeof createRest>

const ALL_METHODS = 'GET, POST, PATCH, DELETE, OPTIONS'

/** Throws Problem: 404, or 405 with what the path takes. */
function routeOf(method: string, path: string): { route: Route; id: string } {
  const there = MATCHERS.filter(({ pattern }) => pattern.test(path))
  const found = there.find(({ route }) => route.method === method || (route.method === 'GET' && method === 'HEAD'))
  if (found) return { route: found.route, id: decoded(found.pattern.exec(path)?.[1] ?? '') }
  if (there.length === 0) throw notFound()
  const allowed = [...new Set(there.map(({ route }) => route.method))].join(', ')
  throw new Problem(405, 'METHOD_NOT_ALLOWED', `Here is ${allowed}.`, { headers: { Allow: allowed } })
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch (error) {
    if (error instanceof URIError) throw notFound()
    throw error
  }
}
