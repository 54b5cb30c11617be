import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { someRepositories, startGithub } from '../support/github-server.ts'
import { drawInvoice, drawPdf, drawStatement, PIXEL } from '../support/pdfs.ts'
import { oracles } from '../support/oracles.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'
import { readSheet } from '../support/xlsx.ts'

/** `npm run report`, as who writes a report type types it. Each is a process, of which a busy machine starts one in two seconds. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
let directory: string
let site: SourceDatabase
let github: Awaited<ReturnType<typeof startGithub>>
beforeAll(async () => {
  github = await startGithub(someRepositories(120, Date.now()))
  site =
    await createSourceDatabase(`create table request_events as select n::text as request_id, now() - n * interval '1 minute' as time, 'v' || n % 3 as visitor,
    '/' || n % 2 as path, null::text as referrer, 'curl' as user_agent, 200 as status from generate_series(1, 60) n`)
})
afterAll(async () => {
  await github?.close()
  await site?.drop()
})
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-author-'))
  return () => rm(directory, { recursive: true, force: true })
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}
async function report(words: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const { PATH = '', HOME = '' } = process.env
  const options = { cwd: ROOT, env: { PATH, HOME, ...env }, timeout: 60_000 }
  return promisify(execFile)('npm', ['run', '--silent', 'report', '--', ...words], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  )
}
async function pdf(name: string, ...drawn: Parameters<typeof drawPdf>): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, await drawPdf(...drawn))
  return path
}

describe('pdf_tables of a file on disk', () => {
  test('as CSV, with a bar, the sum of the bytes and the summary; nothing else is left', async () => {
    const file = await pdf('statement.pdf', (page) => void drawStatement(page, 90))
    const { code, stderr } = await report(['pdf_tables', '--file', file, '--out', join(directory, 'x.csv')])
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^pdf_tables: .*\n.*x\.csv {2}sha256 [0-9a-f]{64}\n\{.*"rows":90/s)]) // prettier-ignore
    const lines = (await readFile(join(directory, 'x.csv'), 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(91)
    expect(lines.slice(0, 2)).toEqual(['Date,Value date,Details,Debit,Credit,Balance', '01.10.2026,01.10.2026,Card payment 0 Reference RF5000 of the shop Vilnius,,"1,100.00","10,000.00"']) // prettier-ignore
    expect((await readdir(directory)).toSorted()).toEqual(['statement.pdf', 'x.csv'])
  }, 30_000)

  test('with its parameters, as XLSX and as PARQUET', async () => {
    const file = await pdf('invoice.pdf', drawInvoice)
    const words = ['--names', 'SNAKE_CASE', '--decimal-mark=POINT', '--totals', 'DROP']
    for (const name of ['x.xlsx', 'x.parquet']) {
      const ended = await report(['pdf_tables', '--file', file, ...words, '--out', join(directory, name)])
      expect(ended).toMatchObject({ code: 0 })
    }
    const { rows } = readSheet(await readFile(join(directory, 'x.xlsx')))
    const cells = rows.map((row) => row.map((cell) => cell?.value ?? null))
    expect(cells[0]).toEqual(['pos', 'description', 'qty', 'unit_price', 'amount_eur'])
    expect(cells.slice(1).map((row) => row[4])).toEqual(['1750.00', '49.90', '6200.00', '-199.90'])
    const bytes = await readFile(join(directory, 'x.parquet'))
    const objects = await parquetReadObjects({ file: new Uint8Array(bytes).buffer })
    expect(objects.map((row) => Object.values(row))).toEqual(cells.slice(1))
  }, 60_000)

  test.each<[string, () => Promise<string>, RegExp]>([
    ['that is not there', async () => join(directory, 'none.pdf'), /^INVALID_PARAMETERS: There is no file ".*none\.pdf" that can be read\.\n$/m], // prettier-ignore
    ['that is encrypted', () => pdf('a.pdf', drawInvoice, { userPassword: 'secret' }), /^INVALID_PARAMETERS: The PDF is encrypted/m], // prettier-ignore
    ['of pictures', () => pdf('a.pdf', (page) => void page.image(PIXEL, 0, 0, { width: 500 })), /^INVALID_PARAMETERS: The PDF has no text/m], // prettier-ignore
  ])(
    '%s ends with code 1 and plain words, and no file',
    async (_, file, words) => {
      const { code, stderr } = await report(['pdf_tables', '--file', await file(), '--out', join(directory, 'x.csv')])
      expect([code, stderr]).toEqual([1, expect.stringMatching(words)])
      expect(stderr).not.toMatch(/\n +at /)
      expect((await readdir(directory)).filter((name) => !name.endsWith('.pdf'))).toEqual([])
    },
    30_000,
  )

  test('without a file: what it takes', async () => {
    const { code, stderr } = await report(['pdf_tables', '--out', join(directory, 'x.csv')])
    expect([code, stderr]).toEqual([1, expect.stringContaining('--file: file is required: give the path of a file.')])
    const help = await report(['pdf_tables', '--help'])
    expect([help.code, help.stderr]).toEqual([0, expect.stringMatching(/--file +path of a file, required/)])
  }, 30_000)

  test('into a directory that is not there', async () => {
    const file = await pdf('invoice.pdf', drawInvoice)
    const { code, stderr } = await report(['pdf_tables', '--file', file, '--out', join(directory, 'no/where/x.csv')])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^--out: there is no directory ".*no\/where"/m)])
  }, 30_000)
})

test('the other types that come with the service, from the sources of the settings', async () => {
  const hottest = await report(['github_hot_repositories', '--period', 'WEEK', '--out', join(directory, 'hot.csv')], { GITHUB_URL: github.url }) // prettier-ignore
  expect(hottest).toMatchObject({ code: 0 })
  expect((await readFile(join(directory, 'hot.csv'), 'utf8')).trimEnd().split('\n')).toHaveLength(121)
  const env = { BROADSHEET_SOURCES: JSON.stringify({ app: site.url }), EVENTS_SOURCE: 'app:public.request_events' }
  const came = await report(['visitors', '--last-minutes', '31', '--out', join(directory, 'came.ndjson')], env)
  expect(came).toMatchObject({ code: 0 })
  const visitors = (await readFile(join(directory, 'came.ndjson'), 'utf8')).trimEnd().split('\n')
  expect(visitors.map((line) => JSON.parse(line) as { requests: number }).reduce((sum, { requests }) => sum + requests, 0)).toBe(30) // prettier-ignore
}, 60_000)

test('npm run demo:events fills a DynamoDB of its own, and says how to ask for what came; Ctrl-C ends it', async () => {
  await oracles() // it would install them by itself
  const endpoint = `http://127.0.0.1:${await freePort()}`
  const { PATH = '', HOME = '' } = process.env
  const demo = spawn(process.execPath, ['demo/events.ts'], {
    cwd: ROOT,
    env: { PATH, HOME, DYNAMODB_ENDPOINT: endpoint },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(demo, 'exit')
  try {
    let said = ''
    demo.stderr.on('data', (chunk) => (said += String(chunk)))
    await until(() => said.includes('Ctrl-C') || demo.exitCode !== null, { timeout: 120_000, what: 'it is filled' })
    expect(said).toContain(`50000 events of the last 24 hours are at ${endpoint}.`)
    const exported = Object.fromEntries(
      [...said.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]),
    )
    const command = /npm run report -- (.*)--out/.exec(said)![1]!.trim().split(' ')
    expect(exported).toEqual({ EVENTS_SOURCE: 'dynamodb:request-events', DYNAMODB_ENDPOINT: endpoint })
    const came = await report([...command, '--out', join(directory, 'came.ndjson')], exported as Record<string, string>)
    expect(came).toMatchObject({ code: 0 })
    const lines = (await readFile(join(directory, 'came.ndjson'), 'utf8')).trimEnd().split('\n')
    const requests = lines.reduce((sum, line) => sum + (JSON.parse(line) as { requests: number }).requests, 0)
    // A twenty-fourth of them, but for what has left the hour since.
    expect(requests).toBeGreaterThan(1_500)
    expect(requests).toBeLessThanOrEqual(2_084)
  } finally {
    demo.kill('SIGINT')
  }
  expect(await ended).toEqual([0, null])
}, 180_000)

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
