import { describe, expect, test } from 'vitest'
import { instantIn, momentWords } from '../../../web/ask/moments.ts'
import { asIfNow, withStandIns } from '../../../web/ask/stand-in.ts'
import type { Parameter } from '../../../web/ask/values.ts'

const parameter = (name: string, type: string, part: Partial<Parameter> = {}): Parameter => ({
  name,
  type,
  required: type.endsWith('!'),
  upload: false,
  default: null,
  description: null,
  values: null,
  ...part,
})
const START = parameter('startDate', 'DateExpression!')
const END = parameter('endDate', 'DateExpression!')
const REGION = parameter('region', 'Region', { values: ['EU', 'US'] })

describe('what the others come to while one is wrong', () => {
  test('what is missing is the other end of the period', () => {
    expect(withStandIns([START, END], { startDate: 'yesterday' }, ['endDate'])).toEqual({
      startDate: 'yesterday',
      endDate: 'yesterday',
    })
  })
  test('what is wrong and not required is left out', () => {
    expect(withStandIns([START, REGION], { startDate: 'today', region: 'XX' }, ['region'])).toEqual({
      startDate: 'today',
    })
  })
  test('a choice is any choice; for a file nothing can stand', () => {
    const chosen = parameter('region', 'Region!', { values: ['EU', 'US'] })
    expect(withStandIns([START, chosen], { startDate: 'today' }, ['region'])).toEqual({
      startDate: 'today',
      region: 'EU',
    })
    expect(
      withStandIns([START, parameter('file', 'ID!', { upload: true })], { startDate: 'today' }, ['file']),
    ).toBeNull()
  })
})

test('a schedule that is not there yet has its slot now; text that says so stays', () => {
  const given = { startDate: 'last_slot', endDate: '{{ slot-P1D }}', note: 'slot' }
  expect(asIfNow([START, END, parameter('note', 'String')], given)).toEqual({
    startDate: 'now',
    endDate: '{{ now-P1D }}',
    note: 'slot',
  })
})

describe('moments', () => {
  test('a local time is an instant of its zone', () => {
    expect(instantIn('2026-11-21T09:00', 'Europe/Vilnius')).toBe('2026-11-21T07:00:00Z')
    expect(instantIn('2026-07-01T00:30', 'America/New_York')).toBe('2026-07-01T04:30:00Z')
    expect(instantIn('2026-11-21T09:00', 'Asia/Kathmandu')).toBe('2026-11-21T03:15:00Z')
  })
  test('on the days when clocks change', () => {
    // 2026-03-29, 03:00 became 04:00 in Vilnius; 2026-10-25, 04:00 became 03:00.
    expect(instantIn('2026-03-29T02:59', 'Europe/Vilnius')).toBe('2026-03-29T00:59:00Z')
    expect(instantIn('2026-03-29T04:00', 'Europe/Vilnius')).toBe('2026-03-29T01:00:00Z')
    expect(instantIn('2026-10-25T02:59', 'Europe/Vilnius')).toBe('2026-10-24T23:59:00Z')
    expect(instantIn('2026-10-25T04:00', 'Europe/Vilnius')).toBe('2026-10-25T02:00:00Z')
  })
  test('words for a day do not depend on the zone, and say which zone an instant is in', () => {
    expect(momentWords('2026-11-16', 'Pacific/Kiritimati')).toBe(momentWords('2026-11-16', 'Pacific/Pago_Pago'))
    expect(momentWords('2026-11-16', 'UTC')).toContain('16')
    expect(momentWords('2026-11-16T23:30:00Z', 'Europe/Vilnius')).toMatch(/17.*Europe\/Vilnius$/)
    expect(momentWords(['2026-11-16', '2026-11-17'], 'UTC')).toContain('; ')
    expect(momentWords(undefined, 'UTC')).toBeNull()
    expect(momentWords('nonsense', 'UTC')).toBeNull()
  })
})
