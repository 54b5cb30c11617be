import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { WebSocket } from 'ws'
import { createClients } from '../support/clients.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { isAlive } from '../support/process.ts'
import { reportsIn } from '../support/reports.ts'
import { childrenOf, startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'

/** Each row takes `nap` seconds, and is wide, so that it leaves Postgres at once. */
const PACED = `/*---
title: Paced
source: main
tenancy: shared
parameters: { most: { type: Int! }, nap: { type: Float! } }
---*/
select id, repeat('x', 9000) as filler, pg_sleep(:nap)::text as nap from generate_series(1, :most) id`
/** A signal so soon after another is taken for the same one, in milliseconds. */
const SAME_SIGNAL = 500

let database: TestDatabase
let source: SourceDatabase
let directory: string
let reports: ReturnType<typeof reportsIn>
let running: RunningProcess[] = []
let lock: pg.Client | null = null

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-shutdown-'))
  await writeFile(join(directory, 'paced.sql'), PACED)
  ;[database, source] = await Promise.all([createDatabase(), createSourceDatabase('select 1')])
  reports = reportsIn(database, directory, inject('redisUrl'))
})
afterAll(async () => {
  await reports.close()
  await database.drop()
  await source.drop()
  await rm(directory, { recursive: true })
})
afterEach(async ({ task }) => {
  await free()
  if (task.result?.state === 'fail') for (const each of running) console.error((await each.log()).slice(-4000))
  for (const each of running) {
    each.kill('SIGKILL')
    await each.stopped
  }
  running = []
  await database.sql('delete from broadsheet.report')
  await database.sql('delete from broadsheet.worker')
})

const options = (env: Record<string, string> = {}) => ({
  databaseUrl: database.url,
  redisUrl: inject('redisUrl'),
  dataDirectory: directory,
  reportsDirectory: directory,
  sources: { main: source.url },
  env,
})
async function worker(env: Record<string, string> = {}): Promise<RunningProcess> {
  const started = await startWorker(options(env))
  running.push(started)
  return started
}
async function api(): Promise<RunningApi> {
  const started = await startApi(options())
  running.push(started)
  return started
}
const paced = (most: number, nap: number) => reports.ask('paced.sql', { parameters: { most, nap } })
const underWay = (id: string) =>
  until(async () => (await reports.read(id)).rowsWritten > 3, { what: 'rows were written' })
const closing = (process: RunningProcess) =>
  until(async () => (await process.log()).includes('"msg":"closing"'), { what: 'it has heard the signal' })
/** The next signal is another one. */
const later = (since: number) =>
  until(() => performance.now() - since > SAME_SIGNAL + 50, { what: 'a second signal counts' })
/** Milliseconds from now to its end. */
async function timeOf(ended: Promise<unknown>): Promise<number> {
  const since = performance.now()
  await ended
  return performance.now() - since
}

describe('a worker that is told to stop', () => {
  test('claims nothing more, lets end what can, hands back the rest uncharged; another carries it out within 5 s', async () => {
    const first = await worker({ DRAIN_SECONDS: '2' })
    const [short, long] = [await paced(40, 0.03), await paced(3000, 0.03)]
    await underWay(short)
    await underWay(long)
    await worker({ WORKER_CONCURRENCY: '4' })
    const [{ id: firstId } = { id: '' }] = await database.sql<{ id: string }>(
      'select id from broadsheet.worker where pid = $1',
      [first.pid],
    )
    first.kill('SIGTERM')
    await closing(first)
    const later: string[] = []
    while (later.length < 6) later.push(await paced(1, 0))
    expect(await first.stopped).toBe(0)
    expect(await reports.read(short)).toMatchObject({ status: 'SUCCEEDED', attempt: 1, rowsWritten: 40 })
    await until(async () => (await reports.read(long)).attempt === 2, { what: 'it runs elsewhere' })
    const [row] = await database.sql<{ pause: number }>(
      `select extract(epoch from second.started_at - first.finished_at)::float8 as pause from broadsheet.report_attempt first join broadsheet.report_attempt second using (report_id)
       where report_id = $1 and first.number = 1 and second.number = 2`,
      [long],
    )
    console.info(`handed back, and carried out elsewhere after ${row!.pause.toFixed(2)} s (bar: 5 s)`)
    expect(row!.pause).toBeLessThan(5)
    expect(await reports.read(long)).toMatchObject({
      status: 'RUNNING',
      charged: 1,
      attempts: [
        { number: 1, outcome: 'HANDED_BACK', failure: null },
        { number: 2, outcome: null },
      ],
    })
    for (const id of later) await reports.reached(id, 'SUCCEEDED')
    expect(
      await database.sql('select from broadsheet.report_attempt where report_id = any($1) and worker_id = $2', [
        later,
        firstId,
      ]),
    ).toEqual([])
  }, 40_000)

  test('leaves at once when it is told again, and takes its children along', async () => {
    const { pid, kill, stopped, ...rest } = await worker({ DRAIN_SECONDS: '30' })
    await underWay(await paced(3000, 0.03))
    const children = await childrenOf(pid)
    expect(children.length).toBeGreaterThan(0)
    const since = performance.now()
    kill('SIGTERM')
    await closing({ pid, kill, stopped, ...rest })
    await later(since)
    kill('SIGTERM')
    expect(await timeOf(stopped)).toBeLessThan(1_000)
    expect(await stopped).toBe(1)
    await until(() => !children.some(isAlive), { timeout: 2_000, what: 'the children are gone' })
    await until(async () => (await source.running()).length === 0, { timeout: 2_000, what: 'the query is gone' })
  }, 40_000)
})

