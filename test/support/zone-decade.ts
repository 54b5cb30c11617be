import fc from 'fast-check'
import { expect } from 'vitest'
import { slotsBetween } from '../../src/schedule/cadence.ts'
import { oracleSlots } from './cadence-oracle.ts'
import { dailyCadence, rareCadence } from './cadence-sample.ts'
import { changesOf } from './zone-rules.ts'

const HOUR = 3_600_000
const [FROM, UNTIL] = [Date.UTC(2026, 0, 1), Date.UTC(2036, 0, 1)]
const [DAILY, RARE] = [2, 10]

/** Another one in each run, and in the name of each test: a red run is had again by writing it here. */
export const SEED = Date.now() % 2 ** 31

/** A sample of daily and rarer cadences over ten years: no slot missing, doubled or an hour off. */
export function checkDecade(timeZone: string): void {
  const right = (expression: string) => {
    const slots = slotsBetween({ kind: 'cron', expression }, timeZone, FROM, UNTIL, 100_000)
    expect(slots, `"${expression}" in ${timeZone}`).toEqual(oracleSlots(expression, timeZone, FROM, UNTIL))
  }
  fc.assert(fc.property(dailyCadence, right), { seed: SEED, numRuns: DAILY })
  fc.assert(fc.property(rareCadence, right), { seed: SEED, numRuns: RARE })
}

/** That Temporal, which both reckonings ask, knows all changes that the platform's own calendar knows, hour by hour. */
export function checkChanges(timeZone: string): void {
  const shown = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
  const offsetAt = (instant: number) => shown.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value
  const found: number[] = []
  let last = offsetAt(FROM)
  for (let instant = FROM + HOUR; instant < UNTIL; instant += HOUR) {
    const offset = offsetAt(instant)
    if (offset !== last) found.push(instant)
    last = offset
  }
  expect(found).toEqual(changesOf(timeZone, FROM, UNTIL).map(({ at }) => Math.ceil(at / HOUR) * HOUR))
}
