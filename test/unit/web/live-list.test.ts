// Long because every order in which answers and events can come stands beside the others.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Failure } from '../../../web/api/failure.ts'
import type { ReportEventKind, ReportRowFragment, ReportStatus } from '../../../web/generated/graphql.ts'
import { createLiveList, type LiveList } from '../../../web/report/live-list.ts'
import { handMadeConnection } from './hand-made-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 16))
  vi.stubGlobal('cancelAnimationFrame', (frame: never) => clearTimeout(frame))
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

/** The n-th report that was ever asked for; a later one is newer. */
function rowOf(n: number, more: Partial<ReportRowFragment> & { sequence?: number } = {}): ReportRowFragment {
  const { sequence = 1, ...rest } = more
  const status = rest.status ?? 'RUNNING'
  return {
    id: `r${n}`,
    title: `Report ${n}`,
    status,
    createdAt: new Date(1_750_000_000_000 + n * 1_000).toISOString(),
    finishedAt: null,
    progress: { sequence, status },
    ...rest,
  } as ReportRowFragment
}

function scene() {
  const hand = handMadeConnection()
  const list = createLiveList(hand.connection, {})
  const tell = (kind: ReportEventKind, row: ReportRowFragment | null = null) =>
    hand.hear('ReportEvents', {
      reportEvents: { kind, reportId: row?.id ?? null, progress: kind === 'LEFT' || !row ? null : row.progress },
    })
  /** Answers what was asked for first. */
  const answer = async (result: unknown) => {
    await pass(600)
    hand.questions[0]?.answer(result)
    await pass(20)
  }
  const page = (rows: readonly ReportRowFragment[], hasNextPage = false, endCursor = 'end') =>
    answer({ reports: { nodes: rows, pageInfo: { hasNextPage, endCursor } } })
  const ids = () => list.listed.get().ids
  return { ...hand, list, tell, answer, page, ids }
}
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => rowOf(from - index))