const REQUEST = `mutation { requestReport(input: { report: { byName: { type: "paced", parameters: { most: 1, nap: 0 } } } }) { report { id status } userErrors { message } } }`

/** A mutation that has come as far as its insert, and goes on when `free` is called. */
async function mutationInFlight(url: string, token: string) {
  lock = await database.hold()
  await lock.query('lock table broadsheet.report in share mode')
  const answer = fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: REQUEST }),
  }).then(
    async (response) => ({ status: response.status, body: (await response.json()) as any }),
    (error: Error) => ({ status: 0, body: error.message }),
  )
  await until(async () => (await database.waiting()) > 0, { what: 'the mutation waits for its lock' })
  return { answer }
}
/** Lets it go on. */
async function free(): Promise<void> {
  const held = lock
  lock = null
  await held?.query('rollback')
  await held?.end()
}
/** The code of the error that a new connection meets; null where it is taken. */
function connectTo(url: string): Promise<string | null> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy()
      resolve(null)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

describe('an API that is told to stop', () => {
  test('closes sockets with 1001, refuses the new, finishes a mutation in flight, then ends with 0', async () => {
    const service = await api()
    const clients = createClients(service.url)
    const id = Buffer.from(`Report:${await paced(1, 0)}`).toString('base64url')
    const query = `subscription { reportProgress(id: "${id}") { status } }`
    const [socket, stream] = [
      clients.ws(query, { token: service.adminToken }),
      clients.sse(query, { token: service.adminToken }),
    ]
    await until(() => socket.events.length > 0 && stream.events.length > 0, { what: 'both watch' })
    const { answer: mutation } = await mutationInFlight(service.url, service.adminToken)
    service.kill('SIGTERM')
    await until(() => socket.done && stream.done, { timeout: 2_000, what: 'both streams have ended' })
    expect(socket.closeCode).toBe(1001)
    expect(stream.codes).toEqual([])
    expect(await connectTo(service.url)).toBe('ECONNREFUSED')
    expect(service.process.exitCode).toBeNull()
    await free()
    const { status, body } = await mutation
    expect([status, body.data?.requestReport.report.status]).toEqual([200, 'QUEUED'])
    expect(await service.stopped).toBe(0)
    expect(await database.sql(`select from broadsheet.report where status = 'QUEUED'`)).toHaveLength(2)
    await clients.close()
  }, 40_000)

  test('waits for no client that never says goodbye', async () => {
    const service = await api()
    const deaf = new WebSocket(`${service.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    deaf.on('error', () => undefined)
    await new Promise((open) => deaf.once('open', open))
    deaf.pause()
    service.kill('SIGTERM')
    expect(await timeOf(service.stopped)).toBeLessThan(3_000)
    expect(await service.stopped).toBe(0)
    deaf.terminate()
  }, 40_000)

  test('leaves at once when it is told again', async () => {
    const service = await api()
    const { answer: mutation } = await mutationInFlight(service.url, service.adminToken)
    const since = performance.now()
    service.kill('SIGTERM')
    await closing(service)
    await later(since)
    service.kill('SIGTERM')
    expect(await timeOf(service.stopped)).toBeLessThan(1_000)
    expect(await service.stopped).toBe(1)
    await free()
    expect((await mutation).status).toBe(0)
  }, 40_000)
})
