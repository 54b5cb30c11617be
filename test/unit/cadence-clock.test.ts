import { readFileSync } from 'node:fs'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { slotsBetween, type Cadence } from '../../src/schedule/cadence.ts'

const cron = (expression: string): Cadence => ({ kind: 'cron', expression })
/** The next slots after a moment, in UTC. */
const after = (moment: string, expression: string, timeZone: string, most: number) =>
  slotsBetween(cron(expression), timeZone, Date.parse(moment), Infinity, most).map((slot) =>
    new Date(slot).toISOString().replace(/:00\.000Z$/, 'Z'),
  )

describe('fixed local times on a day when the clock is moved', () => {
  test('Europe/Vilnius: in the gap at its end, and once in the fold', () => {
    // 03:00 +02 becomes 04:00 +03 on March 29 (01:00 UTC); 04:00 +03 becomes 03:00 +02 on October 25 (01:00 UTC).
    expect(after('2026-03-28T12:00Z', '30 3 * * *', 'Europe/Vilnius', 2)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-30T00:30Z',
    ])
    expect(after('2026-10-24T12:00Z', '30 3 * * *', 'Europe/Vilnius', 2)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ])
  })

  test('what has been shown once does not come in the second pass, wherever one stands', () => {
    const second = ['2026-10-25T01:00Z', '2026-10-25T01:29Z', '2026-10-25T01:30Z', '2026-10-25T01:59Z']
    for (const moment of second)
      expect(after(moment, '*/10 3 * * *', 'Europe/Vilnius', 1)).toEqual(['2026-10-26T01:00Z'])
    // 04:00 comes once, after the fold.
    expect(after('2026-10-25T00:59Z', '0 3,4 * * *', 'Europe/Vilnius', 1)).toEqual(['2026-10-25T02:00Z'])
  })

  test('several times in one gap are one slot, together with a time at its end', () => {
    for (const expression of ['0,30 3 * * *', '*/15 3,4 * * *', '* 3 * * *', '0 3-4 * * *'])
      expect(after('2026-03-29T00:59Z', expression, 'Europe/Vilnius', 1)).toEqual(['2026-03-29T01:00Z'])
    expect(after('2026-03-29T00:00Z', '*/15 3,4 * * *', 'Europe/Vilnius', 3)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-29T01:15Z',
      '2026-03-29T01:30Z',
    ])
  })

  test('*/2 and 0-23 are fixed local times, each once a day', () => {
    expect(after('2026-10-24T22:00Z', '0 */2 * * *', 'Europe/Berlin', 3)).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T03:00Z',
      '2026-10-25T05:00Z',
    ])
    expect(after('2026-10-24T23:30Z', '0 0-23 * * *', 'Europe/Berlin', 3)).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T02:00Z',
      '2026-10-25T03:00Z',
    ])
    expect(after('2026-03-29T00:30Z', '0 */2 * * *', 'Europe/Berlin', 2)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-29T02:00Z',
    ])
  })

  test.each([
    ['America/New_York', '30 2 * * *', '2026-03-08T00:00Z', ['2026-03-08T07:00Z', '2026-03-09T06:30Z']],
    ['America/New_York', '30 1 * * *', '2026-11-01T00:00Z', ['2026-11-01T05:30Z', '2026-11-02T06:30Z']],
    // Half an hour: 02:00 becomes 02:30 on October 4 2026, and 02:00 becomes 01:30 on April 5.
    ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T00:00Z', ['2026-10-03T15:30Z', '2026-10-04T15:15Z']],
    ['Australia/Lord_Howe', '0,15,30 2 * * *', '2026-10-03T00:00Z', ['2026-10-03T15:30Z', '2026-10-04T15:00Z']],
    ['Australia/Lord_Howe', '45 1 * * *', '2026-04-04T00:00Z', ['2026-04-04T14:45Z', '2026-04-05T15:15Z']],
    // The gap is at midnight.
    ['America/Sao_Paulo', '0 0 * * *', '2018-11-03T12:00Z', ['2018-11-04T03:00Z', '2018-11-05T02:00Z']],
    ['America/Sao_Paulo', '30 0 * * SUN', '2018-11-03T12:00Z', ['2018-11-04T03:00Z', '2018-11-11T02:30Z']],
    ['America/Sao_Paulo', '30 23 * * *', '2019-02-16T12:00Z', ['2019-02-17T01:30Z', '2019-02-18T02:30Z']],
    ['Asia/Tehran', '0 0 * * *', '2022-03-20T22:00Z', ['2022-03-21T20:30Z', '2022-03-22T19:30Z']],
    ['Asia/Tehran', '15 23 * * *', '2022-09-21T12:00Z', ['2022-09-21T18:45Z', '2022-09-22T19:45Z']],
    ['Africa/Cairo', '30 0 * * FRI', '2026-04-23T12:00Z', ['2026-04-23T22:00Z', '2026-04-30T21:30Z']],
    ['Antarctica/Troll', '30 1,2 * * *', '2026-03-28T12:00Z', ['2026-03-29T01:00Z', '2026-03-29T23:30Z']],
    // December 30 was left out: its times came at the first instant after it.
    ['Pacific/Apia', '0 9 * * *', '2011-12-29T00:00Z', ['2011-12-29T19:00Z', '2011-12-30T10:00Z', '2011-12-30T19:00Z']],
    ['Pacific/Apia', '0 9 30 * *', '2011-12-01T00:00Z', ['2011-12-30T10:00Z', '2012-01-29T19:00Z']],
    ['Asia/Kolkata', '0 9 * * *', '2026-03-28T12:00Z', ['2026-03-29T03:30Z', '2026-03-30T03:30Z']],
  ])('%s %s after %s', (timeZone, expression, moment, expected) => {
    expect(after(moment, expression, timeZone, expected.length)).toEqual(expected)
  }) // prettier-ignore
})

