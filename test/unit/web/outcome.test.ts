import { describe, expect, it } from 'vitest'
import { REPORT_STATUSES } from '../../../src/report/status.ts'
import { SLOT_OUTCOMES } from '../../../src/schedule/slot.ts'
import { markOf, stripOf } from '../../../web/schedule/outcome.ts'

const slot = { reason: null, count: 1, report: null }

describe('what became of a slot', () => {
  it('each outcome has its words; no two look the same in black and white', () => {
    const marks = [
      ...SLOT_OUTCOMES.filter((outcome) => outcome !== 'CAUGHT_UP').map((outcome) => markOf({ ...slot, outcome })),
      ...REPORT_STATUSES.filter((status) => status !== 'EXPIRED' && status !== 'CANCELING').map((status) =>
        markOf({ ...slot, outcome: 'REQUESTED', report: { status } }),
      ),
    ]
    expect(new Set(marks.map(({ shape, letter }) => `${shape} ${letter}`)).size).toBe(marks.length)
    expect(new Set(marks.map(({ words }) => words)).size).toBe(marks.length)
    for (const { letter } of marks) expect(letter).not.toBe('?')
  })

  it('of a report its status counts, and that it was late is told', () => {
    expect(markOf({ ...slot, outcome: 'REQUESTED', report: { status: 'FAILED' } })).toMatchObject({
      tone: 'bad',
      words: 'Failed',
    })
    const late = markOf({ ...slot, outcome: 'CAUGHT_UP', report: { status: 'SUCCEEDED' } })
    expect(late).toMatchObject({ tone: 'good', words: 'Succeeded, caught up after the service had not run' })
  })

  it('a run says how many, and what is not known is shown as it is', () => {
    expect(markOf({ ...slot, outcome: 'SKIPPED_PAUSED', count: 250 }).words).toBe('Skipped: paused, 250 times')
    expect(markOf({ ...slot, outcome: 'NEW_ONE' as never })).toMatchObject({ letter: '?', words: 'NEW_ONE' })
  })

  it('the strip has the newest right, and so many at most', () => {
    expect(stripOf([5, 4, 3, 2, 1], 3)).toEqual([3, 4, 5])
    expect(stripOf([], 3)).toEqual([])
  })
})
