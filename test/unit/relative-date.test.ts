import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { durationMilliseconds } from '../../src/schedule/duration.ts'
import {
  DATE_NAMES,
  DateExpressionError,
  resolveDateExpression,
  type DateContext,
} from '../../src/schedule/relative-date.ts'

const at = (now: string, timeZone = 'UTC', more: Partial<DateContext> = {}): DateContext => ({
  now: Temporal.Instant.from(now),
  timeZone,
  ...more,
})
/** A Saturday. */
const SATURDAY = at('2026-11-21T09:30:15Z')

describe('a date expression on Saturday 2026-11-21', () => {
  test.each([
    ['today', '2026-11-21'],
    ['yesterday', '2026-11-20'],
    ['tomorrow', '2026-11-22'],
    ['now', '2026-11-21T09:30:15Z'],
    ['week_start', '2026-11-16'],
    ['week_end', '2026-11-22'],
    ['this_week_start', '2026-11-16'],
    ['this_week_end', '2026-11-22'],
    ['last_week_start', '2026-11-09'],
    ['last_week_end', '2026-11-15'],
    ['next_week_start', '2026-11-23'],
    ['next_week_end', '2026-11-29'],
    ['month_start', '2026-11-01'],
    ['month_end', '2026-11-30'],
    ['this_month_start', '2026-11-01'],
    ['this_month_end', '2026-11-30'],
    ['last_month_start', '2026-10-01'],
    ['last_month_end', '2026-10-31'],
    ['next_month_start', '2026-12-01'],
    ['next_month_end', '2026-12-31'],
    ['quarter_start', '2026-10-01'],
    ['this_quarter_start', '2026-10-01'],
    ['this_quarter_end', '2026-12-31'],
    ['last_quarter_start', '2026-07-01'],
    ['last_quarter_end', '2026-09-30'],
    ['next_quarter_start', '2027-01-01'],
    ['next_quarter_end', '2027-03-31'],
    ['year_start', '2026-01-01'],
    ['this_year_end', '2026-12-31'],
    ['last_year_start', '2025-01-01'],
    ['last_year_end', '2025-12-31'],
    ['next_year_start', '2027-01-01'],
    ['next_year_end', '2027-12-31'],
    ['today-P7D', '2026-11-14'],
    ['today+P7D', '2026-11-28'],
    ['today-P1W', '2026-11-14'],
    ['today-P1Y2M3D', '2025-09-18'],
    ['today+P1M', '2026-12-21'],
    ['tomorrow+P1M', '2026-12-22'],
    ['yesterday-P1D', '2026-11-19'],
    ['last_month_end+P1D', '2026-11-01'],
    ['last_month_end-P1M', '2026-09-30'],
    ['month_end+P3M', '2027-02-28'],
    ['now-PT15M', '2026-11-21T09:15:15Z'],
    ['now+PT1H30M', '2026-11-21T11:00:15Z'],
    ['now-P1D', '2026-11-20T09:30:15Z'],
    ['now-P1DT30S', '2026-11-20T09:29:45Z'],
    ['now-P1M', '2026-10-21T09:30:15Z'],
    ['now-PT0.5S', '2026-11-21T09:30:14.5Z'],
    ['{{last_week_start}}', '2026-11-09'],
    ['{{ last_week_start }}', '2026-11-09'],
    ['{{today-P7D}}', '2026-11-14'],
    ['2026-11-21', '2026-11-21'],
    ['2024-02-29', '2024-02-29'],
    ['2026-11-21T09:00:00Z', '2026-11-21T09:00:00Z'],
    ['2026-11-21T09:00:00+02:00', '2026-11-21T07:00:00Z'],
    ['2026-11-21T09:00:00.123456-05:30', '2026-11-21T14:30:00.123456Z'],
    ['2026-11-21T09:00Z', '2026-11-21T09:00:00Z'],
  ])('%s is %s', (text, expected) => {
    expect(resolveDateExpression(text, SATURDAY)).toBe(expected)
  })

  test.each([
    ['', /not a date expression/],
    ['todya', /Did you mean "today"/],
    ['lastweek_start', /Did you mean "last_week_start"/],
    ['Today', /Did you mean "today"/],
    ['today-7D', /not a date expression/],
    ['today-P7', /ISO 8601 duration/],
    ['today-P', /not a date expression/],
    ['today-PT5H', /use days or longer/],
    ['last_month_end+PT1M', /use days or longer/],
    ['today--P1D', /not a date expression/],
    ['2026-02-29', /does not exist/],
    ['2026-13-01', /does not exist/],
    ['2026-11-21T25:00:00Z', /does not exist/],
    ['2026-11-21T09:00:00', /no offset/],
    ['2026-11-21 09:00', /no offset/],
    ['2026-11-21-P7D', /not a date expression/],
    ['slot', /only in a schedule/],
    ['last_slot', /only in a schedule/],
    ['last_slot-P1D', /only in a schedule/],
    ['today+P9999Y', /years 1 to 9999/],
    ['now-P999999Y', /years 1 to 9999/],
    ['9999-12-31T23:30:00-05:00', /years 1 to 9999/],
    ['0000-02-03', /years 1 to 9999/],
    ['{{today', /not a date expression/],
    ['constructor', /not a date expression/],
  ])('%s is refused', (text, message) => {
    expect(() => resolveDateExpression(text, SATURDAY)).toThrow(DateExpressionError)
    expect(() => resolveDateExpression(text, SATURDAY)).toThrow(message)
  })
})

