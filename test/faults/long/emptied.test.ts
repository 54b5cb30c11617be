import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../support/client.ts'
import { rowId, SMALL, small } from '../../support/fault-reports.ts'
import { openScene, type Scene } from '../../support/scene.ts'
import { until } from '../../support/until.ts'

const WAITING = 10_000
/** A rate is measured over so long, and the rate before is reached again within that, in milliseconds. */
const WINDOW = 5_000
const BACK_WITHIN = 30_000
const RATE = 0.9

let scene: Scene

beforeAll(async () => {
  scene = await openScene({ reports: { 'small.sql': SMALL } })
})
afterAll(() => scene.close())

const finished = async () => {
  const [row] = await scene.sql<{ count: number }>(
    `select count(*)::int from broadsheet.report where status = 'SUCCEEDED'`,
  )
  return row!.count
}
/** Reports finished a second, over the next window. */
async function rate(): Promise<number> {
  const [from, began] = [await finished(), performance.now()]
  await until(() => performance.now() - began > WINDOW, { timeout: WINDOW * 2 })
  return ((await finished()) - from) / ((performance.now() - began) / 1_000)
}

test(`Redis emptied while ${WAITING} reports wait: they finish as quickly as before, and none is lost`, async () => {
  const api = await scene.api({ LOG_LEVEL: 'warn' })
  const client = createClient(api.url, api.adminToken)
  // One as the API accepts it; the others are its copies.
  const first = rowId(await client.request(small()))
  await scene.sql(
    `insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, priority, format, compression, csv_dialect, visibility,
      parameters, resolved_parameters, time_zone)
     select gen_random_uuid(), tenant_id, requested_by, type_name, type_version, title, priority, format, compression, csv_dialect, visibility, parameters,
      resolved_parameters, time_zone from broadsheet.report, generate_series(2, $2) where id = $1`,
    [first, WAITING],
  )
  await scene.worker({ WORKER_CONCURRENCY: '4', LOG_LEVEL: 'warn' })
  await until(async () => (await finished()) > 100, { timeout: 30_000 })
  const before = await rate()
  const redis = new Redis(scene.redisUrl)
  await redis.flushall()
  redis.disconnect()
  const emptied = performance.now()
  const rates: number[] = []
  while (performance.now() - emptied < BACK_WITHIN) rates.push(await rate())
  console.info(
    `finished a second: ${before.toFixed(0)} before, ${rates.map((each) => each.toFixed(0)).join(', ')} after (bar: ${RATE} of before within ${BACK_WITHIN / 1_000} s)`,
  )
  expect(Math.max(...rates)).toBeGreaterThanOrEqual(before * RATE)
  await until(async () => (await finished()) === WAITING, { timeout: 400_000, what: 'all have finished' })
  const [doubled] = await scene.sql<{ count: number }>('select count(*)::int from broadsheet.report where attempt <> 1')
  expect(doubled!.count).toBe(0)
  await client.close()
}, 500_000)
