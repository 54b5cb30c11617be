import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ReportStatus, ScheduleEventKind, ScheduleRowFragment } from '../../../web/generated/graphql.ts'
import { createLiveSchedule } from '../../../web/schedule/live-schedule.ts'
import { createLiveSchedules } from '../../../web/schedule/live-schedules.ts'
import { handMadeConnection } from './hand-made-connection.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

/** A schedule whose newest slot has a report that stands so. */
function rowOf(id: string, status: ReportStatus = 'QUEUED', sequence = 1): ScheduleRowFragment {
  const report = { id: `report-of-${id}`, status, progress: { sequence } }
  return { id, title: id, slots: { nodes: [{ outcome: 'REQUESTED', report }] } } as never
}

function scene({ reports = true } = {}) {
  const hand = handMadeConnection()
  const live = createLiveSchedules(hand.connection, reports)
  const tell = (
    kind: ScheduleEventKind,
    schedule: ScheduleRowFragment | null = null,
    scheduleId = schedule?.id ?? null,
  ) => hand.hear('ScheduleEvents', { scheduleEvents: { kind, scheduleId, schedule } })
  const move = (schedule: string, status: ReportStatus, sequence: number) =>
    hand.hear('ReportMoves', {
      reportEvents: { kind: 'CHANGED', reportId: `report-of-${schedule}`, progress: { status, sequence } },
    })
  const answer = async (rows: readonly ScheduleRowFragment[], hasNextPage = false) => {
    await pass(600)
    hand.questions[0]?.answer({ schedules: { nodes: rows, pageInfo: { hasNextPage, endCursor: 'end' } } })
    await pass(1)
  }
  const seen = () =>
    live.listed.get().rows.map(({ id, slots }) => `${id} ${slots.nodes[0]?.report?.status.toLowerCase()}`)
  return { ...hand, live, tell, move, answer, seen }
}

describe('schedules that move by themselves', () => {
  test('they are read at once, behind READY and after RESYNC, and nothing by the clock', async () => {
    const { tell, answer, seen, questions } = scene()
    await answer([rowOf('a')])
    expect(seen()).toEqual(['a queued'])
    await pass(60_000)
    expect(questions).toEqual([])
    tell('READY')
    await answer([rowOf('a')])
    expect(seen()).toEqual(['a queued'])
    await pass(600_000)
    expect(questions).toEqual([])
    tell('RESYNC')
    await answer([rowOf('b'), rowOf('a', 'SUCCEEDED', 9)])
    expect(seen()).toEqual(['b queued', 'a succeeded'])
  })

  test('one is made, changed, has a slot, and is deleted by somebody else', async () => {
    const { tell, answer, seen, live } = scene()
    tell('READY')
    await answer([rowOf('a')])
    tell('CREATED', rowOf('b'))
    expect(seen()).toEqual(['b queued', 'a queued'])
    tell('CHANGED', { ...rowOf('a'), paused: true })
    expect(live.listed.get().rows[1]?.paused).toBe(true)
    tell('SLOT', rowOf('a', 'RUNNING', 2))
    expect(seen()).toEqual(['b queued', 'a running'])
    tell('SLOT', rowOf('of another page'))
    expect(seen()).toEqual(['b queued', 'a running'])
    tell('DELETED', null, 'b')
    expect(seen()).toEqual(['a running'])
  })

  test('the dot of a slot follows its report, whichever news comes first', async () => {
    const { tell, move, answer, seen } = scene()
    tell('READY')
    await answer([rowOf('a')])
    move('a', 'RUNNING', 2)
    expect(seen()).toEqual(['a running'])
    move('b', 'FAILED', 7)
    tell('CREATED', rowOf('b', 'QUEUED', 1))
    expect(seen()).toEqual(['b failed', 'a running'])
    // Older than what is known.
    tell('SLOT', rowOf('a', 'QUEUED', 1))
    expect(seen()).toEqual(['b failed', 'a running'])
  })

  test('an answer that may be older than an event is followed by another one', async () => {
    const { tell, answer, seen, named } = scene()
    tell('READY')
    await pass(100)
    expect(named('ScheduleList')).toHaveLength(1)
    tell('CREATED', rowOf('b'))
    await answer([rowOf('a')])
    await answer([rowOf('b'), rowOf('a')])
    expect(seen()).toEqual(['b queued', 'a queued'])
  })

  test('whoever may not read reports follows none', () => {
    const { followed } = scene({ reports: false })
    expect([...followed].map(({ name, variables }) => [name, variables])).toEqual([
      ['ScheduleEvents', { reports: false }],
    ])
  })

  test('more is read as it is wanted, and nothing once it is closed', async () => {
    const { tell, answer, live, questions, followed } = scene()
    tell('READY')
    await answer(
      Array.from({ length: 50 }, (_, n) => rowOf(`s${n}`)),
      true,
    )
    expect(live.listed.get()).toMatchObject({ more: true })
    live.readMore()
    await answer(
      Array.from({ length: 50 }, (_, n) => rowOf(`s${n}`)),
      true,
    )
    await answer([rowOf('s50')])
    expect(live.listed.get()).toMatchObject({ more: false })
    expect(live.listed.get().rows).toHaveLength(51)
    live.close()
    expect(followed.size).toBe(0)
    tell('RESYNC')
    await pass(10_000)
    expect(questions).toEqual([])
  })
})

describe('one schedule', () => {
  test('is read at READY and at news of it or of its reports, not at news of another; gone is null', async () => {
    const { connection, hear, questions, followed } = handMadeConnection()
    const live = createLiveSchedule(connection, 'a', true)
    const answer = async (schedule: unknown) => {
      await pass(600)
      questions[0]?.answer({ schedule })
      await pass(600)
    }
    const whole = { id: 'a', slots: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } }
    expect(live.one.get().schedule).toBeUndefined()
    hear('ScheduleMoves', { scheduleEvents: { kind: 'READY', scheduleId: null } })
    await answer(whole)
    expect(live.one.get().schedule).toMatchObject({ id: 'a' })
    hear('ScheduleMoves', { scheduleEvents: { kind: 'SLOT', scheduleId: 'b' } })
    hear('ReportMoves', { reportEvents: { kind: 'PROGRESSED', reportId: 'r', progress: null } })
    await pass(10_000)
    expect(questions).toEqual([])
    expect([...followed].find(({ name }) => name === 'ReportMoves')?.variables).toEqual({ filter: { scheduleId: 'a' } })
    hear('ReportMoves', { reportEvents: { kind: 'CHANGED', reportId: 'r', progress: null } })
    await answer({ ...whole, title: 'Now' })
    expect(live.one.get().schedule).toMatchObject({ title: 'Now' })
    hear('ScheduleMoves', { scheduleEvents: { kind: 'DELETED', scheduleId: 'a' } })
    await answer(null)
    expect(live.one.get().schedule).toBeNull()
    live.close()
    expect(followed.size).toBe(0)
  })
})
