import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { TABLES } from '../../src/embedded/shop/tables.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { installOracles } from '../support/oracles.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Other people's clients, in a package of their own. */
const CLIENTS = join(ROOT, 'test/oracles/clients/')
const CHROMIUM = '/usr/bin/chromium'
const runs = (program: string, ...args: string[]) =>
  promisify(execFile)(program, args).then(
    () => true,
    () => false,
  )
const [curl, python, browser] = await Promise.all([
  runs('curl', '--version'),
  runs('python3', '-c', 'import sys; assert sys.version_info >= (3, 8)'),
  access(CHROMIUM).then(
    () => true,
    () => false,
  ),
])

let database: TestDatabase
let shop: SourceDatabase
let data: string
let directory: string
let api: RunningApi
let worker: RunningProcess
let site: ReturnType<typeof createServer>
let origin: string

/** The page of the browser's example, which the site serves. */
let page = ''

beforeAll(async () => {
  site = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page))
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  data = await mkdtemp(join(tmpdir(), 'broadsheet-examples-'))
  await chmod(data, 0o755)
  database = await createDatabase()
  shop = await createSourceDatabase(
    `${TABLES}; grant usage on schema shop to public; grant select on all tables in schema shop to public`,
  )
  const options = {
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: data,
    sources: { shop: shop.url },
    env: { CORS_ORIGINS: origin },
  }
  ;[api, worker] = await Promise.all([startApi(options), startWorker(options)])
}, 120_000)
beforeEach(async () => {
  directory = await mkdtemp(join(data, 'example-'))
})
afterAll(async () => {
  worker?.kill('SIGTERM')
  expect(await Promise.all([api?.stop(), worker?.stopped])).toEqual([0, 0])
  site?.close()
  await shop?.drop()
  await database?.drop()
  await rm(data, { recursive: true, force: true })
})

// Each is a process, of which a busy machine starts one in two seconds.
vi.setConfig({ testTimeout: 60_000 })

/** The example below a heading of docs/clients.md, as it stands there. */
async function example(heading: string): Promise<string> {
  const text = await readFile(join(ROOT, 'docs/clients.md'), 'utf8')
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return /^```\w+\n([^]*?)^```$/m.exec(section)![1] as string
}
/** Every block of a page in this language, one behind the other. */
async function blocks(page: string, language: string): Promise<string> {
  const text = await readFile(join(ROOT, page), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code).join('\n')
}
/** Runs it as a reader does, in a directory of its own; what it said. */
async function follow(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: directory,
    timeout: 50_000,
    env: { PATH: process.env['PATH'], API: api.url, TOKEN: api.adminToken, BROADSHEET_TOKEN: api.adminToken },
  })
  return stdout
}
/** What the empty shop has sold. */
async function expectDocument(): Promise<void> {
  const [name, ...others] = (await readdir(directory)).filter((each) => each.endsWith('.csv'))
  expect([name, others]).toEqual([expect.stringMatching(/^sales-/), []])
  expect(await readFile(join(directory, name!), 'utf8')).toMatch(/^id,order_number,placed_at,/)
}
const inDirectory = async (name: string, text: string) => {
  const path = join(directory, name)
  await writeFile(path, text)
  return path
}

describe('docs/clients.md', () => {
  test('the typed client', async () => {
    // By its name, as within a checkout.
    await mkdir(join(directory, 'node_modules'))
    await symlink(ROOT, join(directory, 'node_modules/broadsheet'))
    const code = (await example('TypeScript: `client/`')).replace('http://127.0.0.1:4000', api.url)
    expect(await follow(process.execPath, await inDirectory('example.ts', code))).toMatch(
      /SUCCEEDED 100[^]*0 rows in .*\/downloads\/sales-.*\.csv\n$/,
    )
    directory = join(directory, 'downloads')
    await expectDocument()
  })

  test.skipIf(!curl)('curl (program: curl)', async () => {
    const said = await follow('bash', '-e', await inDirectory('example.sh', await example('curl')))
    expect(said).toMatch(/"status":"SUCCEEDED","percent":100[^]*sales-\S+\.csv: OK\n$/)
    await expectDocument()
  })

  test.skipIf(!python)('Python (program: python3)', async () => {
    const said = await follow('python3', await inDirectory('example.py', await example('Python')))
    expect(said).toMatch(/SUCCEEDED 100(\.0)?\nsales-\S+\.csv is right\n$/)
    await expectDocument()
  })

  test.each(['urql', 'Apollo Client'])('%s', { timeout: 150_000 }, async (heading) => {
    await installOracles(CLIENTS)
    await symlink(join(CLIENTS, 'node_modules'), join(directory, 'node_modules'))
    const said = await follow(process.execPath, await inDirectory('example.mjs', await example(heading)))
    expect(said).toMatch(/^SUCCEEDED 100\nSUCCEEDED http:\/\/127\.0\.0\.1:\d+\/documents\/\S+\n$/m)
  })

  test.skipIf(!browser)(`the browser's, in Chromium (program: ${CHROMIUM})`, async () => {
    page = (await example('Browser')).replace('http://127.0.0.1:4000', api.url)
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] // prettier-ignore
    const started = await chromium.launch({ executablePath: CHROMIUM, args: flags })
    try {
      const tab = await started.newPage()
      await tab.addInitScript(`sessionStorage.setItem('token', ${JSON.stringify(api.adminToken)})`)
      await tab.goto(origin)
      await tab.click('#ask')
      await tab.waitForSelector('#link:visible', { timeout: 20_000 })
      expect(await tab.textContent('#words')).toBe('SUCCEEDED, 0 rows')
      const [download] = await Promise.all([tab.waitForEvent('download'), tab.click('#link')])
      await download.saveAs(join(directory, download.suggestedFilename()))
      await expectDocument()
    } finally {
      await started.close()
    }
  })
})

test.skipIf(!curl)('docs/rest.md, every line of it (program: curl)', async () => {
  const code = (await blocks('docs/rest.md', 'sh')).replace('http://127.0.0.1:4000', api.url)
  expect(code).toContain(`${api.url}/api/v1`)
  await mkdir(join(directory, '.data'))
  await writeFile(join(directory, '.data/admin-token'), `${api.adminToken}\n`)
  const said = await follow('bash', '-e', '-o', 'pipefail', await inDirectory('example.sh', code))
  expect(said).toMatch(/event: progress[^]*"status":"SUCCEEDED"[^]*event: complete/)
  expect(said).toMatch(/"cron":"0 6 \* \* MON"[^]*"cron":"30 6 \* \* MON"[^]*"paused":true/)
  const { results } = JSON.parse(said.trimEnd().split('\n').at(-1)!)
  expect(results).toMatchObject([{ title: expect.stringContaining('Weekly'), tags: ['weekly'] }])
  await expectDocument()
})
