import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { createClients } from '../support/clients.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'

/** Rows leave Postgres slowly, or not at all: a cancel has to end the query where it is. */
const FILES: Record<string, string> = {
  'slow.sql': `/*---\ntitle: Slow\nsource: main\ntenancy: shared\n---*/\nselect id, pg_sleep(0.01)::text as nap, repeat('x', 1000) as filler from lines`,
  'silent.sql': `/*---\ntitle: Silent\nsource: main\ntenancy: shared\n---*/\nselect count(pg_sleep(0.01)) as n from lines`,
  'quick.sql': `/*---\ntitle: Quick\nsource: main\ntenancy: shared\n---*/\nselect 1 as one`,
}
/** From the mutation's answer until all of it is gone, in milliseconds. */
const BAR = 2_000

let database: TestDatabase
let source: SourceDatabase
let directory: string
let worker: RunningProcess
let api: RunningApi
let post: ReturnType<typeof createClients>['post']

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-cancel-'))
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(directory, name), text)
  ;[database, source] = await Promise.all([
    createDatabase(),
    createSourceDatabase('create table lines as select i as id from generate_series(1, 100000) i; analyze'),
  ])
  const options = {
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: directory,
    sources: { main: source.url },
    env: { WORKER_CONCURRENCY: '2', TENANT_MAX_RUNNING: '1' },
  }
  ;[worker, api] = await Promise.all([startWorker(options), startApi(options)])
  const clients = createClients(api.url)
  post = (query, ask) => clients.post(query, { token: api.adminToken, ...ask })
})
afterAll(async () => {
  worker?.kill('SIGKILL')
  api?.kill('SIGKILL')
  await Promise.all([worker?.stopped, api?.stopped])
  await database?.drop()
  await source?.drop()
  await rm(directory, { recursive: true, force: true })
})

async function ask(type: string): Promise<string> {
  const { body } = await post(
    `mutation { requestReport(input: { report: { byName: { type: "${type}" } } }) { report { id } userErrors { message } } }`,
  )
  return body.data.requestReport.report.id
}
const cancel = async (id: string) =>
  (await post(`mutation { cancelReport(id: "${id}") { report { status } userErrors { code } } }`)).body.data
    .cancelReport
const statusOf = async (id: string): Promise<string> =>
  (await post(`{ report(id: "${id}") { status } }`)).body.data.report.status
const uuidOf = (id: string) => Buffer.from(id, 'base64url').toString().slice('Report:'.length)
const isRunning = async (id: string) => (await source.running()).some((name) => name.includes(uuidOf(id)))
const pending = async (id: string) =>
  (await readdir(join(directory, 'documents'), { recursive: true })).filter((name) => name.includes(uuidOf(id)))

test.each(['slow', 'silent'])(
  'a cancel from another process ends the query of %s at its source, takes the partial file, frees the slot',
  async (type) => {
    const id = await ask(type)
    await until(async () => (await isRunning(id)) && (await pending(id)).length > 0)
    // One of the tenant at a time: it starts only where the slot is really free.
    const next = await ask('quick')
    const began = performance.now()
    expect(await cancel(id)).toEqual({ report: { status: 'CANCELING' }, userErrors: [] })
    await until(async () => !(await isRunning(id)))
    const ended = performance.now() - began
    await until(async () => (await statusOf(id)) === 'CANCELED' && (await pending(id)).length === 0)
    const gone = performance.now() - began
    console.log(
      `cancel of ${type}: query ended after ${ended.toFixed(0)} ms, all gone after ${gone.toFixed(0)} ms; the bar is ${BAR} ms`,
    )
    expect(gone).toBeLessThan(BAR)
    await until(async () => (await statusOf(next)) === 'SUCCEEDED')
  },
)

test('TENANT_MAX_RUNNING: one of the tenant runs, also where slots are free, and another tenant takes its own', async () => {
  const [first, second] = [await ask('slow'), await ask('slow')]
  await until(() => isRunning(first))
  // Of another tenant, as a row.
  await database.sql(`insert into broadsheet.tenant (id) values ('other')`)
  await database.sql(
    `insert into broadsheet.app_user (id, tenant_id, name, role) values ('00000000-0000-4000-8000-00000000000a', 'other', 'O', 'MEMBER')`,
  )
  const [row] = await database.sql<{ id: string }>(
    `insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, priority, format, compression, csv_dialect, visibility, parameters, resolved_parameters, time_zone)
     select gen_random_uuid(), 'other', '00000000-0000-4000-8000-00000000000a', type_name, type_version, title, 'LOW', format, compression, csv_dialect, visibility, parameters, resolved_parameters, time_zone
     from broadsheet.report where id = $1 returning id`,
    [uuidOf(first)],
  )
  const theirs = Buffer.from(`Report:${row!.id}`).toString('base64url')
  // Rings the bell; the row itself was not rung for.
  await ask('quick')
  await until(() => isRunning(theirs))
  expect([await statusOf(first), await statusOf(second)]).toEqual(['RUNNING', 'QUEUED'])
  await cancel(first)
  await until(() => isRunning(second))
  await cancel(second)
  await until(async () => (await statusOf(second)) === 'CANCELED')
})