describe('a list that moves by itself', () => {
  test('the first page is read at once and again behind READY, older ones as somebody scrolls', async () => {
    const { list, tell, page, ids, questions } = scene()
    await pass(60_000)
    expect([questions.length, list.listed.get().reading]).toEqual([1, true])
    await page(down(200, 101), true, 'c101')
    expect(ids().length).toBe(100)
    await pass(60_000)
    expect(questions).toEqual([])
    tell('READY')
    await page(down(250, 151), true, 'c151')
    expect(ids().length).toBe(100)
    expect(list.listed.get()).toMatchObject({ more: true, reading: false })
    list.readMore()
    list.readMore()
    await pass(0)
    expect(questions.map(({ variables }) => variables['after'])).toEqual(['c151'])
    await page(down(150, 51), true)
    expect(ids()).toEqual(down(250, 51).map(({ id }) => id))
  })

  test('a report that is asked for comes in on top and counts as new for a moment', async () => {
    const { list, tell, page, answer, ids, named } = scene()
    tell('READY')
    await page([rowOf(1)])
    expect(list.isNew('r1')).toBe(false)
    tell('CREATED', rowOf(2))
    await pass(600)
    expect(named('OneRow').map(({ variables }) => variables)).toEqual([{ id: 'r2' }])
    await answer({ report: rowOf(2) })
    expect([ids(), list.isNew('r2')]).toEqual([['r2', 'r1'], true])
    await pass(2_100)
    expect(list.isNew('r2')).toBe(false)
  })

  test('progress moves a row without a question, once in a frame, and never back', async () => {
    const { list, tell, page, questions } = scene()
    tell('READY')
    await page([rowOf(1, { sequence: 5 })])
    const row = list.row('r1')
    let drawn = 0
    const stop = row.listen(() => (drawn += 1))
    for (const sequence of [6, 7, 9, 8]) tell('PROGRESSED', rowOf(1, { sequence }))
    await pass(1_000)
    expect([row.get()?.progress.sequence, drawn, questions.length]).toEqual([9, 1, 0])
    stop()
    tell('PROGRESSED', rowOf(1, { sequence: 10 }))
    await pass(1_000)
    expect([row.get()?.progress.sequence, drawn]).toEqual([10, 1])
  })

  test('a row that has changed is read again as soon as it is in sight, and not before', async () => {
    const { list, tell, page, answer, questions } = scene()
    tell('READY')
    await page([rowOf(1)])
    tell('CHANGED', rowOf(1, { sequence: 9, status: 'SUCCEEDED' }))
    await pass(5_000)
    expect([questions.length, list.row('r1').get()?.status]).toEqual([0, 'SUCCEEDED'])
    list.row('r1').listen(() => undefined)
    await answer({ report: rowOf(1, { sequence: 9, status: 'SUCCEEDED', finishedAt: 'then' }) })
    expect(list.row('r1').get()?.finishedAt).toBe('then')
  })

  test('what happens while an answer is on its way is newer than the answer', async () => {
    const { list, tell, page, answer, ids, named } = scene()
    tell('READY')
    await pass(0)
    tell('DELETED', rowOf(1))
    tell('CHANGED', rowOf(2, { sequence: 9, status: 'SUCCEEDED' }))
    tell('CREATED', rowOf(4))
    await page([rowOf(3), rowOf(2), rowOf(1)])
    expect(ids()).toEqual(['r3', 'r2'])
    list.row('r2').listen(() => undefined)
    await pass(600)
    expect(named('OneRow').map(({ variables }) => variables['id'])).toEqual(['r4', 'r2'])
    await answer({ report: rowOf(4) })
    await answer({ report: rowOf(2, { sequence: 9, status: 'SUCCEEDED', finishedAt: 'then' }) })
    expect(ids()).toEqual(['r4', 'r3', 'r2'])
    expect(list.row('r2').get()).toMatchObject({ status: 'SUCCEEDED', finishedAt: 'then' })
  })

  test('of many that come at once the newest page is asked for, not each', async () => {
    const { tell, page, ids, questions, list } = scene()
    tell('READY')
    await page([rowOf(1)])
    for (let n = 2; n <= 60; n++) tell('CREATED', rowOf(n))
    await pass(600)
    expect(questions.map(({ name }) => name)).toEqual(['ReportPage'])
    await page(down(60, 1))
    expect(ids()).toEqual(down(60, 1).map(({ id }) => id))
    await pass(60_000)
    expect(questions).toEqual([])
    list.close()
  })

  test('a report below all that was read is asked about once, however much it moves, and comes with its page', async () => {
    const { list, tell, page, answer, ids, questions } = scene()
    tell('READY')
    await page(down(200, 101), true)
    tell('PROGRESSED', rowOf(50))
    await answer({ report: rowOf(50) })
    for (let sequence = 2; sequence < 100; sequence++) tell('PROGRESSED', rowOf(50, { sequence }))
    await pass(60_000)
    expect([questions.length, ids().length, list.row('r50').get()]).toEqual([0, 100, undefined])
    list.readMore()
    await page(down(100, 1))
    expect(ids()).toEqual(down(200, 1).map(({ id }) => id))
    tell('PROGRESSED', rowOf(50, { sequence: 100 }))
    expect(list.row('r50').get()?.progress.sequence).toBe(100)
  })

  test('after a loss it is read again as far as somebody looks, and the rest as they scroll', async () => {
    const { list, tell, page, ids, questions } = scene()
    tell('READY')
    await page(down(500, 401), true)
    for (let page_ = 4; page_ > 0; page_--) {
      list.readMore()
      await page(down(page_ * 100, page_ * 100 - 99), page_ > 1)
    }
    expect(ids().length).toBe(500)
    list.row('r380').listen(() => undefined)
    tell('RESYNC')
    await page(down(501, 402), true)
    expect(ids().length).toBe(500)
    await page(down(401, 302), true, 'c302')
    expect(ids()).toEqual(down(501, 302).map(({ id }) => id))
    await pass(60_000)
    expect(questions).toEqual([])
    list.readMore()
    await pass(0)
    expect(questions[0]?.variables['after']).toBe('c302')
  })

  test('a list that nobody scrolls does not grow without end', async () => {
    const { tell, page, ids, questions } = scene()
    tell('READY')
    await page([rowOf(0)])
    let newest = 0
    let longest = 0
    for (let burst = 0; burst < 60; burst++) {
      for (let count = 0; count < 50; count++) tell('CREATED', rowOf(++newest))
      await pass(600)
      while (questions.length > 0) await page(down(newest, Math.max(0, newest - 99)), newest > 99)
      longest = Math.max(longest, ids().length)
    }
    expect(longest).toBeLessThan(1_300)
    expect(ids()[0]).toBe(`r${newest}`)
  })

  test('a reading that failed is made up for; the refusal is told meanwhile', async () => {
    const { list, tell, page, ids, questions } = scene()
    tell('READY')
    await pass(0)
    questions[0]?.fail(new Failure('UNAVAILABLE', 'Not now.'))
    await pass(20)
    expect(list.listed.get()).toMatchObject({ reading: false, failure: { message: 'Not now.' } })
    await pass(1_000)
    await page([rowOf(1)])
    expect([ids(), list.listed.get().failure]).toEqual([['r1'], null])
  })

  test('closed, it asks and follows nothing any more', async () => {
    const { list, tell, questions, followed, page } = scene()
    tell('READY')
    await page([rowOf(1)])
    list.close()
    tell('CREATED', rowOf(2))
    await pass(60_000)
    expect([questions.length, followed.size]).toEqual([0, 0])
  })
})

