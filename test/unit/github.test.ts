import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import report from '../../reports/github_hot_repositories.ts'
import { createGithubSource } from '../../src/sources/github.ts'
import { afterAnswer } from '../../src/sources/github-waits.ts'
import { expectGolden, runReport } from '../../worker/run-report.ts'
import { someRepositories, startGithub, type Instead, type Seen } from '../support/github-server.ts'

const REQUESTED = new Date('2026-11-21T12:00:00Z')
let github: Awaited<ReturnType<typeof startGithub>>
beforeEach(async () => {
  github = await startGithub(someRepositories(620))
})
afterEach(() => github.close())

/** Pauses are told, and take no time. */
const waits: number[] = []
async function run(parameters: object = {}, options: { token?: string; signal?: AbortSignal } = {}) {
  waits.length = 0
  const { token = null, signal = new AbortController().signal } = options
  const source = createGithubSource(
    { url: github.url, token },
    {
      signal,
      wait: async (milliseconds) => {
        waits.push(Math.round(milliseconds))
        clock += milliseconds
      },
      now: () => performance.now() + clock,
    },
  )
  return runReport(
    report,
    { ...parameters },
    { sources: { github: source }, requestedAt: REQUESTED, signal, name: 'github_hot_repositories' },
  )
}
let clock = 0
/** Such an answer to the first `times` requests of a page. */
const onceFor = (page: number, instead: Instead, times = 1) => {
  let left = times
  github.search.instead = (seen: Seen) => (seen.page === page && left-- > 0 ? instead : null)
}
const records = (csv: string) => csv.trimEnd().split('\n').slice(1)

describe('the hottest repositories', () => {
  test('by language, from five pages that are asked for at once', async () => {
    github.search.gather = 5
    const done = await run({ period: 'DAY' })
    expect(github.seen.map(({ page }) => page).toSorted()).toEqual([1, 2, 3, 4, 5])
    for (const { query, headers } of github.seen) {
      expect(Object.fromEntries(query)).toMatchObject({
        q: 'created:>=2026-11-20T12:00:00Z',
        sort: 'stars',
        order: 'desc',
        per_page: '100',
      })
      expect(headers).toMatchObject({ 'user-agent': expect.stringContaining('broadsheet') })
      expect(headers.authorization).toBeUndefined()
    }
    expect(done).toMatchObject({ fileName: 'github-hot-repositories-2026-11-21.csv', rowCount: 500 })
    expect(done.summary).toEqual({ repositories: 500, groups: 5, since: '2026-11-20T12:00:00.000Z' })
    expect(done.csv.split('\n')[0]).toBe('group,full_name,stars,forks,language,description,url,created_at')
    await expectGolden(done.csv, new URL('../golden/github-hot-repositories.csv', import.meta.url))
  })

  test('groups and their order: by code points, then by stars; without a language "(none)"', async () => {
    const rows = records((await run()).csv).map((line) => line.split(','))
    const groups = rows.map(([group]) => group)
    expect([...new Set(groups)]).toEqual(['(none)', 'Go', 'Python', 'Rust', 'TypeScript'])
    for (const group of new Set(groups)) {
      const stars = rows.filter(([own]) => own === group).map(([, , count]) => Number(count))
      expect(stars).toEqual(stars.toSorted((a, b) => b - a))
    }
  })

  test('by topic a repository stands under each of its own', async () => {
    const done = await run({ group_by: 'TOPIC' })
    const hottest = someRepositories(500)
    const expected = hottest.reduce((sum, { topics }) => sum + Math.max(1, topics.length), 0)
    expect(done.rowCount).toBe(expected)
    const first = records(done.csv).filter((line) => line.includes('owner-0/project-0,'))
    expect(first.map((line) => line.split(',')[0])).toEqual(['ai', 'cli', 'database', 'web'])
    expect(records(done.csv).filter((line) => line.startsWith('(none),'))).toHaveLength(
      hottest.filter(({ topics }) => topics.length === 0).length,
    )
  })

  test('since a day, which begins in the time zone of the report; fewer than five pages are all there is', async () => {
    const done = await run({ ref_date: '2026-11-21' })
    expect(github.seen[0]!.query.get('q')).toBe('created:>=2026-11-21T00:00:00Z')
    expect(done.rowCount).toBe(500)
    github.search.repositories = someRepositories(120)
    expect((await run({ period: 'MONTH' })).rowCount).toBe(120)
    github.search.repositories = []
    expect((await run({ period: 'MONTH' })).csv.trimEnd().split('\n')).toHaveLength(1)
  })

  test('period and refDate exclude each other', async () => {
    await expect(run({ period: 'DAY', ref_date: 'today' })).rejects.toMatchObject({
      userErrors: [{ field: ['refDate'], code: 'INVALID' }],
    })
  })

  test('with a token, which is sent and never told', async () => {
    github.search.token = 'ghp_right'
    expect((await run({}, { token: 'ghp_right' })).rowCount).toBe(500)
    const error = await run({}, { token: 'ghp_wrong' }).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({
      code: 'ACCESS_DENIED',
      retryable: false,
      message: 'GitHub does not take GITHUB_TOKEN.',
    })
  })
})

