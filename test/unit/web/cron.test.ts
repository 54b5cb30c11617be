import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCadence, slotsBetween } from '../../../src/schedule/cadence.ts'
import { cronFields, cronOf, daysAndTimeOf, valuesOf, weekdaysOf } from '../../../web/schedule/cron.ts'

const days = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)

describe('days of the week and a time as cron', () => {
  it.each([
    [[1], '09:00', '0 9 * * MON'],
    [[4, 1], '06:30', '30 6 * * MON,THU'],
    [[1, 2, 3, 4, 5], '00:05', '5 0 * * MON-FRI'],
    [[5, 6, 7], '23:59', '59 23 * * FRI-SUN'],
    [[1, 2, 3, 4, 5, 6, 7], '12:00', '0 12 * * *'],
    [[7], '12:00', '0 12 * * SUN'],
    [[], '12:00', null],
    [[1], '', null],
    [[1], '24:00', null],
  ])('%j at %s: %s', (chosen, at, cron) => {
    expect(cronOf({ days: chosen, time: at })).toBe(cron)
  })

  it('the service takes it, and its slots are those days at that time', () => {
    const now = Date.parse('2026-11-22T00:00:00Z')
    fc.assert(
      fc.property(days, time, (chosen, at) => {
        const cron = cronOf({ days: chosen, time: at })
        const cadence = readCadence({ cron }, { timeZone: 'UTC', createdAt: now, now })
        const slots = slotsBetween(cadence, 'UTC', now - 1, now + 7 * 86_400_000 - 1, 20).map((slot) => new Date(slot))
        expect(slots.map((slot) => slot.getUTCDay() || 7).toSorted()).toEqual(chosen.toSorted())
        expect(slots.every((slot) => slot.toISOString().slice(11, 16) === at)).toBe(true)
      }),
    )
  })

  it('is read back as it was chosen', () => {
    fc.assert(
      fc.property(days, time, (chosen, at) => {
        expect(daysAndTimeOf(cronOf({ days: chosen, time: at }) ?? '')).toEqual({ days: chosen.toSorted(), time: at })
      }),
    )
  })

  it.each([
    '0 9 1 * *',
    '0 9 * 1 MON',
    '0 9,10 * * MON',
    '*/5 9 * * MON',
    '0 9 * * MON#1',
    '0 9 * * FRIL',
    '0 9 * *',
    '',
  ])('more than that is no such thing: %s', (cron) => {
    expect(daysAndTimeOf(cron)).toBeNull()
  })
})

describe('fields', () => {
  it('names are numbers, and every value is *', () => {
    expect(cronFields(' 0  */1 * jan-mar Sun,TUE ')).toEqual({
      minute: '0',
      hour: '*',
      dayOfMonth: '*',
      month: '1-3',
      dayOfWeek: '7,2',
    })
    expect(cronFields('0 9 * *')).toBeNull()
    expect(cronFields('0 0 9 * * 1')).toBeNull()
  })

  it('values of lists, ranges and steps', () => {
    expect(valuesOf('1,5-7,20-30/5', [0, 59])).toEqual([1, 5, 6, 7, 20, 25, 30])
    expect(valuesOf('*/20', [0, 59])).toEqual([0, 20, 40])
    expect(weekdaysOf('7,2')).toEqual([2, 7])
    for (const wrong of ['*', 'L', '15W', '5-1', '60', '1-x', '*/0', '']) expect(valuesOf(wrong, [0, 59])).toBeNull()
  })
})