test.each([
  ['today is that of the zone, east', 'today', '2026-11-21T23:30:00Z', 'Europe/Vilnius', '2026-11-22'],
  ['today is that of the zone, west', 'today', '2026-11-21T03:00:00Z', 'America/New_York', '2026-11-20'],
  ['a Monday begins its week', 'week_start', '2026-11-16T00:00:00Z', 'UTC', '2026-11-16'],
  ['a Sunday ends its week', 'week_end', '2026-11-22T23:59:59Z', 'UTC', '2026-11-22'],
  ['a week across the year', 'week_start', '2027-01-01T12:00:00Z', 'UTC', '2026-12-28'],
  ['months clamp', 'today-P1M', '2026-03-31T12:00:00Z', 'UTC', '2026-02-28'],
  ['months clamp in a leap year', 'today-P1M', '2028-03-31T12:00:00Z', 'UTC', '2028-02-29'],
  [
    'a day on the clock over a change to summer time',
    'now-P1D',
    '2026-03-29T12:00:00Z',
    'Europe/Berlin',
    '2026-03-28T13:00:00Z',
  ],
  ['24 hours over the same change', 'now-PT24H', '2026-03-29T12:00:00Z', 'Europe/Berlin', '2026-03-28T12:00:00Z'],
  ['a gap is left forward', 'now-P1D', '2026-03-30T00:30:00Z', 'Europe/Berlin', '2026-03-29T01:30:00Z'],
  ['the first quarter', 'last_quarter_end', '2026-02-15T12:00:00Z', 'UTC', '2025-12-31'],
  ['the year of the zone', 'year_start', '2026-12-31T20:00:00Z', 'Asia/Tokyo', '2027-01-01'],
])('%s', (_, text, now, zone, expected) => {
  expect(resolveDateExpression(text, at(now, zone))).toBe(expected)
})

test('slot and last_slot are instants of the schedule; an open last_slot stays open', () => {
  const context = at('2026-11-21T09:30:15Z', 'Europe/Berlin', {
    slot: Temporal.Instant.from('2026-11-21T09:00:00Z'),
    lastSlot: Temporal.Instant.from('2026-11-20T09:00:00Z'),
  })
  expect(resolveDateExpression('slot', context)).toBe('2026-11-21T09:00:00Z')
  expect(resolveDateExpression('last_slot+PT1S', context)).toBe('2026-11-20T09:00:01Z')
  expect(resolveDateExpression('last_slot', { ...context, lastSlot: 'open' })).toBeNull()
})

test('every start is the day after the end before it, on every day of four years', () => {
  for (let day = Temporal.PlainDate.from('2024-01-01'); day.year < 2028; day = day.add({ days: 1 })) {
    const context = at(`${day.toString()}T12:00:00Z`)
    for (const period of ['week', 'month', 'quarter', 'year']) {
      const bound = (name: string) => Temporal.PlainDate.from(resolveDateExpression(`${name}`, context)!)
      const start = bound(`this_${period}_start`)
      expect(bound(`last_${period}_end`).add({ days: 1 }).equals(start)).toBe(true)
      expect(
        bound(`this_${period}_end`)
          .add({ days: 1 })
          .equals(bound(`next_${period}_start`)),
      ).toBe(true)
      expect(
        Temporal.PlainDate.compare(start, day) <= 0 && Temporal.PlainDate.compare(day, bound(`${period}_end`)) <= 0,
      ).toBe(true)
    }
  }
})

test('every name that is offered resolves', () => {
  const instant = Temporal.Instant.from('2026-11-21T09:00:00Z')
  for (const name of DATE_NAMES)
    expect(resolveDateExpression(name, { now: instant, timeZone: 'UTC', slot: instant, lastSlot: instant })).toMatch(
      /^\d{4}-\d\d-\d\d/,
    )
})

test.each([
  ['PT10M', 600_000],
  ['P7D', 604_800_000],
  ['P1W', 604_800_000],
  ['P1DT1H1M1.5S', 90_061_500],
])('%s is %d ms', (text, expected) => {
  expect(durationMilliseconds(text)).toBe(expected)
})

test.each([['10M'], ['P'], ['PT'], ['P1M'], ['P1Y'], ['-P1D'], ['p1d'], ['P1.5D'], ['P999999999W'], ['']])(
  '%s is no length of time',
  (text) => {
    expect(() => durationMilliseconds(text)).toThrow(RangeError)
  },
)
