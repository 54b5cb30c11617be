import { describe, expect, test } from 'vitest'
import { decide, type Answer, type Moment, type Standing, type Turn } from '../../src/schedule/due.ts'
import { reckoningOf } from '../../src/schedule/reckoning.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.parse('2026-03-02T00:00:00Z')
const at = (minutes: number) => START + minutes * MINUTE
const minutesOf = (slot: number) => (slot - START) / MINUTE

const NEW: Standing = {
  paused: false,
  pausedUntil: null,
  overlapPolicy: 'SKIP',
  catchUpWindow: HOUR,
  slotsAfter: START,
  unfinished: false,
  waiting: null,
  catchingUp: 0,
  run: null,
}
/** Every ten minutes. */
const TENS = reckoningOf({ cron: null, every: 'PT10M', at: null, createdAt: new Date(START), timeZone: 'UTC' })
/** The clock stands at `now`; schedulers have been there since `since`. Both in minutes. */
const clock = (now: number, since = -1_000): Moment => ({ now: at(now), lateUntil: at(since) })

function turn(standing: Partial<Standing>, moment: Moment, answer: (slot: number) => Answer = accepted): Turn {
  return decide({ ...NEW, ...standing }, moment, TENS, answer)
}
const accepted = (slot: number): Answer => ({ kind: 'ACCEPTED', reportId: `report ${minutesOf(slot)}` })
const blocked = (): Answer => ({ kind: 'BLOCKED', reason: 'No.' })
const full = (): Answer => ({ kind: 'FULL' })
const outcomes = ({ rows }: Turn) => rows.map(({ slot, outcome }) => `${minutesOf(slot)} ${outcome}`)

test('nothing has come: nothing is written, and the next slot is reckoned from the last one stored', () => {
  const idle = turn({}, clock(9))
  expect(idle).toMatchObject({ rows: [], slotsAfter: START, nextSlotAt: at(10) })
  expect(turn({ slotsAfter: at(20) }, clock(25)).nextSlotAt).toBe(at(30))
})

test('a slot that comes is asked for, and the next one follows on it, however late the clock is', () => {
  const one = turn({}, clock(10.01))
  expect(one.rows).toEqual([{ slot: at(10), outcome: 'REQUESTED', reason: null, reportId: 'report 10', late: false }])
  expect(one).toMatchObject({ slotsAfter: at(10), nextSlotAt: at(20) })
})

test('a clock that was put back asks for nothing again', () => {
  expect(turn({ slotsAfter: at(60) }, clock(0))).toMatchObject({ rows: [], slotsAfter: at(60), nextSlotAt: at(70) })
})

describe('slots that come in time while a report is not finished', () => {
  const busy = (policy: Standing['overlapPolicy'], more: Partial<Standing> = {}, now = 10) =>
    turn({ overlapPolicy: policy, unfinished: true, ...more }, clock(now))

  test('SKIP', () => {
    expect(outcomes(busy('SKIP'))).toEqual(['10 SKIPPED_OVERLAP'])
    expect(outcomes(turn({}, clock(20)))).toEqual(['10 REQUESTED', '20 SKIPPED_OVERLAP'])
  })

  test('ALLOW', () => {
    expect(outcomes(busy('ALLOW', {}, 20))).toEqual(['10 REQUESTED', '20 REQUESTED'])
  })

  test('QUEUE_ONE: one waits, the latest of those that came', () => {
    expect(outcomes(busy('QUEUE_ONE'))).toEqual(['10 WAITING'])
    expect(busy('QUEUE_ONE', { waiting: at(0) })).toMatchObject({ replaced: at(0) })
    const several = busy('QUEUE_ONE', { waiting: at(0) }, 30)
    expect(outcomes(several)).toEqual(['10 SKIPPED_OVERLAP', '20 SKIPPED_OVERLAP', '30 WAITING'])
    expect(several.replaced).toBe(at(0))
    expect(outcomes(turn({ overlapPolicy: 'QUEUE_ONE' }, clock(20)))).toEqual(['10 REQUESTED', '20 WAITING'])
  })

  test('CANCEL_RUNNING: the latest is asked for, and what runs is cancelled for it', () => {
    const cancelled = busy('CANCEL_RUNNING', {}, 20)
    expect(outcomes(cancelled)).toEqual(['10 SKIPPED_OVERLAP', '20 REQUESTED'])
    expect(cancelled.cancelsFor).toBe(at(20))
    expect(turn({ overlapPolicy: 'CANCEL_RUNNING' }, clock(10)).cancelsFor).toBeNull()
  })

  test('CANCEL_RUNNING cancels nothing for a slot that can not be asked for', () => {
    const standing = { overlapPolicy: 'CANCEL_RUNNING', unfinished: true } as const
    for (const answer of [blocked, full]) expect(turn(standing, clock(10), answer).cancelsFor).toBeNull()
  })

  test('what is still to be caught up counts as not finished, but under ALLOW', () => {
    expect(outcomes(turn({ catchingUp: 1 }, clock(10)))).toEqual(['10 SKIPPED_OVERLAP'])
    expect(outcomes(turn({ catchingUp: 1, overlapPolicy: 'ALLOW' }, clock(10)))).toEqual(['10 REQUESTED'])
  })
})