describe('every hour', () => {
  test('runs every real hour, through gap and fold', () => {
    for (const expression of ['30 * * * *', '30 */1 * * *']) {
      expect(after('2026-03-28T23:45Z', expression, 'Europe/Vilnius', 3)).toEqual([
        '2026-03-29T00:30Z',
        '2026-03-29T01:30Z',
        '2026-03-29T02:30Z',
      ])
      expect(after('2026-10-24T23:45Z', expression, 'Europe/Vilnius', 3)).toEqual([
        '2026-10-25T00:30Z',
        '2026-10-25T01:30Z',
        '2026-10-25T02:30Z',
      ])
    }
  })

  test('a day that is longer has more of them, one that is shorter fewer', () => {
    const [spring, autumn] = ['2026-03-29', '2026-10-25'].map((day) =>
      slotsBetween(cron(`0 * ${Number(day.slice(8))} ${Number(day.slice(5, 7))} *`), 'Europe/Vilnius', Date.parse(day) - 86_400_000, Date.parse(day) + 2 * 86_400_000, 100).length,
    ) // prettier-ignore
    expect([spring, autumn]).toEqual([23, 25])
  })

  test('whenever the clock shows the minute, where it is moved by half an hour', () => {
    expect(after('2026-10-03T14:00Z', '0 * * * *', 'Australia/Lord_Howe', 3)).toEqual([
      '2026-10-03T14:30Z',
      '2026-10-03T16:00Z',
      '2026-10-03T17:00Z',
    ])
    expect(after('2026-10-03T14:30Z', '30 * * * *', 'Australia/Lord_Howe', 3)).toEqual([
      '2026-10-03T15:00Z',
      '2026-10-03T15:30Z',
      '2026-10-03T16:30Z',
    ])
    expect(after('2026-04-04T14:00Z', '30 * * * *', 'Australia/Lord_Howe', 3)).toEqual([
      '2026-04-04T14:30Z',
      '2026-04-04T15:00Z',
      '2026-04-04T16:00Z',
    ])
  })

  test('on a few days only', () => {
    expect(after('2026-11-22T10:00Z', '0 * 29 2 *', 'Europe/Vilnius', 1)).toEqual(['2028-02-28T22:00Z'])
  })
})

describe('docs/schedules.md', () => {
  const text = readFileSync(new URL('../../docs/schedules.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `([^`]+)` \| (\w+\/\w+) \| (\d{4}-\d\d-\d\d) \| ([^|]+) \|/gm)].map(
    ([, expression, timeZone, day, slots]) => [expression!, timeZone!, day!, slots!.split(', ')] as const,
  )

  test('has examples', () => expect(rows.length).toBeGreaterThan(10))

  test.each(rows)('%s in %s on %s', (expression, timeZone, day, slots) => {
    const start = Temporal.PlainDate.from(day).toZonedDateTime(timeZone)
    const [from, end] = [start.epochMilliseconds, start.add({ days: 1 }).startOfDay().epochMilliseconds]
    const found = slotsBetween(cron(expression), timeZone, from - 1, end - 1, 100).map((slot) => {
      const moment = Temporal.Instant.fromEpochMilliseconds(slot).toZonedDateTimeISO(timeZone)
      return `${moment.toPlainTime().toString({ smallestUnit: 'minute' })}${moment.offset}`
    })
    const left = slots.indexOf('...')
    if (left < 0) return expect(found).toEqual(slots)
    expect([...found.slice(0, left), '...', ...found.slice(left - slots.length + 1)]).toEqual(slots)
  })
})
