import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Repository {
  id: number
  full_name: string
  stargazers_count: number
  forks_count: number
  language: string | null
  topics: string[]
  description: string | null
  html_url: string
  created_at: string
}
export interface Seen {
  readonly page: number
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** By the monotonic clock. */
  readonly at: number
}
/** An answer instead of the usual one. */
export type Instead = { status: number; headers?: Record<string, string>; body?: object | string } | 'hang up'

const TOPICS = ['ai', 'cli', 'database', 'web']
const LANGUAGES = ['Go', 'Python', 'Rust', 'TypeScript', null]

/** `count` repositories, the hottest first, created one minute after the other before the given moment. */
export function someRepositories(count: number, before = Date.parse('2026-11-21T12:00:00Z')): Repository[] {
  return Array.from({ length: count }, (_, index) => ({
    id: 1_000 + index,
    full_name: `owner-${index % 37}/project-${index}`,
    stargazers_count: 100_000 - index * 7,
    forks_count: index * 3,
    language: LANGUAGES[index % LANGUAGES.length]!,
    topics: TOPICS.filter((_, topic) => index % (topic + 3) === 0),
    description: index % 11 === 0 ? null : `Project "${index}", with a comma`,
    html_url: `https://github.com/owner-${index % 37}/project-${index}`,
    created_at: `${new Date(before - index * 60_000).toISOString().slice(0, 19)}Z`,
  }))
}

/**
 * A server that speaks the part of GitHub's REST API that searches: pages, Link, limits and their headers, refusals. `search` is its
 * world, to be changed while it runs.
 */
export async function startGithub(repositories: Repository[]) {
  const search = {
    repositories,
    /** Milliseconds before each answer. */
    delay: 0,
    /** No answer before so many requests have come. */
    gather: 0,
    /** Requests that a minute allows; each is one less. */
    remaining: 30,
    resetAt: Math.ceil(Date.now() / 1000) + 60,
    incomplete: 0,
    token: null as string | null,
    /** Asked for each request before anything else. */
    instead: (_seen: Seen): Instead | null => null,
  }
  const seen: Seen[] = []
  const gathered = Promise.withResolvers<void>()
  function limits(): Record<string, string> {
    return {
      'x-ratelimit-limit': '30',
      'x-ratelimit-remaining': String(Math.max(0, search.remaining)),
      'x-ratelimit-reset': String(search.resetAt),
      'x-ratelimit-resource': 'search',
      'x-github-request-id': `T:${seen.length}`,
    }
  }
  function send(
    response: ServerResponse,
    status: number,
    body: object | string,
    headers: Record<string, string> = {},
  ): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...limits(), ...headers }).end(text)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, base)
    const page = Number(url.searchParams.get('page') ?? 1)
    const perPage = Number(url.searchParams.get('per_page') ?? 30)
    const one: Seen = { page, query: url.searchParams, headers: request.headers, at: performance.now() }
    seen.push(one)
    const instead = search.instead(one)
    if (seen.length >= search.gather) gathered.resolve()
    if (search.gather > 0) await gathered.promise
    if (search.delay > 0) await new Promise((resolve) => setTimeout(resolve, search.delay))
    if (instead === 'hang up') return void request.socket.destroy()
    if (instead) return send(response, instead.status, instead.body ?? { message: 'Server Error' }, instead.headers)
    if (url.pathname !== '/search/repositories') return send(response, 404, { message: 'Not Found' })
    if (search.token !== null && request.headers.authorization !== `token ${search.token}`)
      return send(response, 401, { message: 'Bad credentials' })
    if (search.remaining <= 0) return send(response, 403, { message: 'API rate limit exceeded for 127.0.0.1.' })
    search.remaining -= 1
    const created = /created:>=(\S+)/.exec(url.searchParams.get('q') ?? '')?.[1]
    if (created === undefined || Number.isNaN(Date.parse(created)) || page * perPage > 1000)
      return send(response, 422, { message: 'Validation Failed', errors: [{ resource: 'Search', code: 'invalid' }] })
    const found = search.repositories
      .filter(({ created_at }) => Date.parse(created_at) >= Date.parse(created))
      .toSorted((a, b) => b.stargazers_count - a.stargazers_count)
    const items = found.slice((page - 1) * perPage, page * perPage)
    const to = (number: number, rel: string) => {
      url.searchParams.set('page', String(number))
      return `<${url.href}>; rel="${rel}"`
    }
    const last = Math.ceil(Math.min(1000, found.length) / perPage)
    const link = [
      ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : []),
      ...(page > 1 ? [to(1, 'first')] : []),
    ]
    const incomplete = search.incomplete > 0
    if (incomplete) search.incomplete -= 1
    send(
      response,
      200,
      { total_count: found.length, incomplete_results: incomplete, items },
      link.length > 0 ? { link: link.join(', ') } : {},
    )
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: base,
    search,
    seen,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
