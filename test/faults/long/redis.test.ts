import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProgressFactsFragment } from '../../../client/generated/graphql.ts'
import { watchReport } from '../../../client/watch-report.ts'
import { createClient } from '../../support/client.ts'
import { PACED, paced, SMALL, small } from '../../support/fault-reports.ts'
import { openScene, type Scene } from '../../support/scene.ts'
import type { RunningApi, RunningProcess } from '../../support/service.ts'
import { until } from '../../support/until.ts'

/** All works again so soon after Redis is back, in milliseconds. */
const BACK_WITHIN = 10_000
/** A request is answered within this while Redis hangs, in milliseconds. */
const ANSWER_WITHIN = 1_000
/** One request is asked in this time, in milliseconds: an API that answers in 3 ms would else pile up what takes minutes to carry out. */
const BETWEEN_REQUESTS = 50
/** How long Redis hangs; FREEZE=60 as `npm run test:faults` says. */
const FREEZE = Number(process.env['FREEZE'] ?? 5) * 1_000

let scene: Scene
let api: RunningApi
let worker: RunningProcess
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  scene = await openScene({ reports: { 'paced.sql': PACED, 'small.sql': SMALL }, withoutRedis: true })
})
afterAll(async () => {
  await client.close()
  await scene.close()
})

const readiness = async () => {
  const response = await fetch(`${api.url}/readyz`)
  return { status: response.status, missing: ((await response.json()) as { missing: string[] }).missing }
}
const since = (moment: number) => performance.now() - moment
const say = (what: string, milliseconds: number, bar: number) =>
  console.info(`${what} ${milliseconds.toFixed(0)} ms (bar: ${bar} ms)`)

/** Watches, and keeps when each event came. */
function watching(id: string) {
  const events: (ProgressFactsFragment & { heardAt: number })[] = []
  const ended = (async () => {
    for await (const event of watchReport(client, id)) events.push({ ...event, heardAt: performance.now() })
  })()
  return { events, ended }
}

test('away at the start: the processes wait, /readyz says why, and all works soon after it has come', async () => {
  ;[api, worker] = await Promise.all([scene.api(), scene.worker()])
  client = createClient(api.url, api.adminToken)
  expect(await readiness()).toEqual({ status: 503, missing: ['redis'] })
  const early = await client.request(small())
  await client.reached(early, 'SUCCEEDED')
  await scene.redis.start()
  const back = performance.now()
  await until(async () => (await readiness()).status === 200, { timeout: BACK_WITHIN, what: '/readyz' })
  const watched = watching(await client.request(paced(30, 0.02)))
  await watched.ended
  say('after Redis came, a report was asked for, watched and done within', since(back), BACK_WITHIN)
  expect(since(back)).toBeLessThan(BACK_WITHIN)
  expect(watched.events.at(-1)).toMatchObject({ status: 'SUCCEEDED', rowsWritten: 30 })
  expect(watched.events.some(({ status, rowsWritten }) => status === 'RUNNING' && rowsWritten > 0)).toBe(true)
}, 60_000)

describe.each([
  ['with what it had', false],
  ['with nothing', true],
])('restarted %s', (_, forget) => {
  test('reports flow, and who watches misses nothing', async () => {
    const [short, long] = [await client.request(paced(100, 0.02)), await client.request(paced(300, 0.02))]
    const [first, second] = [watching(short), watching(long)]
    await until(() => second.events.some(({ rowsWritten }) => rowsWritten > 5), { what: 'both are under way' })
    if (forget) await scene.redis.kill({ forget })
    else await scene.redis.stop()
    const gone = performance.now()
    // Ends while Redis is away: its terminal event can come from the row alone.
    await first.ended
    expect(first.events.at(-1)).toMatchObject({ status: 'SUCCEEDED', rowsWritten: 100, attempt: 1 })
    const unheard = await client.request(small())
    await client.reached(unheard, 'SUCCEEDED')
    expect(second.events.some(({ heardAt, status }) => heardAt > gone && status === 'RUNNING')).toBe(true)
    await scene.redis.start()
    const back = performance.now()
    await until(async () => (await readiness()).status === 200, { timeout: BACK_WITHIN, what: '/readyz' })
    const snapshot = await until(() => second.events.find(({ heardAt }) => heardAt > back), {
      timeout: BACK_WITHIN,
      what: 'a fresh snapshot',
    })
    const fresh = await client.request(small())
    await client.reached(fresh, 'SUCCEEDED', BACK_WITHIN)
    say('reports flow again after', since(back), BACK_WITHIN)
    expect(since(back)).toBeLessThan(BACK_WITHIN)
    say('a watcher had a fresh snapshot after', snapshot!.heardAt - back, BACK_WITHIN)
    await second.ended
    expect(second.events.at(-1)).toMatchObject({ status: 'SUCCEEDED', rowsWritten: 300, attempt: 1 })
    for (const { events } of [first, second]) {
      const sequences = events.map(({ sequence }) => Number(sequence))
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
    }
    expect([api.process.exitCode, worker.process.exitCode]).toEqual([null, null])
  }, 60_000)
})

test(
  `hanging for ${FREEZE / 1_000} s: requests are answered meanwhile, and their reports run`,
  async () => {
    scene.redis.freeze()
    const began = performance.now()
    const taken: number[] = []
    const asked: string[] = []
    // One after the other, at every moment of the freeze; not more than run soon after it.
    while (since(began) < FREEZE) {
      const asking = performance.now()
      asked.push(await client.request(small()))
      taken.push(since(asking))
      await pause(Math.max(0, BETWEEN_REQUESTS - since(asking)))
    }
    expect((await readiness()).missing).toEqual(['redis'])
    scene.redis.thaw()
    for (const id of asked) await client.reached(id, 'SUCCEEDED', 60_000)
    const p99 = taken.toSorted((a, b) => a - b)[Math.ceil(taken.length * 0.99) - 1]!
    say(`${taken.length} requests while Redis hung, p99`, p99, ANSWER_WITHIN)
    expect(taken.length).toBeGreaterThan(10)
    expect(p99).toBeLessThanOrEqual(ANSWER_WITHIN)
    await until(async () => (await readiness()).status === 200, { timeout: BACK_WITHIN, what: '/readyz' })
    expect([api.process.exitCode, worker.process.exitCode]).toEqual([null, null])
  },
  FREEZE + 90_000,
)
