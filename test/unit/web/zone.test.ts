import { describe, expect, it } from 'vitest'
import { durationOf, durationWords, oneUnitOf } from '../../../web/schedule/duration.ts'
import { instantOf, localText, offsetAt, offsetWord } from '../../../web/schedule/zone.ts'

describe('moments on the clocks of zones', () => {
  it.each([
    ['2027-01-31T09:00', 'Europe/Vilnius', '2027-01-31T07:00:00.000Z'],
    ['2027-07-31T09:00', 'Europe/Vilnius', '2027-07-31T06:00:00.000Z'],
    ['2027-01-31T09:00', 'UTC', '2027-01-31T09:00:00.000Z'],
    ['2027-01-31T09:00', 'Asia/Kathmandu', '2027-01-31T03:15:00.000Z'],
    ['2027-01-01T00:30', 'Pacific/Kiritimati', '2026-12-31T10:30:00.000Z'],
    // Shown twice: the first. Leapt over: as late after the leap.
    ['2027-10-31T03:30', 'Europe/Vilnius', '2027-10-31T00:30:00.000Z'],
    ['2027-03-28T03:30', 'Europe/Vilnius', '2027-03-28T01:30:00.000Z'],
    ['2027-11-07T01:30', 'America/New_York', '2027-11-07T05:30:00.000Z'],
  ])('%s in %s is %s', (local, zone, at) => {
    expect(instantOf(local, zone)).toBe(at)
  })

  it('is written back as it was, but for what was leapt over', () => {
    expect(localText('2027-01-31T07:00:00.000Z', 'Europe/Vilnius')).toBe('2027-01-31T09:00')
    expect(localText('2027-03-28T01:30:00.000Z', 'Europe/Vilnius')).toBe('2027-03-28T04:30')
  })

  it('what is no moment is none', () => {
    for (const text of ['', '2027-01-31', '2027-13-01T09:00', 'tomorrow']) expect(instantOf(text, 'UTC')).toBeNull()
  })

  it('knows how far a clock is ahead', () => {
    expect(offsetAt('2027-01-31T07:00:00.000Z', 'Europe/Vilnius')).toBe(120)
    expect(offsetAt('2027-07-31T07:00:00.123Z', 'Europe/Vilnius')).toBe(180)
    expect([0, 120, 330, -210].map(offsetWord)).toEqual(['UTC', 'UTC+2', 'UTC+5:30', 'UTC−3:30'])
  })
})

describe('durations', () => {
  it('in words, in one unit, and back', () => {
    expect(['PT90M', 'P1DT2H', 'P1W', 'PT1S', 'P1Y', 'PT0S'].map(durationWords)).toEqual([
      '90 minutes',
      '1 day 2 hours',
      '1 week',
      '1 second',
      'P1Y',
      '0 seconds',
    ])
    expect(oneUnitOf('PT1H30M')).toEqual({ size: 90, unit: 'minute' })
    expect(oneUnitOf('PT48H')).toEqual({ size: 2, unit: 'day' })
    expect(oneUnitOf('P1M')).toBeNull()
    expect(durationOf('90', 'minute')).toBe('PT90M')
    expect(durationOf('2', 'week')).toBe('P2W')
    for (const wrong of ['', '0', '-1', '1.5', 'x']) expect(durationOf(wrong, 'hour')).toBeNull()
  })
})
