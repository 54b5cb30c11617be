import { access, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { ownRedis, type OwnRedis } from '../support/own-redis.ts'
import { reportsIn } from '../support/reports.ts'
import { startWorker, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'

const FILES: Record<string, string> = {
  'short.sql': `/*---\ntitle: Short\nsource: main\ntenancy: shared\nretention: PT1S\n---*/\nselect 1 as one`,
  'long.sql': `/*---\ntitle: Long\nsource: main\ntenancy: shared\n---*/\nselect 1 as one`,
}

let database: TestDatabase
let source: SourceDatabase
let redis: OwnRedis
let directory: string
let reports: ReturnType<typeof reportsIn>
let worker: RunningProcess | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-retention-'))
  await Promise.all(Object.entries(FILES).map(([name, text]) => writeFile(join(directory, name), text)))
  ;[database, source, redis] = await Promise.all([createDatabase(), createSourceDatabase('select 1'), ownRedis()])
  reports = reportsIn(database, directory, redis.url)
})
afterAll(async () => {
  worker?.kill('SIGKILL')
  await worker?.stopped
  await reports.close()
  await redis.stop()
  await database.drop()
  await source.drop()
  await rm(directory, { recursive: true })
})

const pathOf = (key: string) => join(directory, 'documents', key)
const exists = (path: string) => access(path).then(() => true, () => false) // prettier-ignore
const HOURS = 3600 * 1000
/** A file of the store that was last touched so many hours ago. */
async function leftover(key: string, hours: number): Promise<string> {
  const path = pathOf(key)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, 'x')
  const then = new Date(Date.now() - hours * HOURS)
  await utimes(path, then, then)
  return path
}
/** As it is so many hours after its end. */
async function ended(status: string, hours: number): Promise<string> {
  const id = await reports.ask('long.sql')
  const document =
    status === 'SUCCEEDED'
      ? JSON.stringify({
          key: `default/${id}/1`,
          fileName: 'x.csv',
          contentType: 'text/csv',
          rowCount: 1,
          byteSize: 1,
          sha256: '',
          columns: [],
          summary: null,
        })
      : null
  await database.sql(
    `update broadsheet.report set status = $2, finished_at = now() - make_interval(hours => $3), document = $4, failure = case when $2 = 'FAILED' then '{"code":"INTERNAL"}'::jsonb end,
       expires_at = case when $2 = 'SUCCEEDED' then now() + interval '1 day' end where id = $1`,
    [id, status, hours, document],
  )
  await database.sql(
    `insert into broadsheet.report_attempt (report_id, number, tenant_id, worker_id, outcome, finished_at) values ($1, 1, 'default', gen_random_uuid(), 'FAILED', now())`,
    [id],
  )
  await database.sql(
    `insert into broadsheet.report_audit (tenant_id, report_id, kind, at) values ('default', $1, 'TEST', now() - make_interval(hours => $2))`,
    [id, hours],
  )
  return id
}
const idsOf = async (table: string, column: string) =>
  (await database.sql<{ id: string }>(`select distinct ${column}::text as id from broadsheet.${table}`)).map(
    ({ id }) => id,
  )

test('what is over goes: documents at their time, bytes that nobody names, rows beyond ROW_RETENTION; what lives stays', async () => {
  const [failed, canceled, expired] = [
    await ended('FAILED', 25),
    await ended('CANCELED', 25),
    await ended('EXPIRED', 25),
  ]
  const [young, live] = [await ended('FAILED', 23), await ended('SUCCEEDED', 25)]
  await database.sql('update broadsheet.report set regenerated_from = $1 where id = $2', [failed, young])
  const [user] = await database.sql<{ id: string }>('select id from broadsheet.app_user')
  for (const [key, hours] of [['old', 49], ['young', 47]] as const)
    await database.sql(`insert into broadsheet.idempotency_key (tenant_id, user_id, mutation, key, fingerprint, object_id, used_at) values ('default', $1, 'x', $2, '', gen_random_uuid(), now() - make_interval(hours => $3))`, [user!.id, key, hours]) // prettier-ignore
  const documents = {
    live: await leftover(`default/${live}/1`, 3),
    dead: await leftover(`default/${live}/2`, 3),
    orphan: await leftover(`default/${uuid()}/1`, 3),
    fresh: await leftover(`default/${uuid()}/1`, 0),
  }

  worker = await startWorker({
    databaseUrl: database.url,
    redisUrl: redis.url,
    dataDirectory: directory,
    reportsDirectory: directory,
    sources: { main: source.url },
    env: { ROW_RETENTION: 'P1D' },
  })
  const id = await reports.ask('short.sql')
  const { document } = await reports.reached(id, ['SUCCEEDED', 'EXPIRED'])
  if (document) await until(async () => !(await exists(pathOf(document.key))), { what: 'its bytes are gone' })
  expect(await reports.reached(id, 'EXPIRED')).toMatchObject({
    status: 'EXPIRED',
    document: null,
    preview: null,
    rowsWritten: 1,
    attempts: [{ outcome: 'SUCCEEDED' }],
  })
  expect(
    (await readdir(join(directory, 'documents'), { recursive: true })).filter(
      (name) => name.includes(id) && /\d$/.test(name) && !name.endsWith(id),
    ),
  ).toEqual([])

  await until(async () => !(await exists(documents.orphan)) && !(await exists(documents.dead)), {
    what: 'what dead attempts left is gone',
  })
  expect([await exists(documents.live), await exists(documents.fresh)]).toEqual([true, true])
  await until(async () => !(await idsOf('idempotency_key', 'key')).includes('old'), {
    what: 'the purge has come to its end',
  })
  expect((await idsOf('report', 'id')).toSorted()).toEqual([young, live, id].toSorted())
  expect((await idsOf('report_attempt', 'report_id')).toSorted()).toEqual([young, live, id].toSorted())
  expect(await idsOf('report_audit', 'report_id')).toContain(young)
  for (const gone of [failed, canceled, expired]) expect(await idsOf('report_audit', 'report_id')).not.toContain(gone)
  expect(await idsOf('idempotency_key', 'key')).toEqual(['young'])
  expect(await database.sql('select regenerated_from from broadsheet.report where id = $1', [young])).toEqual([
    { regenerated_from: null },
  ])
}, 60_000)

test('Redis keeps nothing of reports that have ended', async () => {
  const client = new Redis(redis.url)
  try {
    const ids: string[] = []
    while (ids.length < 100) ids.push(await reports.ask('long.sql'))
    for (const id of ids) await reports.reached(id, 'SUCCEEDED', 40_000)
    // The last ring may still be under way.
    await until(async () => {
      const contents = JSON.stringify(await Promise.all((await client.keys('*')).map((key) => contentsOf(client, key))))
      return !ids.some((id) => contents.includes(id))
    }, { timeout: 5_000, what: 'no report is named in Redis' }) // prettier-ignore
    const keys = await client.keys('*')
    console.info(`after 100 reports Redis has ${keys.length} keys: ${keys.join(', ')}`)
    expect(keys.length).toBeLessThan(8)
  } finally {
    client.disconnect()
  }
}, 60_000)

async function contentsOf(client: Redis, key: string): Promise<unknown> {
  const type = await client.type(key)
  if (type === 'hash') return [key, await client.hgetall(key)]
  if (type === 'list') return [key, await client.lrange(key, 0, -1)]
  if (type === 'set') return [key, await client.smembers(key)]
  if (type === 'zset') return [key, await client.zrange(key, '0', '-1')]
  return [key, type === 'none' ? null : await client.get(key)]
}
