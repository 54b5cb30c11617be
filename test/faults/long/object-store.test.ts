import { afterAll, beforeAll, expect, test } from 'vitest'
import { CancelReportDocument } from '../../../client/generated/graphql.ts'
import { openDatabase } from '../../../src/db/orm.ts'
import { WORKER_ROLE } from '../../../src/db/roles.ts'
import { createLog } from '../../../src/log.ts'
import { openStore } from '../../../src/stores/index.ts'
import type { Store } from '../../../src/stores/store.ts'
import { removeLeftovers } from '../../../worker/sweeper.ts'
import { createClient } from '../../support/client.ts'
import { PACED, paced, rowId } from '../../support/fault-reports.ts'
import { openLightObjectStore, type LightObjectStore } from '../../support/object-store.ts'
import { isAlive } from '../../support/process.ts'
import { openScene, type Scene } from '../../support/scene.ts'
import { childrenOf, type RunningProcess } from '../../support/service.ts'
import { until } from '../../support/until.ts'

/** Some 9 KB a row: the document has three parts. */
const ROWS = 2_200
/** Seconds a row, so that the upload is under way for a while. */
const SLOW = 0.001

let scene: Scene
let light: LightObjectStore
let worker: RunningProcess
let client: ReturnType<typeof createClient>
let store: Store
beforeAll(async () => {
  ;[scene, light] = await Promise.all([openScene({ reports: { 'paced.sql': PACED } }), openLightObjectStore()])
  const url = `s3://${light.bucket}/documents`
  const settings = {
    ...light.environment,
    STORE_URL: url,
    WORKER_CONCURRENCY: '1',
    BROADSHEET_BUCKETS: JSON.stringify({ exports: { url: `s3://${light.bucket}/exports` } }),
  }
  const [api, started] = await Promise.all([scene.api(settings), scene.worker(settings)])
  worker = started
  client = createClient(api.url, api.adminToken)
  store = await openStore(url, light.access)
})
afterAll(async () => {
  await client?.close()
  await store?.close()
  await scene?.close()
  await light?.close()
})

const keyOf = (id: string, attempt = 1) => `default/${rowId(id)}/${attempt}`
/** A report of which one part is at the store. */
async function underWay(): Promise<string> {
  const id = await client.request(paced(ROWS * 10, SLOW))
  await until(() => light.requests.some((line) => line.includes(rowId(id)) && line.includes('partNumber=1')), { timeout: 20_000 }) // prettier-ignore
  return id
}

test('a report is written by the child into the bucket, with keys that are not in its environment', async () => {
  const id = await client.request(paced(ROWS, 0))
  const { document } = await client.reached(id, 'SUCCEEDED')
  expect((await client.download(id)).length).toBe(document!.byteSize)
  expect(document!.byteSize).toBeGreaterThan(16 * 1024 * 1024)
  expect(light.requests.filter((line) => line.includes(rowId(id)) && line.includes('partNumber'))).toHaveLength(3)
  expect(await light.uploads()).toEqual([])
}, 60_000)

test('a delivery puts it into the operator’s bucket', async () => {
  const deliveries = [{ bucket: { bucket: 'exports', key: '{type}/{reportId}.csv' } }]
  const id = await client.request({ ...(paced(3, 0) as object), deliveries } as never)
  await client.reached(id, 'SUCCEEDED')
  const url = `/${light.bucket}/exports/default/paced/${id}.csv`
  await until(() => light.requests.some((line) => line.startsWith(`PUT ${url}`)), { what: 'it was put' })
  const exported = await openStore(`s3://${light.bucket}/exports`, light.access)
  await until(async () => (await exported.size(`default/paced/${id}.csv`)) === (await client.report(id)).document!.byteSize) // prettier-ignore
  await exported.close()
}, 60_000)

test('one that is cancelled leaves no part', async () => {
  const id = await underWay()
  await client.ask(CancelReportDocument, { id })
  await client.reached(id, 'CANCELED')
  await until(async () => (await light.uploads()).length === 0)
  expect(await store.size(keyOf(id))).toBeNull()
}, 60_000)

test('a killed child’s upload is aborted by its worker', async () => {
  const id = await underWay()
  const [child] = await childrenOf(worker.pid)
  process.kill(child!, 'SIGKILL')
  await until(async () => !(await light.uploads()).includes(`documents/${keyOf(id)}`))
  await client.ask(CancelReportDocument, { id })
  await client.reached(id, 'CANCELED')
}, 60_000)

test('a killed worker leaves an upload that nobody can read, and the sweep aborts it, and no other', async () => {
  const id = await underWay()
  const children = await childrenOf(worker.pid)
  worker.kill('SIGKILL')
  await worker.stopped
  // Without their worker they go by themselves.
  await until(() => !children.some(isAlive))
  expect(await light.uploads()).toEqual([`documents/${keyOf(id)}`])
  expect(await store.size(keyOf(id))).toBeNull()
  expect((await client.report(id)).document).toBeNull()

  const database = await openDatabase({
    url: scene.databaseUrl,
    role: WORKER_ROLE,
    maxConnections: 1,
    log: createLog({ level: 'silent', process: 'test' }),
  })
  const sweep = (before: Date) =>
    removeLeftovers({ database, store, log: createLog({ level: 'silent', process: 'test' }), before })
  const later = new Date(Date.now() + 60_000)
  expect(await sweep(new Date(Date.now() - 3_600_000))).toBe(0)
  // Its attempt may still write, as far as anybody knows.
  expect(await sweep(later)).toBe(0)
  const takenBack = `status = 'QUEUED', worker_id = null, lease_expires_at = null`
  await scene.sql(`update broadsheet.report set ${takenBack} where id = $1`, [rowId(id)])
  expect(await sweep(later)).toBe(1)
  expect(await light.uploads()).toEqual([])
  await database.close()
}, 60_000)
