import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../support/client.ts'
import { PACED, paced, POISON, poison, SMALL, small } from '../../support/fault-reports.ts'
import { openScene, type Scene } from '../../support/scene.ts'

/** From the loss of a worker until its report runs again, in seconds. */
const AGAIN_WITHIN = 25

let scene: Scene

beforeAll(async () => {
  scene = await openScene({ reports: { 'paced.sql': PACED, 'small.sql': SMALL, 'poison.ts': POISON } })
})
afterAll(() => scene.close())

test('a report that kills its worker three times is FAILED(WORKER_LOST); others, also its neighbours, come to their end', async () => {
  const api = await scene.api()
  const client = createClient(api.url, api.adminToken)
  const id = await client.request(poison())
  const neighbour = await client.request(paced(400, 0.02))
  for (let deaths = 0; deaths < 3; deaths++) {
    // As its operator would: another one as soon as one has died.
    const worker = await scene.worker()
    expect(await worker.stopped).toBe('SIGKILL')
  }
  const last = await scene.worker()
  const others = [neighbour, await client.request(small()), await client.request(paced(50, 0.01))]
  for (const other of others) await client.reached(other, 'SUCCEEDED', 60_000)
  const report = await client.reached(id, 'FAILED', 60_000)
  expect(report.failure).toMatchObject({ code: 'WORKER_LOST' })
  expect(report.attempts).toMatchObject(
    [1, 2, 3].map((number) => ({ number, outcome: 'LOST', failure: { code: 'WORKER_LOST' } })),
  )
  // Lost with the other twice, and then held without it.
  expect((await client.report(neighbour)).attempts.map(({ outcome }) => outcome)).toEqual(['LOST', 'LOST', 'SUCCEEDED'])
  const pauses = await scene.sql<{ pause: number }>(
    `select extract(epoch from b.started_at - a.started_at)::float8 as pause from broadsheet.report_attempt a
     join broadsheet.report_attempt b on b.report_id = a.report_id and b.number = a.number + 1`,
  )
  // A poisoned attempt lasts no time, so from its start to the next one is what the loss has cost.
  const slowest = Math.max(...pauses.map(({ pause }) => pause))
  console.info(`reports of lost workers ran again after at most ${slowest.toFixed(1)} s (bar: ${AGAIN_WITHIN} s)`)
  expect(slowest).toBeLessThan(AGAIN_WITHIN)
  expect(last.process.exitCode).toBeNull()
  await client.close()
}, 180_000)
