import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Failure } from '../../../web/api/failure.ts'
import type { ReportStatus } from '../../../web/generated/graphql.ts'
import { createLiveAudit } from '../../../web/report/live-audit.ts'
import { createLiveReport } from '../../../web/report/live-report.ts'
import { createVerbs } from '../../../web/report/verbs.ts'
import { handMadeConnection } from './hand-made-connection.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

const progress = (sequence: number, status: ReportStatus) => ({ sequence, status })
const report = (sequence: number, status: ReportStatus, more: object = {}) => ({
  report: { id: 'r1', status, queuePosition: null, progress: progress(sequence, status), ...more },
})

function scene() {
  const hand = handMadeConnection()
  const live = createLiveReport(hand.connection, 'r1')
  const moves = (sequence: number, status: ReportStatus) =>
    hand.hear('OneReportMoves', { reportProgress: progress(sequence, status) })
  const answer = async (result: unknown) => {
    await pass(600)
    hand.questions[0]?.answer(result)
    await pass(0)
  }
  return { ...hand, live, moves, answer, shown: () => live.one.get() }
}

describe('one report', () => {
  test('is followed while it is under way, and read once more when it has ended', async () => {
    const { live, moves, answer, shown, followed, questions } = scene()
    await answer(report(1, 'RUNNING'))
    expect([...followed].map(({ name, variables }) => [name, variables])).toEqual([['OneReportMoves', { id: 'r1' }]])
    moves(2, 'RUNNING')
    moves(3, 'RUNNING')
    await pass(10_000)
    expect([questions.length, shown().progress?.sequence]).toEqual([0, 3])
    moves(9, 'SUCCEEDED')
    live.hear('CHANGED', 'r1')
    expect([shown().progress?.status, followed.size]).toEqual(['SUCCEEDED', 0])
    await answer(report(9, 'SUCCEEDED', { document: {} }))
    await pass(10_000)
    expect([questions.length, shown().report?.document, shown().readings]).toEqual([0, {}, 2])
  })

  test('one that has ended is not followed, until somebody has it tried again', async () => {
    const { live, answer, followed } = scene()
    await answer(report(5, 'FAILED'))
    expect(followed.size).toBe(0)
    live.hear('CHANGED', 'r1')
    await answer(report(9, 'QUEUED'))
    expect(followed.size).toBe(1)
  })

  test('an answer that an event has overtaken does not take it back', async () => {
    const { live, moves, answer, shown } = scene()
    await answer(report(1, 'RUNNING'))
    live.look()
    await pass(0)
    moves(9, 'RUNNING')
    await answer(report(4, 'RUNNING'))
    expect(shown().progress?.sequence).toBe(9)
  })

  test('deliveries, expiry and a connection that is back are told by the list; progress and other reports are not its news', async () => {
    const { live, answer, questions } = scene()
    await answer(report(5, 'SUCCEEDED'))
    live.hear('PROGRESSED', 'r1')
    live.hear('CHANGED', 'r2')
    await pass(5_000)
    expect(questions.length).toBe(0)
    for (const kind of ['CHANGED', 'LEFT', 'DELETED'] as const) {
      live.hear(kind, 'r1')
      await pass(600)
      expect(questions.length).toBe(1)
      await answer(report(5, 'SUCCEEDED'))
    }
    live.hear('READY', null)
    live.hear('RESYNC', null)
    await pass(600)
    expect(questions.length).toBe(1)
  })

  test('while it waits, its place in the line is asked for when others move, not more often than once a second', async () => {
    const { live, answer, shown, named } = scene()
    await answer(report(1, 'QUEUED', { queuePosition: 9 }))
    for (let times = 0; times < 50; times++) live.hear('CHANGED', 'r2')
    await pass(100)
    for (let times = 0; times < 50; times++) live.hear('LEFT', 'r3')
    expect(named('PlaceInLine').length).toBe(1)
    await answer({ report: { status: 'QUEUED', queuePosition: 3 } })
    expect(shown().report?.queuePosition).toBe(3)
    await pass(300)
    expect(named('PlaceInLine').length).toBe(0)
    await pass(700)
    expect(named('PlaceInLine').length).toBe(1)
  })

  test('one that is not there, one that goes, and a service that is away', async () => {
    const { live, moves, answer, shown, questions, followed } = scene()
    await pass(0)
    questions[0]?.fail(new Failure('OFFLINE', 'Away.'))
    await pass(0)
    expect([shown().report, shown().failure?.message]).toEqual([undefined, 'Away.'])
    await pass(1_000)
    await answer(report(1, 'RUNNING'))
    expect(shown().failure).toBeNull()
    for (const one of followed) one.refuse(new Failure('NOT_FOUND', ''))
    await answer({ report: null })
    expect([shown().report, shown().failure]).toEqual([null, null])
    live.close()
    moves(3, 'RUNNING')
    live.look()
    await pass(60_000)
    expect(questions.length).toBe(0)
  })
})

test('events are read page by page, and afterwards only what is new', async () => {
  const { connection, questions } = handMadeConnection()
  const audit = createLiveAudit(connection, 'r1')
  const page = async (names: string[], hasNextPage: boolean, endCursor: string | null) => {
    await pass(600)
    questions[0]?.answer({ report: { events: { nodes: names, pageInfo: { hasNextPage, endCursor } } } })
    await pass(0)
  }
  audit.look()
  await page(['a', 'b'], true, 'cb')
  audit.look()
  await pass(600)
  expect(questions.length).toBe(0)
  audit.readMore()
  await pass(0)
  expect(questions[0]?.variables['after']).toBe('cb')
  await page(['c'], false, 'cc')
  audit.look()
  await page([], false, null)
  audit.look()
  await pass(600)
  expect(questions[0]?.variables['after']).toBe('cc')
  expect(audit.audited.get()).toMatchObject({ entries: ['a', 'b', 'c'], more: false })
})

test('a report is made again once for one intent: the key stays while no answer has come', async () => {
  const { connection, questions } = handMadeConnection()
  const verbs = createVerbs(connection)
  const keys: unknown[] = []
  const made: string[] = []
  const regenerate = async (act: (question: (typeof questions)[number] | undefined) => void) => {
    const done = verbs.regenerate('r1', (id) => made.push(id))
    keys.push(questions[0]?.variables['idempotencyKey'])
    act(questions[0])
    return done
  }
  const answer = (payload: object) => (question?: (typeof questions)[number]) =>
    question?.answer({ regenerateReport: payload })
  expect(await regenerate((question) => question?.fail(new Failure('OFFLINE', 'Away.')))).toBe('Away.')
  expect(await regenerate(answer({ report: { id: 'r2' }, userErrors: [] }))).toBeNull()
  expect(await regenerate(answer({ report: null, userErrors: [{ message: 'No.' }, { message: 'Never.' }] }))).toBe(
    'No. Never.',
  )
  expect(made).toEqual(['r2'])
  expect(keys[0]).toMatch(/^[\da-f-]{36}$/)
  expect(keys[1]).toBe(keys[0])
  expect(keys[2]).not.toBe(keys[0])
})