describe('after downtime', () => {
  test('what is within the window is caught up, whatever the policy; what is older is MISSED', () => {
    for (const overlapPolicy of ['SKIP', 'ALLOW', 'QUEUE_ONE', 'CANCEL_RUNNING'] as const) {
      const back = turn({ overlapPolicy, catchUpWindow: 25 * MINUTE }, clock(55, 54))
      expect(outcomes(back)).toEqual(['10 MISSED', '20 MISSED', '30 WAITING', '40 WAITING', '50 WAITING'])
      expect(back.rows.every(({ late }) => late)).toBe(true)
      expect(back).toMatchObject({ slotsAfter: at(50), nextSlotAt: at(60), cancelsFor: null })
    }
  })

  test('PT0S: never', () => {
    expect(outcomes(turn({ catchUpWindow: 0 }, clock(30, 29)))).toEqual(['10 MISSED', '20 MISSED', '30 REQUESTED'])
  })

  test('a slot that came while a scheduler was there is in time, however many others it waited for', () => {
    expect(outcomes(turn({ catchUpWindow: 0 }, clock(19.9, 9)))).toEqual(['10 REQUESTED'])
  })

  test('at most 100, the newest; the oldest beyond that are MISSED', () => {
    const back = turn({ catchUpWindow: 1_000 * HOUR }, clock(1_500, 1_500))
    expect(outcomes(back).filter((each) => each.endsWith('WAITING'))).toHaveLength(100)
    expect(outcomes(back).slice(0, 51).at(-1)).toBe('510 WAITING')
    expect(back.rows[49]).toMatchObject({ slot: at(500), outcome: 'MISSED' })
    const again = turn({ catchUpWindow: 1_000 * HOUR, catchingUp: 98 }, clock(50, 49))
    expect(outcomes(again)).toEqual(['10 MISSED', '20 MISSED', '30 WAITING', '40 WAITING', '50 SKIPPED_OVERLAP'])
  })

  test('a downtime of years comes to an end, turn by turn: each slot is told once, and a long run is one row', () => {
    let standing: Standing = { ...NEW, catchUpWindow: 5 * HOUR }
    const moment = clock(100_000, 99_999)
    let missed = 0
    const waiting: number[] = []
    for (let turns = 0; standing.slotsAfter < at(99_990); turns++) {
      expect(turns).toBeLessThan(20)
      const next = decide(standing, moment, TENS, accepted)
      for (const { outcome, slot } of next.rows) if (outcome === 'WAITING') waiting.push(minutesOf(slot))
      for (const { from, until, count } of next.long) {
        expect(from).toBe(at(10))
        expect((until - from) / (10 * MINUTE) + 1).toBe(count)
        missed = count
      }
      standing = { ...standing, slotsAfter: next.slotsAfter, run: next.run }
    }
    expect(waiting[0]).toBe(99_700)
    expect(missed + waiting.length).toBe(9_999)
    expect(new Set(waiting).size).toBe(waiting.length)
  })
})

