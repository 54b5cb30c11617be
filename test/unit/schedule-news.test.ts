import { afterEach, expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { encodeScheduleChange, schedulesChannel, type ScheduleChange } from '../../src/progress/schedule-change.ts'
import type { ScheduleRows } from '../../src/progress/schedule-ledger.ts'
import { createScheduleNews } from '../../src/progress/schedule-news.ts'
import { until } from '../support/until.ts'

const open: { close(): void }[] = []
afterEach(() => open.splice(0).forEach((news) => news.close()))

/** Rows of tenants as they would be read, and each reading counted. */
function setup() {
  const state = { rows: new Map<string, ScheduleRows>(), reads: [] as (readonly string[])[], fails: false }
  const news = createScheduleNews({
    log: createLog({ level: 'silent', process: 'test' }),
    subscriptions: { want: () => {}, drop: () => {}, live: () => Promise.resolve(true) },
    readSchedules(ids) {
      state.reads.push(ids)
      if (state.fails) return Promise.reject(new Unavailable('The database does not answer.'))
      return Promise.resolve(new Map(ids.map((id) => [id, state.rows.get(id) ?? { count: 0, recent: [], at: 0 }])))
    },
    ackWait: 100,
    readEvery: 10,
  })
  open.push(news)
  return { state, news }
}
const change = (kind: ScheduleChange['kind'], scheduleId: string, at: number, tenantId = 't'): ScheduleChange => ({
  kind,
  scheduleId,
  tenantId,
  createdBy: 'u',
  at,
})
const value = async <T>(step: Promise<IteratorResult<T>>) => (await step).value as T

test('one reading for all tenants that are watched, none when nobody watches any more', async () => {
  const { state, news } = setup()
  const streams = [...Array.from({ length: 20 }, () => news.listen('t')), news.listen('other')]
  for (const first of await Promise.all(streams.map((stream) => value(stream.next())))) expect(first).toEqual({ kind: 'READY' })
  expect(state.reads.length).toBeLessThanOrEqual(2)
  await until(() => state.reads.length >= 6)
  expect(state.reads.at(-1)!.toSorted()).toEqual(['other', 't'])
  for (const stream of streams) await stream.return?.()
  const other = setup()
  await other.news.listen('t').next()
  const before = state.reads.length
  await until(() => other.state.reads.length > 10)
  expect(state.reads.length - before).toBeLessThanOrEqual(1)
}) // prettier-ignore

test('what is heard is told at once, what only the rows say with the next reading, neither twice', async () => {
  const { state, news } = setup()
  const stream = news.listen('t')
  await stream.next()
  const [heard, read] = [change('CREATED', 'a', 1), change('SLOT', 'a', 2)]
  news.hear(schedulesChannel('t'), encodeScheduleChange(heard))
  expect(await value(stream.next())).toEqual(heard)
  state.rows.set('t', { count: 1, recent: [heard, read], at: 5 })
  expect(await value(stream.next())).toEqual(read)
  const reads = state.reads.length
  await until(() => state.reads.length > reads + 3)
  const last = change('DELETED', 'a', 3)
  state.rows.set('t', { count: 0, recent: [], at: 6 })
  news.hear(schedulesChannel('t'), encodeScheduleChange(last))
  expect(await value(stream.next())).toEqual(last)
})

test('what waits about one schedule merges, slots by themselves; a foreign message is none', async () => {
  const { news } = setup()
  const stream = news.listen('t')
  await stream.next()
  for (const one of [change('CREATED', 'a', 1), change('SLOT', 'a', 2), change('CHANGED', 'a', 3), change('SLOT', 'a', 4)])
    news.hear(schedulesChannel('t'), encodeScheduleChange(one))
  news.hear(schedulesChannel('t'), encodeScheduleChange(change('CHANGED', 'b', 5, 'other')))
  expect(await value(stream.next())).toEqual(change('CREATED', 'a', 3))
  expect(await value(stream.next())).toEqual(change('SLOT', 'a', 4))
  news.live(schedulesChannel('t'))
  expect(await value(stream.next())).toEqual({ kind: 'RESYNC' })
}) // prettier-ignore

test('who comes while the rows can not be read is told so; who was there goes on', async () => {
  const { state, news } = setup()
  const stream = news.listen('t')
  await stream.next()
  state.fails = true
  await expect(news.listen('other').next()).rejects.toThrow(Unavailable)
  const read = change('CHANGED', 'a', 2)
  state.rows.set('t', { count: 0, recent: [read], at: 5 })
  state.fails = false
  expect(await value(stream.next())).toEqual(read)
})
