import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../support/client.ts'
import { createClients } from '../../support/clients.ts'
import { PACED, paced, rowId, SMALL, small } from '../../support/fault-reports.ts'
import { openScene, READER, type Scene } from '../../support/scene.ts'
import type { RunningApi, RunningProcess } from '../../support/service.ts'
import { until } from '../../support/until.ts'

/** A report that was cut off is done within this, and a caller told so within that, in milliseconds. */
const AGAIN_WITHIN = 45_000
const TOLD_WITHIN = 2_000
/** A cursor's first batch has a thousand. */
const ROWS = 2_200
const NAP = 0.002

let scene: Scene
let api: RunningApi
let worker: RunningProcess
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  scene = await openScene({ reports: { 'paced.sql': PACED, 'small.sql': SMALL } })
  ;[api, worker] = await Promise.all([scene.api(), scene.worker({ WORKER_CONCURRENCY: '3' })])
  client = createClient(api.url, api.adminToken)
})
afterAll(async () => {
  await client.close()
  await scene.close()
})

const underWay = (id: string) =>
  until(async () => (await client.report(id)).progress.rowsWritten > 5, { what: 'rows were written' })
const since = (moment: number) => performance.now() - moment

/** All rows, once each, as the document's own facts say. */
async function expectWhole(id: string, separator: string) {
  const report = await client.report(id)
  const bytes = await client.download(id)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(report.document!.sha256)
  expect(report.document!.rowCount).toBe(ROWS)
  expect(bytes.toString().split(separator)).toHaveLength(ROWS + 1)
}

test('backends that are terminated in mid-COPY and in mid-cursor: the reports run again, and no row is missing', async () => {
  // CSV in Postgres' own words comes by COPY, JSON by a cursor.
  const copied = await client.request(paced(ROWS, NAP, { format: 'CSV' }))
  const fetched = await client.request(paced(ROWS, NAP, { format: 'NDJSON' }))
  await underWay(copied)
  await underWay(fetched)
  const cut = await scene.sql<{ pid: number }>(
    `select pid from pg_stat_activity where usename = $1 and state = 'active' and application_name ~ any($2) and pg_terminate_backend(pid)`,
    [READER, [copied, fetched].map(rowId)],
  )
  const began = performance.now()
  expect(cut).toHaveLength(2)
  for (const [id, separator] of [
    [copied, `${'x'.repeat(9000)},`],
    [fetched, '\n'],
  ] as const) {
    const report = await client.reached(id, 'SUCCEEDED', AGAIN_WITHIN)
    expect(report.attempts).toMatchObject([
      { outcome: 'FAILED', failure: { code: 'SOURCE_UNAVAILABLE' } },
      { outcome: 'SUCCEEDED' },
    ])
    await expectWhole(id, separator)
  }
  console.info(`cut off, and done again ${(since(began) / 1_000).toFixed(1)} s later (bar: ${AGAIN_WITHIN / 1_000} s)`)
}, 90_000)

test('Postgres killed and started again: callers are told at once, reports run again, watchers live on', async () => {
  const [id, waiting] = [
    await client.request(paced(ROWS, NAP)),
    await client.request(paced(ROWS, NAP, { format: 'NDJSON' })),
  ]
  const clients = createClients(api.url)
  const watched = clients.ws(`subscription { reportProgress(id: "${id}") { sequence status rowsWritten } }`, {
    token: api.adminToken,
  })
  await underWay(id)
  await scene.postgres.kill()
  const gone = performance.now()
  let slowest = 0
  for (const query of [
    `{ report(id: "${id}") { status } }`,
    `mutation { requestReport(input: { report: { byName: { type: "small", parameters: {} } } }) { report { id } } }`,
    `mutation { cancelReport(id: "${id}") { report { id } } }`,
    `{ reports(first: 5) { nodes { id } } }`,
  ])
    // Several of each: what the pool still holds is broken as well.
    for (let n = 0; n < 5; n++) {
      const asked = performance.now()
      const { body } = await clients.post(query, { token: api.adminToken })
      slowest = Math.max(slowest, since(asked))
      expect(body.errors?.[0]?.extensions.code, query).toBe('UNAVAILABLE')
    }
  console.info(`UNAVAILABLE after at most ${slowest.toFixed(0)} ms (bar: ${TOLD_WITHIN} ms)`)
  expect(slowest).toBeLessThan(TOLD_WITHIN)
  const readiness = await fetch(`${api.url}/readyz`)
  expect([readiness.status, ((await readiness.json()) as { missing: string[] }).missing]).toEqual([503, ['postgres']])
  await scene.postgres.start()
  const back = performance.now()
  console.info(`Postgres was away for ${((back - gone) / 1_000).toFixed(1)} s`)
  await until(async () => (await fetch(`${api.url}/readyz`)).status === 200, { what: '/readyz' })
  await client.reached(await client.request(small()), 'SUCCEEDED')
  for (const each of [id, waiting]) {
    const report = await client.reached(each, 'SUCCEEDED', AGAIN_WITHIN)
    expect(report.attempts.length).toBeGreaterThan(1)
  }
  console.info(
    `the reports were done again ${(since(back) / 1_000).toFixed(1)} s after its return (bar: ${AGAIN_WITHIN / 1_000} s)`,
  )
  expect(since(back)).toBeLessThan(AGAIN_WITHIN)
  await expectWhole(id, `${'x'.repeat(9000)},`)
  await expectWhole(waiting, '\n')
  await until(() => watched.done, { timeout: 5_000, what: 'the subscription has ended' })
  expect(watched.events.at(-1)).toMatchObject({ reportProgress: { status: 'SUCCEEDED', rowsWritten: ROWS } })
  expect([api.process.exitCode, worker.process.exitCode]).toEqual([null, null])
  await clients.close()
}, 120_000)
