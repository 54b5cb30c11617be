// Long because all commands share one service, which takes longer to bring up than they do.
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { createClient } from '../support/client.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** As many rows as asked for, each as slow as asked for, wide enough to leave Postgres at once. */
const VISITS = `/*---
title: Visits
source: site
parameters:
  most: { type: Int! }
  nap_seconds: { type: Float, default: 0 }
  pages: { type: "[String!]" }
  urgent_only: { type: Boolean, default: false }
tenancy: shared
---*/
select id, E'two\\nlines, "quoted"' as note, repeat('x', case when :nap_seconds > 0 then 9000 else 1 end) as filler,
  case when :nap_seconds > 0 then pg_sleep(:nap_seconds)::text end as nap, :urgent_only as urgent
from generate_series(1, :most) id where :pages::text[] is null or id::text = any(:pages::text[])`
const BROKEN = `/*---
title: Broken
source: site
parameters: { by: { type: Int, default: 0 } }
tenancy: shared
---*/
select 1 / :by as nothing`

let database: TestDatabase
let site: SourceDatabase
let directory: string
let api: RunningApi
let worker: RunningProcess
let client: ReturnType<typeof createClient>
let options: Parameters<typeof startApi>[0]

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-cli-'))
  await chmod(directory, 0o755)
  await writeFile(join(directory, 'visits.sql'), VISITS)
  await writeFile(join(directory, 'broken.sql'), BROKEN)
  database = await createDatabase()
  site = await createSourceDatabase('select 1')
  options = {
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: directory,
    sources: { site: site.url },
  }
  ;[api, worker] = await Promise.all([startApi(options), startWorker(options)])
  client = createClient(api.url, api.adminToken)
})
afterAll(async () => {
  await client?.close()
  worker?.kill('SIGTERM')
  expect(await Promise.all([api?.stop(), worker?.stopped])).toEqual([0, 0])
  await site?.drop()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

interface Started {
  process: ChildProcess
  out(): string
  err(): string
  /** Exit code, stdout and stderr. */
  ended: Promise<{ code: number | null; out: string; err: string; bytes: Buffer }>
}

/** `broadsheet ...` as a shell starts it, without the tests' Node on PATH. */
function start(args: string[], { env = {}, command = [join(ROOT, 'cli/broadsheet')] } = {}): Started {
  const [program, ...first] = command as [string, ...string[]]
  const child = spawn(program, [...first, ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      BROADSHEET_URL: api.url,
      BROADSHEET_TOKEN: api.adminToken,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const out = () => Buffer.concat(chunks).toString()
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    out: out(),
    err,
    bytes: Buffer.concat(chunks),
  }))
  return { process: child, out, err: () => err, ended }
}
const broadsheet = (...args: string[]) => start(args).ended

const path = (name: string) => join(directory, name)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
/** One that takes half a minute unless it is cancelled. */
async function slow(): Promise<Started & { id: string }> {
  const running = start([
    'run',
    'visits',
    '--most',
    '300',
    '--nap-seconds',
    '0.1',
    '--watch',
    '--out',
    path('slow.csv'),
  ])
  await until(() => /writing: \d/.test(running.err()), { timeout: 30_000, what: `it writes: ${running.err()}` })
  return { ...running, id: running.out().trim() }
}

// Each command is a process, of which a busy machine starts one in two seconds.
vi.setConfig({ testTimeout: 60_000 })

describe('run', () => {
  test('asks, watches with progress, saves and checks: code 0, and the id alone on stdout', async () => {
    const { code, out, err } = await broadsheet(
      'run',
      'visits',
      '--param',
      'most=2000',
      '--watch',
      '--out',
      path('a.csv'),
    )
    expect(code, err).toBe(0)
    const { document, status } = await client.report(out.trim())
    const bytes = await readFile(path('a.csv'))
    expect([status, sha256(bytes), bytes.length]).toEqual(['SUCCEEDED', document!.sha256, document!.byteSize])
    expect(err).toContain('Asked for: Visits')
    expect(err).toContain('Writing the report: 100 %  done: 2,000 of 2,000 rows')
    expect(err).toContain(`sha256 ${document!.sha256} is right`)
    expect(err).toContain(`The file: ${path('a.csv')}`)
  })

  test('takes every parameter as a flag of its own, and what the request says besides', async () => {
    const flags = ['--most=9', '--urgent-only', '--pages', '2', '--pages', '3']
    const more = [
      '--format',
      'ndjson',
      '--compression',
      'gzip',
      '--title',
      'Mine',
      '--tag',
      'a',
      '--tag',
      'b',
      '--time-zone',
      'Europe/Vilnius',
    ]
    const { code, out, err } = await broadsheet('run', 'visits', ...flags, ...more, '--json', '--out', `${directory}/`)
    expect(code, err).toBe(0)
    const report = JSON.parse(out)
    expect(report).toMatchObject({
      type: 'visits',
      title: 'Mine',
      status: 'SUCCEEDED',
      format: 'NDJSON',
      compression: 'GZIP',
      parameters: { most: 9, urgentOnly: true, pages: ['2', '3'] },
      document: { rowCount: 2 },
    })
    expect(report.file).toBe(path(report.document.fileName))
    expect((await broadsheet('verify', report.file)).code).toBe(0)
  })

  test('without --watch it is back at once; with --out - the document alone is on stdout; --quiet says nothing', async () => {
    const asked = await broadsheet('run', 'visits', '--most', '3', '--json')
    expect(JSON.parse(asked.out)).toMatchObject({ type: 'visits', status: 'QUEUED', file: null })
    const { code, bytes, err } = await broadsheet('run', 'visits', '--most', '3000', '--out', '-', '-q')
    expect([code, err]).toEqual([0, ''])
    const { nodes } = JSON.parse(
      (await broadsheet('ls', '-n', '1', '--json')).out.replace(/^/, '{"nodes":').replace(/$/, '}'),
    )
    expect(sha256(bytes)).toBe(nodes[0].document.sha256)
  })

  test('ends with the outcome: FAILED is 4, refused is 3, what can not be meant is 2', async () => {
    const failed = await broadsheet('run', 'broken', '--watch', '--json')
    expect(failed.code).toBe(4)
    expect(JSON.parse(failed.out)).toMatchObject({
      status: 'FAILED',
      failure: { code: 'SOURCE_QUERY_FAILED' },
      file: null,
    })
    expect(failed.err).toContain('FAILED SOURCE_QUERY_FAILED')
    const { code, err } = await broadsheet('run', 'broken', '--watch', '--quiet')
    expect([code, err]).toEqual([4, expect.stringMatching(/^FAILED SOURCE_QUERY_FAILED: .*\n$/)])

    const refused = await broadsheet('run', 'visits', '--most', 'many', '--json')
    expect(refused.code).toBe(3)
    expect(JSON.parse(refused.out).error).toMatchObject({
      code: 'INVALID',
      userErrors: [{ field: ['report', 'byName', 'parameters', 'most'] }],
    })
    expect(refused.err).toContain('report.byName.parameters.most: ')

    const mistakes: [string[], string][] = [
      [['run', 'visit'], 'There are: broken, visits'],
      [['run', 'visits', '--moist', '1'], 'no parameter "moist"'],
      [['run', 'visits', '--most', '1', '--json', '--out', '-'], 'both want stdout'],
      [['rum'], 'unknown command'],
      [['ls', '--first', 'all'], 'whole number'],
      [['ls', '--url', 'here'], 'no http or https address'],
    ]
    await Promise.all(
      mistakes.map(async ([args, words]) => {
        const { code, err } = await broadsheet(...args)
        expect([code, err], args.join(' ')).toEqual([2, expect.stringContaining(words)])
      }),
    )
    const elsewhere = [
      { BROADSHEET_TOKEN: '' },
      { BROADSHEET_TOKEN: 'wrong' },
      { BROADSHEET_URL: 'http://127.0.0.1:1023' },
    ]
    const codes = elsewhere.map(async (env) => (await start(['ls'], { env }).ended).code)
    expect(await Promise.all(codes)).toEqual([2, 3, 7])
  })

  test('Ctrl-C leaves and the report goes on; cancel ends it, and whoever watches hears that as 5', async () => {
    const { id, process: child, ended, err } = await slow()
    const watching = start(['watch', id, '--json'])
    await until(() => watching.out() !== '', { timeout: 20_000, what: 'the second hears of it' })
    child.kill('SIGINT')
    expect((await ended).code, err()).toBe(130)
    expect(err()).toContain(`broadsheet watch ${id}`)
    expect(err()).toContain(`broadsheet cancel ${id}`)
    expect((await client.report(id)).status).toBe('RUNNING')
    expect((await readdir(directory)).filter((name) => name.startsWith('slow'))).toEqual([])

    const canceled = await broadsheet('cancel', id)
    expect([canceled.code, canceled.out]).toEqual([0, expect.stringMatching(/CANCEL(ING|ED)/)])
    const { code, out } = await watching.ended
    expect(code).toBe(5)
    const events = out.trim().split('\n').map((line) => JSON.parse(line)) // prettier-ignore
    expect(events.length).toBeGreaterThan(1)
    expect(events.at(-1)).toMatchObject({ status: 'CANCELED', report: { id, status: 'CANCELED', file: null } })
    const again = await broadsheet('cancel', id, 'nothing', '--json')
    expect([again.code, JSON.parse(again.out)]).toEqual([3, [{ id, status: 'CANCELED' }, { id: 'nothing', userErrors: [expect.objectContaining({ code: 'NOT_FOUND' })] }]]) // prettier-ignore
  })
})

test(
  'an API that is killed and comes back in mid-watch: the command goes on, and its file is whole',
  { timeout: 60_000 },
  async () => {
    const running = start(['run', 'visits', '--most', '60', '--nap-seconds', '0.1', '--out', path('b.csv')])
    await until(() => /writing: \d/.test(running.err()), { timeout: 30_000 })
    const { port } = new URL(api.url)
    api.kill('SIGKILL')
    await api.stopped
    await until(() => running.err().includes('The connection was lost; trying again.'), { timeout: 20_000 })
    api = await startApi({ ...options, env: { PORT: port } })
    const { code, out, err } = await running.ended
    expect(code, err).toBe(0)
    const { document } = await client.report(out.trim())
    expect(document).toMatchObject({ rowCount: 60, sha256: sha256(await readFile(path('b.csv'))) })
  },
)

describe('verify', () => {
  test.each(['none', 'gzip', 'zstd'])('counts the rows of a document anew: %s', async (compression) => {
    const file = path(`whole.${compression}`)
    const asked = await broadsheet(
      'run',
      'visits',
      '--most',
      '500',
      '--compression',
      compression,
      '--dialect',
      'excel',
      '--out',
      file,
    )
    const { code, out } = await broadsheet('verify', file, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ verified: true, report: asked.out.trim(), rowCount: 500, faults: [] })
  })

  test('finds the report of a file however many came after it', async () => {
    const file = path('old.csv')
    const { out } = await broadsheet('run', 'visits', '--most', '41', '--out', file)
    await broadsheet('run', 'visits', '--most', '42', '--watch')
    const found = await broadsheet('verify', file, '--search', '1', '--json')
    expect(JSON.parse(found.out)).toMatchObject({ verified: true, report: out.trim(), rowCount: 41 })
  })

  test('a file that was changed or cut is not the document: 8, with what is wrong', async () => {
    const run = JSON.parse((await broadsheet('run', 'visits', '--most', '100', '--out', `${directory}/`, '--json')).out)
    const { id, file } = run
    await truncate(file, 1_000)
    const unknown = await broadsheet('verify', file)
    expect([unknown.code, unknown.err]).toEqual([8, expect.stringContaining('No document has the sha256')])
    expect(unknown.err, 'whose name it has').toContain(`is the document of report ${id}`)
    const { code, out, err } = await broadsheet('verify', file, '--report', id, '--json')
    expect(code).toBe(8)
    expect(JSON.parse(out)).toMatchObject({ verified: false, report: id })
    for (const words of ['size in bytes is 1000', 'sha256 is', 'number of its rows is']) expect(err).toContain(words)
  })

  test('what is no file is 2, what is no report 3, what has no document its status', async () => {
    const file = path('visits.sql')
    expect((await broadsheet('verify', path('nothing.csv'))).code).toBe(2)
    expect((await broadsheet('verify', directory)).code).toBe(2)
    expect((await broadsheet('verify', file, '--report', 'nothing')).code).toBe(3)
    const failed = JSON.parse((await broadsheet('run', 'broken', '--watch', '--json')).out).id
    expect((await broadsheet('verify', file, '--report', failed)).code).toBe(4)
  })
})

