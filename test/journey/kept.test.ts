import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { PACED, paced, SMALL, small } from '../support/fault-reports.ts'
import { openScene, type Scene } from '../support/scene.ts'
import { childrenOf, startProcess, type RunningProcess } from '../support/service.ts'
import { until } from '../support/until.ts'

/** `npm start`, whose worker and API are killed: it starts them anew, and what was under way is done all the same. */
const ADMIN_TOKEN = 'an-admin-token-of-the-tests-made-by-hand'

let scene: Scene
let service: RunningProcess

beforeAll(async () => {
  scene = await openScene({ reports: { 'paced.sql': PACED, 'small.sql': SMALL } })
  const { databaseUrl, redisUrl, directory } = scene
  service = startProcess('src/embedded/main.ts', {
    databaseUrl,
    redisUrl,
    dataDirectory: directory,
    reportsDirectory: `${directory}/reports`,
    sources: { main: scene.sourceUrl },
    env: { PORT: String(await freePort()), BROADSHEET_ADMIN_TOKEN: ADMIN_TOKEN },
  })
})
afterAll(async () => {
  service.kill('SIGTERM')
  await service.stopped
  await scene.close()
})

/** One that stays the same when the API is started anew. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Where it says that it runs. */
const address = () =>
  until(async () => /Broadsheet runs at (\S+)\/graphql/.exec(await service.log())?.[1], { timeout: 60_000 })

/** The process of ours that runs this file. */
async function partOf(file: string): Promise<number> {
  for (const pid of await childrenOf(service.pid))
    if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(file)) return pid
  throw new Error(`no process runs ${file}`)
}

test('a worker that is killed is started anew, and its report is done by the next one', async () => {
  const client = createClient(await address(), ADMIN_TOKEN)
  const id = await client.request(paced(200, 0.02))
  await client.reached(id, 'RUNNING', 20_000)
  const worker = await partOf('worker/main.ts')
  process.kill(worker, 'SIGKILL')
  await client.reached(id, 'SUCCEEDED', 45_000)
  expect(await partOf('worker/main.ts')).not.toBe(worker)
  expect(await service.log()).toContain('The worker ended (SIGKILL). It is started anew.')
  const attempts = await scene.sql<{ outcome: string }>('select outcome from broadsheet.report_attempt order by number')
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['LOST', 'SUCCEEDED'])
  await client.close()
}, 120_000)

test('so is the API, at the same address', async () => {
  const client = createClient(await address(), ADMIN_TOKEN)
  const api = await partOf('src/api/main.ts')
  process.kill(api, 'SIGKILL')
  await until(async () => (await partOf('src/api/main.ts').catch(() => api)) !== api, { timeout: 20_000 })
  const id = await until(() => client.request(small()).catch(() => undefined), { timeout: 30_000 })
  await client.reached(id!, 'SUCCEEDED', 20_000)
  expect(service.process.exitCode).toBeNull()
  await client.close()
}, 120_000)
