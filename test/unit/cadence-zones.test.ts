import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextSlot, slotsBetween } from '../../src/schedule/cadence.ts'
import { oracleSlots } from '../support/cadence-oracle.ts'
import { cadenceNear } from '../support/cadence-sample.ts'
import { distinctRules } from '../support/zone-rules.ts'

/** Ten years, and two days to each side of every change; the same sample each time, so that a red test stays red. */
const [FROM, UNTIL] = [Date.UTC(2026, 0, 1), Date.UTC(2036, 0, 1)]
const AROUND = 48 * 3_600_000
const SEED = 20_261_122
const CADENCES = 5

describe(`slots around every change of every clock in ten years, against brute force (seed ${SEED})`, () => {
  const rules = distinctRules(FROM, UNTIL).filter(({ changes }) => changes.length > 0)

  test('the zones are told apart', () => {
    expect(rules.length).toBeGreaterThan(20)
  })

  test.each(rules.map(({ timeZone, changes }) => [timeZone, changes] as const))(
    '%s',
    (timeZone, changes) => {
      for (const [index, change] of changes.entries()) {
        const [from, until] = [change.at - AROUND, change.at + AROUND]
        const moment = fc.integer({ min: from, max: until - 1 })
        fc.assert(
          fc.property(cadenceNear(change), fc.array(moment, { maxLength: 4 }), (expression, moments) => {
            const expected = oracleSlots(expression, timeZone, from, until)
            const cadence = { kind: 'cron', expression } as const
            expect(slotsBetween(cadence, timeZone, from, until, 10_000)).toEqual(expected)
            // From wherever one asks: also between the two passes of a fold.
            for (const after of [...moments, change.at - 1, change.at, change.at + 1_800_000]) {
              const next = expected.find((slot) => slot > after)
              const answer = nextSlot(cadence, timeZone, after)
              if (next !== undefined) expect(answer).toBe(next)
              else if (answer !== null) expect(answer).toBeGreaterThan(until)
            }
          }),
          { seed: SEED + index, numRuns: CADENCES },
        )
      }
    },
    60_000,
  )
})