describe('GitHub’s signals', () => {
  test('Retry-After of a secondary limit holds all requests', async () => {
    onceFor(3, {
      status: 403,
      headers: { 'retry-after': '7' },
      body: { message: 'You have exceeded a secondary rate limit.' },
    })
    expect((await run()).rowCount).toBe(500)
    expect(github.seen.filter(({ page }) => page === 3)).toHaveLength(2)
    expect(Math.max(...waits)).toBeGreaterThanOrEqual(6_900)
    expect(Math.max(...waits)).toBeLessThan(8_100)
  })

  test('429 and a secondary limit that names no time: a minute', async () => {
    onceFor(2, { status: 429, body: { message: 'Too many requests' }, headers: { 'x-ratelimit-remaining': '17' } })
    expect((await run()).rowCount).toBe(500)
    expect(Math.max(...waits)).toBeGreaterThan(59_000)
  })

  test('a limit that is used up is waited for until its reset', async () => {
    github.search.remaining = 3
    github.search.resetAt = Math.ceil(Date.now() / 1000) + 20
    let asked = 0
    github.search.instead = () => {
      // Two have met the limit; by then its minute is over.
      if (++asked === 6) github.search.remaining = 30
      return null
    }
    expect((await run()).rowCount).toBe(500)
    expect(Math.max(...waits)).toBeGreaterThan(18_000)
    expect(Math.max(...waits)).toBeLessThan(23_000)
  })

  test('a limit that lasts too long is a failure that is tried again, with its own code', async () => {
    github.search.instead = () => ({
      status: 403,
      headers: { 'retry-after': '3600' },
      body: { message: 'secondary rate limit' },
    })
    await expect(run()).rejects.toMatchObject({ name: 'ReportError', code: 'SOURCE_RATE_LIMITED', retryable: true })
    expect(waits).toEqual([])
  })

  test.each<[string, Instead]>([
    ['502', { status: 502, body: '<html>Bad Gateway</html>', headers: { 'content-type': 'text/html' } }],
    ['503', { status: 503 }],
    ['a connection that is cut', 'hang up'],
  ])('after %s one page is asked for again, with jitter', async (_, instead) => {
    onceFor(4, instead, 2)
    expect((await run()).rowCount).toBe(500)
    expect(github.seen.filter(({ page }) => page === 4)).toHaveLength(3)
    expect(github.seen).toHaveLength(7)
    expect(waits).toHaveLength(2)
    expect(waits[0]).toBeGreaterThanOrEqual(500)
    expect(waits[0]).toBeLessThanOrEqual(750)
  })

  test('a page that does not come fails the report, and never shortens it', async () => {
    onceFor(5, { status: 500 }, 100)
    await expect(run()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true })
    expect(github.seen.filter(({ page }) => page === 5)).toHaveLength(5)
  })

  test('422 is final', async () => {
    onceFor(1, { status: 422, body: { message: 'Validation Failed' } }, 100)
    await expect(run()).rejects.toMatchObject({
      code: 'SOURCE_QUERY_FAILED',
      retryable: false,
      message: expect.stringContaining('Validation Failed'),
    })
    expect(github.seen.filter(({ page }) => page === 1)).toHaveLength(1)
  })

  test('a 403 that is no limit is final', async () => {
    onceFor(1, { status: 403, body: { message: 'Resource not accessible' } }, 100)
    await expect(run()).rejects.toMatchObject({ code: 'ACCESS_DENIED', retryable: false })
  })

  test('incomplete results are asked for again, and never taken', async () => {
    github.search.incomplete = 1
    github.search.remaining = 100
    expect((await run()).rowCount).toBe(500)
    expect(github.seen).toHaveLength(10)
    github.search.incomplete = 1_000
    await expect(run()).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('incomplete'),
    })
  })

  test('a repository that moves between pages is noticed', async () => {
    let moved = false
    github.search.remaining = 100
    const usual = someRepositories(620)
    github.search.instead = ({ page }) => {
      if (moved || page !== 2) return null
      moved = true
      // The last of the first page again, and so one of the second nowhere.
      return { status: 200, body: { total_count: 620, incomplete_results: false, items: usual.slice(99, 199) } }
    }
    const done = await run()
    expect(done.rowCount).toBe(500)
    expect(github.seen).toHaveLength(10)
  })

  test('a cancel ends a wait at once', async () => {
    github.search.instead = () => ({ status: 429, headers: { 'retry-after': '60' } })
    const stop = new AbortController()
    const source = createGithubSource({ url: github.url, token: null }, { signal: stop.signal })
    const asked = source.get('/search/repositories', { q: 'x' })
    asked.catch(() => undefined)
    await expect.poll(() => github.seen.length).toBe(1)
    stop.abort(new Error('cancelled'))
    await expect(asked).rejects.toThrow('cancelled')
  })
})

test('the rules, where a server would take too long to show them', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  const after = (status: number | null, headers = {}, message = '', tries = 0) =>
    afterAnswer({ status, headers, message, now }, tries, () => 0)
  expect(after(429, { 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' })).toMatchObject({
    kind: 'limited',
    milliseconds: 30_000,
  })
  expect(after(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 9) })).toMatchObject({
    kind: 'limited',
    milliseconds: 10_000,
  })
  expect(after(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 - 9) })).toMatchObject({
    milliseconds: 1_000,
  })
  expect(after(403, {}, 'You have exceeded a secondary rate limit', 2)).toMatchObject({ milliseconds: 240_000 })
  expect(after(500, {}, '', 3)).toMatchObject({ kind: 'again', milliseconds: 4_000 })
  expect(after(503, { 'retry-after': '2' })).toMatchObject({ kind: 'again', milliseconds: 2_000 })
  expect(after(null)).toMatchObject({ kind: 'again', message: 'GitHub did not answer.' })
})
