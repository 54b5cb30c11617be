import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../support/client.ts'
import { PACED, paced, SMALL, small } from '../../support/fault-reports.ts'
import { openProxy, type Proxy } from '../../support/proxy.ts'
import { openScene, type Scene } from '../../support/scene.ts'
import { until } from '../../support/until.ts'

/** A connection that is open by name alone is given up within this, in milliseconds. */
const NOTICED_WITHIN = 15_000

let scene: Scene
let proxy: Proxy

beforeAll(async () => {
  scene = await openScene({ reports: { 'paced.sql': PACED, 'small.sql': SMALL } })
  proxy = await openProxy({ host: '127.0.0.1', port: Number(new URL(scene.redisUrl).port) })
})
afterAll(async () => {
  await scene.close()
  await proxy.close()
})

test('connections to Redis that swallow everything are noticed, by workers and APIs, and replaced', async () => {
  const through = new URL(scene.redisUrl)
  through.port = String(proxy.port)
  const urls = { redisUrl: through.href }
  const [api, worker] = [await scene.api({}, urls), await scene.worker({}, urls)]
  const client = createClient(api.url, api.adminToken)
  await client.reached(await client.request(small()), 'SUCCEEDED')
  proxy.swallow()
  const began = performance.now()
  const told = async (who: typeof worker, what: string) => (await who.log()).includes(what)
  const noticed: Record<string, number> = {}
  // The queue's connections and those of pub/sub are others.
  for (const [name, who, what] of [
    ['worker, queue', worker, 'the queue is away'],
    ['worker, progress', worker, 'Redis is away'],
    ['API, progress', api, 'Redis is away'],
  ] as const) {
    await until(() => told(who, what), { timeout: NOTICED_WITHIN, what: `${name} has noticed` })
    noticed[name] = performance.now() - began
  }
  for (const [name, taken] of Object.entries(noticed))
    console.info(`${name}: noticed after at most ${(taken / 1_000).toFixed(1)} s (bar: ${NOTICED_WITHIN / 1_000} s)`)
  expect(Math.max(...Object.values(noticed))).toBeLessThan(NOTICED_WITHIN)
  await until(async () => (await fetch(`${api.url}/readyz`)).status === 200, { what: 'the API is ready again' })
  const events = await client.watched(await client.request(paced(50, 0.02)))
  expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED', rowsWritten: 50 })
  expect([api.process.exitCode, worker.process.exitCode]).toEqual([null, null])
  await client.close()
}, 90_000)
