import fc from 'fast-check'
import type { Change } from './zone-rules.ts'

/** Cron expressions by chance. Few times a day, so that brute force keeps up; each part of the language is met. */

const HOUR = 3_600_000
const one = (low: number, high: number) => fc.integer({ min: low, max: high })
const several = (low: number, high: number, most: number) =>
  fc.uniqueArray(one(low, high), { minLength: 2, maxLength: most }).map((list) => list.join(','))
const range = (low: number, high: number, widest: number) =>
  fc.tuple(one(low, high), one(0, widest)).map(([from, wide]) => `${from}-${Math.min(high, from + wide)}`)
const anyOf = (...all: { weight: number; arbitrary: fc.Arbitrary<string | number> }[]) => fc.oneof(...all).map(String)
const often = (weight: number, arbitrary: fc.Arbitrary<string | number>) => ({ weight, arbitrary })

const minute = anyOf(
  often(4, one(0, 59)),
  often(2, fc.constantFrom('0', '30', '59')),
  often(1, several(0, 59, 3)),
  often(1, fc.constantFrom('*/15', '*/20', '*/30', '10-50/20', '0-2')),
)

const everyHour = fc.constantFrom('*', '*/1')
/** Hours that may be in a gap or fold of the change, or by chance. */
const hourNear = ({ at, before, offset }: Change) => {
  const around = [at + before, at + offset, at + before - HOUR, at + offset - HOUR].map((reading) =>
    new Date(reading).getUTCHours(),
  )
  return anyOf(
    often(6, fc.constantFrom(...around)),
    often(1, one(0, 23)),
    often(
      2,
      fc.subarray([...new Set(around)], { minLength: 1 }).map((list) => list.join(',')),
    ),
    often(1, fc.constantFrom('*/2', '*/3', '0-23', '0-23/2', '0-4', '22-23')),
  )
}
const anyHour = anyOf(often(6, one(0, 4)), often(2, one(5, 23)), often(2, several(0, 23, 3)), often(1, range(0, 23, 2)))

const dayOfMonth = anyOf(
  often(3, one(1, 31)),
  often(1, fc.constantFrom('L', 'LW', '15,L', '*/7', '10-20/5')),
  often(1, several(1, 31, 4)),
  often(1, one(1, 31).map((day) => `${day}W`)),
  often(1, range(1, 31, 5)),
) // prettier-ignore
const weekdays = 'SUN MON TUE WED THU FRI SAT'.split(' ')
const dayOfWeek = anyOf(
  often(2, fc.constantFrom(...weekdays, 'MON-FRI', 'SAT,SUN', 'FRI-SUN', '*/2', '1-5/2', '7', '0')),
  often(1, fc.constantFrom(...weekdays).map((day) => `${day}L`)),
  often(1, fc.tuple(fc.constantFrom(...weekdays), one(1, 5)).map(([day, nth]) => `${day}#${nth}`)),
) // prettier-ignore
const month = anyOf(
  often(6, fc.constant('*')),
  often(1, one(1, 12)),
  often(1, fc.constantFrom('JAN', 'MAR,OCT', 'APR-NOV', '*/3', '2')),
)
const all = fc.constant('*')
const daily = fc.constant('* * *')
const rareDays = fc
  .oneof(
    fc.tuple(dayOfMonth, month, all),
    fc.tuple(all, month, dayOfWeek),
    fc.tuple(dayOfMonth, month, dayOfWeek),
    fc.tuple(fc.constant('*/1'), all, dayOfWeek),
  )
  .map((days) => days.join(' '))

const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(' '))

/** Around a change of the clock: every day, or on some; a third of them every hour. */
export const cadenceNear = (change: Change): fc.Arbitrary<string> =>
  joined(
    minute,
    fc.oneof({ weight: 2, arbitrary: hourNear(change) }, { weight: 1, arbitrary: everyHour }),
    fc.oneof({ weight: 4, arbitrary: daily }, { weight: 1, arbitrary: rareDays }),
  )

/** One fixed local time a day. */
export const dailyCadence: fc.Arbitrary<string> = joined(
  anyOf(often(1, one(0, 59))),
  anyOf(often(3, one(0, 4)), often(1, one(5, 23))),
  daily,
)
/** On some days. */
export const rareCadence: fc.Arbitrary<string> = joined(anyOf(often(1, one(0, 59))), anyHour, rareDays)