/** A service of which everything comes late: events in their order, each answer as it was when it was read. */
function service(seed: number, only: readonly ReportStatus[] | null) {
  let state = seed
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(random() * limit)
  const rows = new Map<string, ReportRowFragment>()
  const matches = (row: ReportRowFragment) => only === null || only.includes(row.status)
  const visible = () => [...rows.values()].filter(matches).toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  const hand = handMadeConnection()
  let failsAtTimes = true
  let told = Promise.resolve()
  const late = (most: number) => new Promise<void>((resolve) => setTimeout(resolve, below(most)))

  hand.onAsk(async ({ name, variables, answer, fail }) => {
    await late(300)
    const failing = failsAtTimes && random() < 0.05
    const all = visible()
    const from =
      variables['after'] == null ? 0 : all.findIndex(({ createdAt }) => createdAt < String(variables['after']))
    const nodes = from < 0 ? [] : all.slice(from, from + Number(variables['first']))
    const page = {
      nodes,
      pageInfo: {
        hasNextPage: nodes.length > 0 && nodes.at(-1) !== all.at(-1),
        endCursor: nodes.at(-1)?.createdAt ?? null,
      },
    }
    const one = rows.get(String(variables['id'])) ?? null
    await late(300)
    if (failing) fail(new Failure('UNAVAILABLE', ''))
    else answer(name === 'OneRow' ? { report: one } : { reports: page })
  })
  function tell(kind: ReportEventKind, row: ReportRowFragment | null): void {
    const at = below(200)
    told = told.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, at))
      hand.hear('ReportEvents', { reportEvents: { kind, reportId: row?.id ?? null, progress: row?.progress ?? null } })
    })
  }
  let made = 0
  const put = (row: ReportRowFragment, kind: ReportEventKind) => {
    rows.set(row.id, row)
    if (matches(row)) tell(kind, row)
    else if (kind === 'CHANGED') tell('LEFT', row)
  }
  const create = (status: ReportStatus) => put(rowOf(++made, { status, sequence: 1 }), 'CREATED')
  function act(): void {
    const some = [...rows.values()][below(rows.size)]
    const what = random()
    if (!some || what < 0.35) return create('RUNNING')
    const sequence = some.progress.sequence + 1
    const status = what < 0.6 ? some.status : (['RUNNING', 'SUCCEEDED', 'FAILED'] as const)[below(3)]!
    if (what > 0.95) {
      rows.delete(some.id)
      if (matches(some)) tell('DELETED', some)
      return
    }
    const finishedAt = status === some.status ? some.finishedAt : `${sequence}`
    const row = { ...some, status, finishedAt, progress: { ...some.progress, sequence, status } }
    put(row, status === some.status ? 'PROGRESSED' : 'CHANGED')
  }
  for (let count = 0; count < 120; count++)
    rows.set(`r${++made}`, rowOf(made, { status: 'SUCCEEDED', finishedAt: '1' }))
  const calm = () => void (failsAtTimes = false)
  return { ...hand, visible, act, tell, random, below, calm }
}

/** Looks at the first rows, as a window does. */
function look(list: LiveList, many: number) {
  let stops: (() => void)[] = []
  return () => {
    const before = stops
    stops = list.listed
      .get()
      .ids.slice(0, many)
      .map((id) => list.row(id).listen(() => undefined))
    for (const stop of before) stop()
  }
}

test.each([
  { only: null, pace: 150, seeds: 15 },
  { only: null, pace: 8, seeds: 10 },
  { only: ['RUNNING', 'FAILED'] as ReportStatus[], pace: 40, seeds: 15 },
])(
  'whatever comes late, the list comes to what the service has: $only every $pace ms',
  async ({ only, pace, seeds }) => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { connection, visible, act, tell, random, below, calm } = service(seed, only)
      const list = createLiveList(connection, {})
      const window = look(list, 30)
      tell('READY', null)
      for (let step = 0; step < 300; step++) {
        await pass(below(pace * 2))
        act()
        window()
        if (random() < 0.03) list.readMore()
        if (random() < 0.01) tell('RESYNC', null)
      }
      calm()
      for (let settled = 0; settled < 60; settled++) {
        await pass(1_000)
        window()
      }
      const { ids, more, failure } = list.listed.get()
      const there = visible()
      expect(failure, `seed ${seed}`).toBeNull()
      expect(ids, `seed ${seed}`).toEqual(there.slice(0, ids.length).map(({ id }) => id))
      expect(more || ids.length === there.length, `seed ${seed}`).toBe(true)
      for (const row of there.slice(0, ids.length)) {
        const { status, progress } = list.row(row.id).get() ?? {}
        expect([row.id, status, progress?.sequence], `seed ${seed}`).toEqual([
          row.id,
          row.status,
          row.progress.sequence,
        ])
      }
      for (const row of there.slice(0, 30))
        expect([row.id, list.row(row.id).get()?.finishedAt], `seed ${seed}`).toEqual([row.id, row.finishedAt])
      list.close()
    }
  },
)
