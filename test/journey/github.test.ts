import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { someRepositories, startGithub } from '../support/github-server.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'

/** Milliseconds before each answer of GitHub, and what the whole may take: five answers one after the other are 1,500. */
const ANSWERS = 300
const IN_ALL = 700
const TRIES = 6

let github: Awaited<ReturnType<typeof startGithub>>
let database: TestDatabase
let directory: string
let api: RunningApi
let worker: RunningProcess
let client: ReturnType<typeof createClient>
beforeAll(async () => {
  github = await startGithub(someRepositories(620, Date.now()))
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-github-'))
  database = await createDatabase()
  const options = {
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    env: { GITHUB_URL: github.url, GITHUB_TOKEN: 'ghp_of_the_tests' },
  }
  ;[api, worker] = await Promise.all([startApi(options), startWorker(options)])
  client = createClient(api.url, api.adminToken)
})
afterAll(async () => {
  await client?.close()
  for (const each of [api, worker]) {
    each?.kill('SIGKILL')
    await each?.stopped
  }
  await github?.close()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})
beforeEach(() => {
  Object.assign(github.search, { delay: 0, gather: 0, remaining: 1_000, instead: () => null })
  github.seen.length = 0
})

const ask = (parameters: object) =>
  client.request({ report: { githubHotRepositories: parameters } } as Parameters<typeof client.request>[0])

test('asked over GraphQL it is there before a third answer could have come, had they been one after the other', async () => {
  github.search.delay = ANSWERS
  const took: number[] = []
  // Of a busy machine the best: that it can be done is what is shown here; npm run bench -- authored says how it is usually.
  for (let tries = 0; tries < TRIES && !took.some((each) => each < IN_ALL); tries++) {
    github.seen.length = 0
    const began = performance.now()
    const id = await ask({ period: 'WEEK' })
    const events = await client.watched(id)
    took.push(performance.now() - began)
    expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED', percent: 100 })
    expect(github.seen.map(({ page }) => page).toSorted()).toEqual([1, 2, 3, 4, 5])
    expect((await client.report(id)).document).toMatchObject({ rowCount: 500 })
  }
  console.info(`GitHub's hottest, asked to SUCCEEDED: ${took.map((each) => each.toFixed(0)).join(', ')} ms`)
  expect(Math.min(...took)).toBeGreaterThan(ANSWERS)
  expect(Math.min(...took)).toBeLessThan(IN_ALL)
}, 60_000)

test('its five pages are asked for at once, with the token, and come as a file by the day', async () => {
  github.search.gather = 5
  const id = await ask({ period: 'DAY', groupBy: 'TOPIC' })
  const { document } = await client.reached(id, 'SUCCEEDED')
  expect(github.seen).toHaveLength(5)
  for (const { headers } of github.seen) expect(headers.authorization).toBe('token ghp_of_the_tests')
  expect(document!.fileName).toMatch(/^github-hot-repositories-\d{4}-\d\d-\d\d\.csv$/)
  const [header, ...lines] = (await client.download(id)).toString().trimEnd().split('\n')
  expect(header).toBe('group,full_name,stars,forks,language,description,url,created_at')
  const groups = lines.map((line) => line.split(',')[0]!)
  expect(groups).toEqual(groups.toSorted())
  expect(new Set(groups)).toEqual(new Set(['(none)', 'ai', 'cli', 'database', 'web']))
})

test('a page that does not come is a failure with a code, and no document', async () => {
  github.search.instead = ({ page }) => (page === 3 ? { status: 422, body: { message: 'Validation Failed' } } : null)
  const id = await ask({ refDate: 'today-P2D' })
  const { document, failure } = await client.reached(id, 'FAILED')
  expect(document).toBeNull()
  expect(failure).toMatchObject({ code: 'SOURCE_QUERY_FAILED', retryable: false })
})

test('period and refDate together are a user error at the parameter', async () => {
  await expect(ask({ period: 'DAY', refDate: 'today' })).rejects.toThrow(/refDate/)
})