test('resumed in a downtime of many slots: those that are caught up are the newest, though a turn ended before them', () => {
  let standing: Standing = { ...NEW, catchUpWindow: 1_000 * HOUR, pausedUntil: at(9_500) }
  const rows: Turn['rows'][number][] = []
  for (let turns = 0; turns < 3; turns++) {
    const { rows: told, slotsAfter, run } = turn(standing, clock(12_000, 12_000))
    rows.push(...told)
    const catchingUp = rows.filter(({ outcome }) => outcome === 'WAITING').length
    standing = { ...standing, slotsAfter, run, catchingUp }
  }
  const caught = rows.filter(({ outcome }) => outcome === 'WAITING').map(({ slot }) => minutesOf(slot))
  expect(caught).toEqual(Array.from({ length: 100 }, (_, n) => 11_010 + 10 * n))
})

describe('while it is paused', () => {
  test('each slot is SKIPPED_PAUSED, late or not', () => {
    expect(outcomes(turn({ paused: true }, clock(30, 15)))).toEqual([
      '10 SKIPPED_PAUSED',
      '20 SKIPPED_PAUSED',
      '30 SKIPPED_PAUSED',
    ])
  })

  test('what came before it was resumed is, and the first slot after that is asked for', () => {
    expect(outcomes(turn({ pausedUntil: at(25) }, clock(30)))).toEqual([
      '10 SKIPPED_PAUSED',
      '20 SKIPPED_PAUSED',
      '30 REQUESTED',
    ])
  })

  test('a hundred have rows of their own; from the next on the run is one row', () => {
    const hundred = turn({ paused: true }, clock(1_000))
    expect(hundred.rows).toHaveLength(100)
    expect(hundred).toMatchObject({ long: [], run: { outcome: 'SKIPPED_PAUSED', from: at(10), count: 100 } })
    const standing = { paused: true, slotsAfter: at(1_000), run: hundred.run }
    const next = turn(standing, clock(1_010))
    expect(next.rows).toEqual([])
    expect(next.long).toMatchObject([{ outcome: 'SKIPPED_PAUSED', from: at(10), until: at(1_010), count: 101 }])
  })

  test('another outcome ends the run', () => {
    const run = { outcome: 'SKIPPED_PAUSED', from: at(-990), count: 100 } as const
    expect(turn({ run }, clock(10)).run).toBeNull()
    expect(turn({ run, catchUpWindow: 0 }, clock(15, 15)).run).toEqual({ outcome: 'MISSED', from: at(10), count: 1 })
  })
})

test('a slot that can not be asked for is BLOCKED, and the next one is tried anew', () => {
  const stuck = turn({}, clock(20), blocked)
  expect(outcomes(stuck)).toEqual(['10 BLOCKED', '20 BLOCKED'])
  expect(stuck.rows[0]).toMatchObject({ reason: 'No.', reportId: null })
})

test('where as many reports wait as may, a slot waits as long as catchUpWindow allows', () => {
  expect(turn({}, clock(10), full).rows).toMatchObject([
    { outcome: 'WAITING', late: true, reason: expect.stringMatching(/asked for when fewer do/) },
  ])
  expect(turn({ catchUpWindow: 0 }, clock(10), full).rows).toMatchObject([
    { outcome: 'BLOCKED', reason: expect.stringMatching(/longer than catchUpWindow allows/) },
  ])
})

test('once: after its slot none comes any more', () => {
  const once = reckoningOf({
    cron: null,
    every: null,
    at: new Date(at(10)),
    createdAt: new Date(START),
    timeZone: 'UTC',
  })
  const done = decide(NEW, clock(10), once, accepted)
  expect(outcomes(done)).toEqual(['10 REQUESTED'])
  expect(done.nextSlotAt).toBeNull()
})
