import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProgressFactsFragment } from '../../../client/generated/graphql.ts'
import { watchReport } from '../../../client/watch-report.ts'
import { createClient } from '../../support/client.ts'
import { PACED, paced, rowId, SMALL, small } from '../../support/fault-reports.ts'
import { openProxy } from '../../support/proxy.ts'
import { openScene, type Scene } from '../../support/scene.ts'
import { until } from '../../support/until.ts'

/** Clients that ask all the time, and that watch. */
const ASKERS = 20
const WATCHERS = 5

let scene: Scene

beforeAll(async () => {
  scene = await openScene({ reports: { 'paced.sql': PACED, 'small.sql': SMALL } })
})
afterAll(() => scene.close())

/** Watches to the end; what was heard so far can be looked at. */
function watching(client: ReturnType<typeof createClient>, id: string) {
  const events: ProgressFactsFragment[] = []
  const ended = (async () => {
    for await (const event of watchReport(client, id)) events.push(event)
  })()
  ended.catch(() => undefined) // who awaits it hears of it
  return { id, events, ended }
}
function expectRising(events: readonly ProgressFactsFragment[]) {
  const sequences = events.map(({ sequence }) => Number(sequence))
  expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b))
}

test('a cut connection: the client goes on after what it has seen, hears nothing twice, and hears the end', async () => {
  const api = await scene.api()
  const proxy = await openProxy({ host: '127.0.0.1', port: Number(new URL(api.url).port) })
  const through = createClient(`http://127.0.0.1:${proxy.port}`, api.adminToken)
  const direct = createClient(api.url, api.adminToken)
  // No worker yet: where it stands is the same before and after.
  const watched = watching(through, await direct.request(paced(100, 0.02)))
  await until(() => watched.events.length === 1)
  await proxy.close()
  await proxy.open()
  // The second connection is subscribed before anything new happens.
  await until(
    async () =>
      (await fetch(`${api.url}/metrics`).then((response) => response.text())).match(/^broadsheet_subscribers\S* 1$/m),
    { what: 'it watches again' },
  )
  const worker = await scene.worker()
  await until(() => watched.events.some(({ rowsWritten }) => rowsWritten > 5), { what: 'rows are heard of' })
  await proxy.close()
  await proxy.open()
  await watched.ended
  expect(watched.events.filter(({ status }) => status === 'QUEUED')).toHaveLength(1)
  expectRising(watched.events)
  expect(watched.events.at(-1)).toMatchObject({ status: 'SUCCEEDED', rowsWritten: 100 })
  await through.close()
  await direct.close()
  await proxy.close()
  worker.kill('SIGKILL')
  await api.stop()
}, 60_000)

test('killed in the middle of requests: every report that was answered for exists and runs, and watchers miss no end', async () => {
  const api = await scene.api()
  const { port } = new URL(api.url)
  await scene.worker({ WORKER_CONCURRENCY: '4' })
  const client = createClient(api.url, api.adminToken)
  const watchers: ReturnType<typeof watching>[] = []
  for (let n = 0; n < WATCHERS; n++) watchers.push(watching(client, await client.request(paced(50, 0.02))))
  await until(() => watchers.every(({ events }) => events.length > 0), { what: 'all watch' })
  const answered: string[] = []
  let killed = false
  const asking = Array.from({ length: ASKERS }, async () => {
    while (!killed)
      await client.request(small()).then(
        (id) => answered.push(id),
        (error: unknown) => {
          if (!killed) throw error
        },
      )
  })
  await until(() => answered.length > 100, { what: 'requests are answered' })
  killed = true
  api.kill('SIGKILL')
  await Promise.all([api.stopped, ...asking])
  const again = await scene.api({ PORT: port })
  await Promise.all(watchers.map(({ ended }) => ended))
  for (const { id, events } of watchers) {
    expectRising(events)
    const { status, progress } = await client.report(id)
    expect(status).toBe('SUCCEEDED')
    expect(events.at(-1)).toMatchObject({ status, sequence: progress.sequence })
  }
  const [kept] = await scene.sql<{ count: number }>('select count(*)::int from broadsheet.report where id = any($1)', [
    answered.map(rowId),
  ])
  console.info(`${kept!.count} of ${answered.length} answered requests are there (bar: all)`)
  expect(kept!.count).toBe(answered.length)
  const undone = () => scene.sql(`select from broadsheet.report where status not in ('SUCCEEDED') limit 1`)
  await until(async () => (await undone()).length === 0, { timeout: 60_000, what: 'all have run' })
  await client.close()
  await again.stop()
}, 120_000)