describe('lists', () => {
  test('ls shows the newest, filtered; a reader that has enough is no fault', async () => {
    const { out } = await broadsheet('ls', '--status', 'failed', '--json')
    const failed = JSON.parse(out)
    expect(failed.length).toBeGreaterThan(0)
    expect(new Set(failed.map((each: any) => `${each.type} ${each.status}`))).toEqual(new Set(['broken FAILED']))
    const lines = (await broadsheet('ls', '--type', 'visits', '-n', '2')).out.trim().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^ID +STATUS +ROWS +ASKED \(UTC\) +TITLE$/)
    const piped = start(['-c', `"${ROOT}cli/broadsheet" ls -n 100 | head -1; echo "\${PIPESTATUS[0]}"`], {
      command: ['bash'],
    })
    expect((await piped.ended).out).toMatch(/^ID.*\n0\n$/)
  })

  test('schedules and types', async () => {
    const schedule = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${api.adminToken}` },
      body: JSON.stringify({
        query: `mutation { createSchedule(input: { title: "Each night", cadence: { cron: "0 3 * * *" }, timeZone: "Europe/Vilnius",
          report: { byName: { type: "visits", parameters: { most: 1 } } } }) { schedule { id } userErrors { message } } }`,
      }),
    })
    const { data } = (await schedule.json()) as any
    const { out } = await broadsheet('schedules', '--json')
    expect(JSON.parse(out)).toEqual([expect.objectContaining({ id: data.createSchedule.schedule.id, type: 'visits', cron: '0 3 * * *', paused: false, title: 'Each night' })]) // prettier-ignore
    expect((await broadsheet('schedules')).out).toMatch(
      /^ID.*\n\w+ +0 3 \* \* \* +Europe\/Vilnius +\S+Z +visits +Each night\n$/,
    )
    const { out: types } = await broadsheet('types')
    expect(types).toContain('visits  Visits\n    --most Int!\n    --nap-seconds Float = 0\n    --pages [String!]\n')
  })

  test('npx finds the command in a checkout, with the Node that the machine has', async () => {
    const outside = process.env['PATH']!.split(':').filter((each) => !each.startsWith(ROOT)).join(':') // prettier-ignore
    const { code, out, err } = await start(['broadsheet', 'ls', '--json'], { command: ['npx'], env: { PATH: outside } })
      .ended
    expect(code, err).toBe(0)
    expect(JSON.parse(out).length).toBeGreaterThan(3)
  })
})
