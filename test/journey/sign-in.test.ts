import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { childrenOf } from '../support/service.ts'
import { until } from '../support/until.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LINK = /^(http:\/\/127\.0\.0\.1:\d+)\/#code=([\w-]{43})$/m

let directory: string
let database: TestDatabase
let environment: Record<string, string>
const ended: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-door-'))
  await chmod(directory, 0o755)
  database = await createDatabase()
  environment = {
    PATH: process.env['PATH'] ?? '',
    PORT: '0',
    BROADSHEET_DATA_DIR: join(directory, 'data'),
    // The suite's own, so that no shop is filled.
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    LOG_LEVEL: 'debug',
  }
})
afterAll(async () => {
  for (const end of ended) await end()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

/** What `npm start` runs. */
async function start() {
  const child = spawn(process.execPath, ['src/embedded/main.ts'], { cwd: ROOT, env: environment, stdio: ['ignore', 'ignore', 'pipe'] }) // prettier-ignore
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const exited = once(child, 'close').then(([code]) => code as number | null)
  ended.push(() => (child.kill('SIGKILL'), exited))
  await until(() => child.exitCode !== null || said.includes('Ctrl-C stops it'), { timeout: 60_000 })
  const [, url = '', code = ''] = LINK.exec(said) ?? []
  return { pid: child.pid!, said: () => said, url, code, exited, interrupt: () => child.kill('SIGINT') }
}

/** What `npm run sign-in` runs. */
const another = () =>
  promisify(execFile)(process.execPath, ['src/embedded/sign-in.ts'], { cwd: ROOT, env: environment }).then(
    ({ stdout }) => LINK.exec(stdout)?.slice(1) as [string, string],
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  )

async function signIn(url: string, code: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...headers },
    body: JSON.stringify({ code }),
  })
  return { status: response.status, body: (await response.json()) as { token?: string; error?: string } }
}

const apiOf = async (pid: number) => {
  for (const child of await childrenOf(pid))
    if ((await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')).includes('src/api/main.ts')) return child
  return undefined
}

test(
  'the link that npm start prints signs in once; npm run sign-in prints another, which outlives an API that is killed',
  { timeout: 120_000 },
  async () => {
    expect(await another()).toMatchObject({ code: 1, stderr: expect.stringMatching(/^No Broadsheet runs on /) })
    const service = await start()
    const { url, code } = service
    expect(code, service.said()).not.toBe('')
    const adminToken = /^Admin token: (.+)$/m.exec(service.said())?.[1] ?? 'none'
    expect(service.said().split(adminToken), 'the ADMIN token is on its own line alone').toHaveLength(2)

    for (const headers of [{ 'x-forwarded-for': '10.0.0.1' }, { origin: 'https://evil.example' }])
      expect((await signIn(url, code, headers)).status).toBe(403)
    const { status, body } = await signIn(url, code)
    expect(status).toBe(200)
    const asked = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${body.token}` },
      body: JSON.stringify({ query: '{ viewer { user { role } } system { version } }' }),
    })
    expect(await asked.json()).toMatchObject({ data: { viewer: { user: { role: 'ADMIN' } } } })
    const used = await signIn(url, code)
    expect([used.status, used.body.error]).toEqual([403, expect.stringContaining('npm run sign-in')])

    const [again, next] = (await another()) as [string, string]
    expect([again, next === code]).toEqual([url, false])
    const api = await until(() => apiOf(service.pid))
    process.kill(api, 'SIGKILL')
    await until(
      async () => {
        const now = await apiOf(service.pid)
        return now !== undefined && now !== api && (await fetch(`${url}/livez`).catch(() => null))?.ok
      },
      { timeout: 30_000, what: 'the API is back at its address' },
    )
    expect((await signIn(url, next)).status).toBe(200)
    expect((await signIn(url, next)).status).toBe(403)

    for (const secret of [code, next, body.token!])
      expect(service.said().replace(`#code=${code}`, ''), 'none of it is logged').not.toContain(secret)
    service.interrupt()
    expect(await service.exited).toBe(0)
    expect(await another()).toMatchObject({ code: 1 })
  },
)
