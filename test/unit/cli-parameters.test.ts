import { describe, expect, test } from 'vitest'
import { readParameters } from '../../cli/parameters.ts'

const DECLARED = [
  { name: 'startDate', type: 'DateExpression!' },
  { name: 'most', type: 'Int' },
  { name: 'share', type: 'Float' },
  { name: 'minAmount', type: 'Decimal' },
  { name: 'active', type: 'Boolean' },
  { name: 'countries', type: '[String!]' },
  { name: 'numbers', type: '[Int!]!' },
]
const read = (flags: string[], params: string[] = []) => readParameters('visits', DECLARED, { params, flags })

describe('parameters from the command line', () => {
  test.each([
    [['--start-date', 'today-P1Y'], { startDate: 'today-P1Y' }],
    [['--startDate=2026-01-01'], { startDate: '2026-01-01' }],
    [['--start_date', '--x'], { startDate: '--x' }],
    [['--start-date='], { startDate: '' }],
    [['--most', '-5', '--share', '.5'], { most: -5, share: 0.5 }],
    [['--min-amount', '12.50'], { minAmount: '12.50' }],
    // What is no number is for the service to refuse, by its path.
    [['--most', '1.5', '--share', 'half'], { most: '1.5', share: 'half' }],
    [['--active'], { active: true }],
    [['--active', '--most', '1'], { active: true, most: 1 }],
    [['--active', 'false'], { active: false }],
    [['--no-active'], { active: false }],
    [['--countries', 'DE', '--countries', 'a,b'], { countries: ['DE', 'a,b'] }],
    [['--countries', '["DE","FR"]', '--countries=LT'], { countries: ['DE', 'FR', 'LT'] }],
    [['--numbers', '1', '--numbers', '2'], { numbers: [1, 2] }],
  ])('%j', (flags, expected) => expect(read(flags)).toEqual(expected))

  test('--param says the same, and the rest of it is the value', () => {
    expect(read([], ['startDate=2026-01-01', 'min_amount=1', 'countries=a=b'])).toEqual({
      startDate: '2026-01-01',
      minAmount: '1',
      countries: ['a=b'],
    })
  })

  test.each([
    [['--nothing', '1'], [], /no parameter "nothing". It has: startDate, most/],
    [['--most'], [], /--most needs a value/],
    [['--most', '1', '--most', '2'], [], /given twice/],
    [['stray'], [], /"stray" belongs to no parameter/],
    [['--countries', '[DE]'], [], /no JSON/],
    [[], ['startDate'], /--param takes name=value, and not "startDate"/],
    [[], ['=1'], /name=value/],
  ])('%j %j is refused', (flags, params, message) => expect(() => read(flags, params)).toThrow(message))

  test('a type without parameters has none', () => {
    expect(() => readParameters('plain', [], { params: [], flags: ['--x', '1'] })).toThrow('It has none.')
  })
})
