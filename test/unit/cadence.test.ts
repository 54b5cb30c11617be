import { describe, expect, test } from 'vitest'
import { CadenceError, nextSlot, readCadence, slotsBetween, type Cadence } from '../../src/schedule/cadence.ts'

const NOW = Date.parse('2026-11-22T10:00:00Z')
const read = (input: Parameters<typeof readCadence>[0], now = NOW): Cadence =>
  readCadence(input, { timeZone: 'UTC', createdAt: NOW, now })
const cron = (expression: string): Cadence => ({ kind: 'cron', expression })
const written = (slots: readonly number[]) =>
  slots.map((slot) => new Date(slot).toISOString().replace(/:00\.000Z$/, 'Z'))
/** The next slots after a moment, in UTC. */
const after = (moment: string, expression: string, timeZone: string, most: number) =>
  written(slotsBetween(cron(expression), timeZone, Date.parse(moment), Infinity, most))

function refusal(input: Parameters<typeof readCadence>[0]): CadenceError {
  try {
    read(input)
  } catch (error) {
    if (error instanceof CadenceError) return error
    throw error
  }
  throw new Error(`${JSON.stringify(input)} was taken`)
}

describe('a calendar without a moved clock', () => {
  test.each([
    ['30 9 * * MON-FRI', '2026-11-20T10:00Z', ['2026-11-23T09:30Z', '2026-11-24T09:30Z']],
    ['0 9 * * mon,Wed', '2026-11-22T10:00Z', ['2026-11-23T09:00Z', '2026-11-25T09:00Z']],
    ['0 9 * * FRI-SUN', '2026-11-26T10:00Z', ['2026-11-27T09:00Z', '2026-11-28T09:00Z', '2026-11-29T09:00Z', '2026-12-04T09:00Z']],
    ['0 9 * * 0', '2026-11-22T10:00Z', ['2026-11-29T09:00Z']],
    ['0 9 * * 7', '2026-11-22T10:00Z', ['2026-11-29T09:00Z']],
    ['0 9 * * SUN-SUN', '2026-11-22T10:00Z', ['2026-11-29T09:00Z', '2026-12-06T09:00Z']],
    ['0 0 1 JAN,jul *', '2026-11-22T10:00Z', ['2027-01-01T00:00Z', '2027-07-01T00:00Z']],
    ['*/20 8-10/2 * * *', '2026-11-22T08:30Z', ['2026-11-22T08:40Z', '2026-11-22T10:00Z', '2026-11-22T10:20Z', '2026-11-22T10:40Z']],
    ['5,10 0 * * *', '2026-11-22T10:00Z', ['2026-11-23T00:05Z', '2026-11-23T00:10Z']],
    ['0 0 L * *', '2026-11-22T10:00Z', ['2026-11-30T00:00Z', '2026-12-31T00:00Z', '2027-01-31T00:00Z', '2027-02-28T00:00Z']],
    ['0 0 15,L * *', '2026-11-22T10:00Z', ['2026-11-30T00:00Z', '2026-12-15T00:00Z', '2026-12-31T00:00Z']],
    // The last of January 2027 is a Sunday, and so is that of February.
    ['0 0 LW * *', '2026-12-31T10:00Z', ['2027-01-29T00:00Z', '2027-02-26T00:00Z', '2027-03-31T00:00Z']],
    // The 1st of August 2026 is a Saturday (never a day of July), the 15th too; the 1st of November a Sunday.
    ['0 0 1W * *', '2026-07-02T00:00Z', ['2026-08-03T00:00Z', '2026-09-01T00:00Z', '2026-10-01T00:00Z', '2026-11-02T00:00Z']],
    ['0 0 15W 8 *', '2026-07-02T00:00Z', ['2026-08-14T00:00Z', '2027-08-16T00:00Z']],
    ['0 0 31W * *', '2026-08-01T00:00Z', ['2026-08-31T00:00Z', '2026-10-30T00:00Z']],
    ['0 9 * * FRIL', '2026-11-22T10:00Z', ['2026-11-27T09:00Z', '2026-12-25T09:00Z', '2027-01-29T09:00Z']],
    ['0 9 * * MON#2', '2026-11-22T10:00Z', ['2026-12-14T09:00Z', '2027-01-11T09:00Z']],
    ['0 9 * * MON#1,MON#3', '2026-11-22T10:00Z', ['2026-12-07T09:00Z', '2026-12-21T09:00Z', '2027-01-04T09:00Z']],
    ['0 9 * * 2#5', '2026-11-22T10:00Z', ['2026-12-29T09:00Z', '2027-03-30T09:00Z']],
    ['0 0 29 2 *', '2026-11-22T10:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['0 0 * 2 MON#5', '2026-11-22T10:00Z', ['2044-02-29T00:00Z', '2072-02-29T00:00Z']],
    // Both days restricted: either.
    ['0 0 13 * FRI', '2026-11-12T10:00Z', ['2026-11-13T00:00Z', '2026-11-20T00:00Z', '2026-11-27T00:00Z', '2026-12-04T00:00Z', '2026-12-11T00:00Z', '2026-12-13T00:00Z']],
    ['0 0 */2 * MON', '2026-11-22T10:00Z', ['2026-11-23T00:00Z', '2026-11-25T00:00Z', '2026-11-27T00:00Z', '2026-11-29T00:00Z', '2026-11-30T00:00Z', '2026-12-01T00:00Z']],
    // A step of one, or a list with everything in it, restricts nothing.
    ['0 0 */1 * MON', '2026-11-22T10:00Z', ['2026-11-23T00:00Z', '2026-11-30T00:00Z']],
    ['0 0 13 * */1', '2026-11-22T10:00Z', ['2026-12-13T00:00Z', '2027-01-13T00:00Z']],
    ['0 0 13 * MON,*', '2026-11-22T10:00Z', ['2026-12-13T00:00Z', '2027-01-13T00:00Z']],
  ])('%s after %s', (expression, moment, expected) => {
    expect(after(moment, expression, 'UTC', expected.length)).toEqual(expected)
  }) // prettier-ignore

  test('a slot is strictly after the moment, to the millisecond', () => {
    const nine = Date.parse('2026-11-23T09:00:00Z')
    for (const expression of ['0 9 * * *', '0 * * * *']) {
      expect(nextSlot(cron(expression), 'UTC', nine - 1)).toBe(nine)
      expect(nextSlot(cron(expression), 'UTC', nine)).toBeGreaterThan(nine)
    }
  })
})

describe('every, at and presets', () => {
  test('every is aligned to the moment of creation, whatever the zone does', () => {
    const hourly = read({ every: 'PT1H30M' })
    expect(hourly).toEqual({ kind: 'every', iso: 'PT1H30M', milliseconds: 5_400_000, anchor: NOW })
    expect(nextSlot(hourly, 'Europe/Vilnius', NOW - 1e9)).toBe(NOW + 5_400_000)
    expect(nextSlot(hourly, 'Europe/Vilnius', NOW)).toBe(NOW + 5_400_000)
    expect(nextSlot(hourly, 'Europe/Vilnius', NOW + 5_399_999)).toBe(NOW + 5_400_000)
    expect(nextSlot(hourly, 'Europe/Vilnius', NOW + 5_400_000)).toBe(NOW + 10_800_000)
    const days = read({ every: 'P1D' })
    expect(slotsBetween(days, 'Europe/Vilnius', NOW + 120 * 86_400_000, Infinity, 9)).toEqual(
      Array.from({ length: 9 }, (_, index) => NOW + (121 + index) * 86_400_000),
    )
  })

  test('at comes once', () => {
    const once = read({ at: '2026-12-24T18:00:00+02:00' })
    const moment = Date.parse('2026-12-24T16:00:00Z')
    expect(once).toEqual({ kind: 'at', at: moment })
    expect(nextSlot(once, 'UTC', moment - 1)).toBe(moment)
    expect(nextSlot(once, 'UTC', moment)).toBeNull()
    expect(slotsBetween(once, 'UTC', NOW, Infinity, 5)).toEqual([moment])
  })

  test.each([
    ['HOURLY', '0 * * * *', '2026-11-22T11:00Z'],
    ['DAILY', '0 0 * * *', '2026-11-23T00:00Z'],
    ['WEEKLY', '0 0 * * 1', '2026-11-23T00:00Z'],
    ['MONTHLY', '0 0 1 * *', '2026-12-01T00:00Z'],
  ] as const)('%s is a cron', (preset, expression, first) => {
    expect(read({ preset })).toEqual(cron(expression))
    expect(written([nextSlot(read({ preset }), 'UTC', NOW)!])).toEqual([first])
  })

  test('slots between two moments: after the first, up to the second, and no more than asked for', () => {
    const daily = cron('0 0 * * *')
    const [from, to] = [Date.parse('2026-11-01T00:00Z'), Date.parse('2026-11-05T00:00Z')]
    expect(written(slotsBetween(daily, 'UTC', from, to, 10))).toEqual([
      '2026-11-02T00:00Z',
      '2026-11-03T00:00Z',
      '2026-11-04T00:00Z',
      '2026-11-05T00:00Z',
    ])
    expect(slotsBetween(daily, 'UTC', from, to, 2)).toHaveLength(2)
    expect(slotsBetween(daily, 'UTC', from, to, 0)).toEqual([])
  })
})

describe('what is no cadence', () => {
  test.each([
    ['', 'five fields'],
    ['0 9', 'has 2 fields'],
    ['0 0 9 * * *', 'there are no seconds'],
    ['0 0 9 * * * 2027', 'there are no seconds and no years'],
    ['@daily', 'write a preset such as DAILY'],
    ['@reboot', 'write a preset'],
    ['2026-12-24T18:00:00Z', 'five fields'],
    ['60 * * * *', 'from 0 to 59'],
    ['0 24 * * *', 'from 0 to 23'],
    ['0 0 0 * *', 'from 1 to 31'],
    ['0 0 32 * *', 'from 1 to 31'],
    ['0 0 * 13 *', 'from 1 to 12'],
    ['0 0 * * 8', 'from 0 to 7'],
    ['? * * * *', 'write * for "any"'],
    ['5/15 * * * *', 'write "5-59/15"'],
    ['*/0 * * * *', 'a step is 1 to 60'],
    ['*/61 * * * *', 'a step is 1 to 60'],
    ['0 22-2 * * *', 'a range goes upwards'],
    ['0 9 * * FRI-MON', 'a range goes upwards'],
    ['0 0 * JANFEB *', 'is no month'],
    ['0 0 * 1JAN *', 'is no month'],
    ['0 0 * * MONTUE', 'is no day of week'],
    ['0 0 * * MON6', 'is no day of week'],
    ['0 0 L-3 * *', 'is no day of month'],
    ['0 0 1-5W * *', 'is no day of month'],
    ['0 0 32W * *', 'is no day of month'],
    ['0 0 LW,3 * *', 'LW stands alone'],
    ['0 0 * * L', 'FRIL'],
    ['0 0 * * MON#6', 'FRI#2'],
    ['0 0 * * MON#0', 'FRI#2'],
    ['0 0 * * +MON', 'is no day of week'],
    ['0 0 1, * *', 'is no day of month'],
    ['0 L * * *', 'is no hour'],
    ['-5 * * * *', 'is no minute'],
    ['0 0 30 2 *', 'never comes'],
    ['0 0 31 2,4,6,9,11 *', 'never comes'],
    ['0 * 30 FEB *', 'never comes'],
    ['0 0 31W 4 *', 'never comes'],
    [`${'0,'.repeat(200)}0 * * * *`, 'at most 300 characters'],
  ])('cron "%s"', (expression, remedy) => {
    const { message, path } = refusal({ cron: expression })
    expect(message).toContain(remedy)
    expect(path).toEqual(['cron'])
  })

  test.each([
    ['PT9.999S', 'at least PT10S'],
    ['PT0S', 'at least PT10S'],
    ['P1M', 'months or years'],
    ['P1Y', 'months or years'],
    ['-PT1H', 'negative'],
    ['1h', 'ISO 8601'],
  ])('every %s', (every, remedy) => {
    const { message, path } = refusal({ every })
    expect(message).toContain(remedy)
    expect(path).toEqual(['every'])
  })

  test.each([
    ['2026-11-22T10:00:00Z', 'has passed'],
    ['2020-01-01T00:00:00Z', 'has passed'],
    ['9999-12-31T23:59:59-14:00', 'leaves the years'],
    ['2026-12-24T18:00:00', 'with its offset'],
    ['2026-12-24', 'with its offset'],
    ['2026-02-30T00:00:00Z', 'with its offset'],
    ['tomorrow', 'with its offset'],
  ])('at %s', (at, remedy) => {
    const { message, path } = refusal({ at })
    expect(message).toContain(remedy)
    expect(path).toEqual(['at'])
  })

  test('nothing at all', () => {
    expect(refusal({ cron: null }).path).toEqual([])
  })
})

test('blanks around and between the fields are nothing', () => {
  expect(read({ cron: '  0  9 *\t* MON ' })).toEqual(cron('0 9 * * MON'))
})
