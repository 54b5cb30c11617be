import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import { Refusal } from '../../src/errors.ts'
import { parseDeclaration } from '../../src/report-type/declaration.ts'
import type { Parameter } from '../../src/report-type/define.ts'
import { fileNameOf } from '../../src/report-type/file-name.ts'
import { checkParameters } from '../../src/report-type/parameters.ts'
import { settingsOf } from '../../src/report-type/settings.ts'

const NOW = Temporal.Instant.from('2026-11-21T09:00:00Z')
const declare = (declarations: Record<string, unknown>): { parameters: Parameter[] } => ({
  parameters: Object.entries(declarations).map(([name, declaration]) => {
    const faults: string[] = []
    const parameter = parseDeclaration(name, declaration, (fault) => faults.push(fault))
    if (!parameter) throw new Error(faults.join())
    return parameter
  }),
})
const check = (declarations: Record<string, unknown>, values: unknown, more = {}) =>
  checkParameters(declare(declarations), values, {
    path: ['report', 'sales'],
    now: NOW,
    timeZone: 'Europe/Berlin',
    ...more,
  })
function errorsOf(declarations: Record<string, unknown>, values: unknown) {
  try {
    check(declarations, values)
  } catch (error) {
    if (error instanceof Refusal) return error.userErrors
    throw error
  }
  return []
}

test.each([
  ['String', 'x', 'x'],
  ['String', '', ''],
  ['Int', -5, -5],
  ['Float', 0.5, 0.5],
  ['Decimal', '12.50', '12.50'],
  ['Decimal', '123456789012345678901234567890.10', '123456789012345678901234567890.10'],
  ['Decimal', 12.5, '12.5'],
  ['Boolean', false, false],
  ['ID', 'abc', 'abc'],
  ['ID', 7, '7'],
  ['BigInt', '9223372036854775807', '9223372036854775807'],
  ['BigInt', 9007199254740991, '9007199254740991'],
  ['BigInt', 5n, '5'],
  ['Date', '2024-02-29', '2024-02-29'],
  ['DateTime', '2026-11-21T09:00:00+02:00', '2026-11-21T07:00:00Z'],
  ['DateTime', new Date('2026-11-21T09:00:00Z'), '2026-11-21T09:00:00Z'],
  ['DateExpression', 'today-P7D', '2026-11-14'],
  ['[Int!]', [1, 2], [1, 2]],
  ['[Int!]', 3, [3]],
  ['[String!]', [], []],
  ['[DateExpression!]', ['today', '2026-01-01'], ['2026-11-21', '2026-01-01']],
])('%s takes %s as %j', (type, value, expected) => {
  expect(check({ x: { type } }, { x: value }).resolved).toEqual({ x: expected })
})

test.each([
  ['String', 5],
  ['String', 'a\0b'],
  ['String', '\ud800'],
  ['String', 'x'.repeat(10_001)],
  ['Int', 2 ** 31],
  ['Int', 1.5],
  ['Int', '5'],
  ['Float', Infinity],
  ['Float', '1'],
  ['Decimal', '1e5'],
  ['Decimal', '1,5'],
  ['Decimal', ''],
  ['Decimal', 'NaN'],
  ['Boolean', 'true'],
  ['Boolean', 1],
  ['ID', 1.5],
  ['BigInt', '9223372036854775808'],
  ['BigInt', 2 ** 53],
  ['Date', '2026-02-29'],
  ['Date', '2026-1-1'],
  ['Date', 'today'],
  ['DateTime', '2026-11-21'],
  ['DateTime', '2026-11-21T09:00:00'],
  ['DateTime', '2026-02-30T09:00:00Z'],
  ['DateExpression', 'somewhen'],
  ['DateExpression', 20261121],
  ['[Int!]', Array.from({ length: 1001 }, () => 1)],
  ['[Int!]', { a: 1 }],
])('%s refuses %j', (type, value) => {
  const [error, ...more] = errorsOf({ some_value: { type } }, { someValue: value })
  expect(more).toEqual([])
  expect(error).toMatchObject({ code: 'INVALID', message: expect.stringMatching(/^someValue /) })
  expect(error?.field?.slice(0, 3)).toEqual(['report', 'sales', 'someValue'])
})

test('every error is told at once, each with its whole path', () => {
  const errors = errorsOf(
    {
      start_date: { type: 'DateExpression!' },
      end_date: { type: 'DateExpression!' },
      region: { type: 'String', values: ['EU', 'US'] },
      ids: { type: '[Int!]' },
    },
    { endDate: 'nonsense', region: 'EUR', ids: [1, 'x', null], strtDate: 'today' },
  )
  expect(errors.map(({ field, code }) => [field!.slice(2).join('.'), code])).toEqual([
    ['strtDate', 'INVALID'],
    ['startDate', 'REQUIRED'],
    ['endDate', 'INVALID'],
    ['region', 'INVALID'],
    ['ids.1', 'INVALID'],
    ['ids.2', 'INVALID'],
  ])
  expect(errors[0]!.message).toContain('Did you mean "startDate"?')
  expect(errors[1]!.message).toContain('startDate is required: give a date such as')
  expect(errors[3]!.message).toContain('one of EU, US. Did you mean "EU"?')
})

test('what was asked is kept as it was; what runs has defaults, nulls and resolved dates', () => {
  const { parameters, resolved } = check(
    {
      start_date: { type: 'DateExpression!' },
      region: { type: 'String' },
      min_amount: { type: 'Decimal', default: 0 },
      top: { type: 'Int', default: 10 },
    },
    { startDate: '{{last_week_start}}', top: null },
  )
  expect(parameters).toEqual({ startDate: '{{last_week_start}}' })
  expect(resolved).toEqual({ start_date: '2026-11-09', region: null, min_amount: '0', top: 10 })
})

test.each([
  ['start_date', 'end_date', '2026-11-21', '2026-11-20', true],
  ['start_date', 'end_date', '2026-11-21', '2026-11-21', false],
  ['from', 'to', '2026-11-21', '2026-11-20', true],
  ['placed_from', 'placed_to', '2026-11-21', '2026-11-20', true],
  ['start', 'end', 'tomorrow', 'today', true],
  ['start_date', 'other_end', '2026-11-21', '2026-11-20', false],
  ['start_date', 'end_date', '2026-11-21T10:00:00Z', '2026-11-21', false],
  ['start_date', 'end_date', '2026-11-21T23:30:00Z', '2026-11-21', true], // In Berlin that is the 22nd.
])('%s and %s: %s to %s', (start, end, first, last, refused) => {
  const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
  const errors = errorsOf(
    { [start]: { type: 'DateExpression' }, [end]: { type: 'DateExpression' } },
    { [camel(start)]: first, [camel(end)]: last },
  )
  expect(errors.map(({ field, code }) => [field!.at(-1), code])).toEqual(refused ? [[camel(end), 'INVALID']] : [])
})

test('last_slot that is still open leaves the parameters unresolved, and nothing else unchecked', () => {
  const declarations = { since: { type: 'DateExpression!' }, top: { type: 'Int' } }
  expect(check(declarations, { since: 'last_slot' }, { slot: NOW, lastSlot: 'open' })).toEqual({
    parameters: { since: 'last_slot' },
    resolved: null,
  })
  expect(check(declarations, { since: 'last_slot' }, { slot: NOW, lastSlot: NOW }).resolved).toEqual({
    since: '2026-11-21T09:00:00Z',
    top: null,
  })
  expect(() => check(declarations, { since: 'last_slot', top: 'x' }, { slot: NOW, lastSlot: 'open' })).toThrow(Refusal)
})

test.each([[[]], ['x'], [5]])('%j is no object of parameters', (values) => {
  expect(errorsOf({}, values)).toMatchObject([{ field: ['report', 'sales'], code: 'INVALID' }])
})

test('a type without parameters takes none', () => {
  expect(check({}, null).resolved).toEqual({})
  expect(check({}, { _: true }).resolved).toEqual({})
  expect(errorsOf({}, { x: 1 })).toMatchObject([{ code: 'INVALID', message: expect.stringContaining('It has none') }])
})

test.each([
  [{ type: 'Strin' }, /Did you mean "String"/],
  [{ type: '[String]' }, /\[String!\]/],
  [{ type: 5 }, /type is missing/],
  [{ type: 'Int!', default: 1 }, /remove the "!" or the default/],
  [{ type: 'Int', default: 'x' }, /its default must be a whole number/],
  [{ type: 'Int', values: ['A'] }, /only for String/],
  [{ type: 'String', values: ['A', 'A'] }, /distinct/],
  [{ type: 'String', values: ['A'], default: 'B' }, /must be one of A/],
  [{ type: 'DateExpression', default: 'todya' }, /Did you mean "today"/],
  [{ type: 'Upload', default: 'x' }, /no default/],
  [{ type: 'Int', descripton: 'x' }, /Did you mean "description"/],
  [null, /write \{ type/],
])('the declaration %j is a fault', (declaration, message) => {
  const faults: string[] = []
  expect(parseDeclaration('x', declaration, (fault) => faults.push(fault))).toBeNull()
  expect(faults.join()).toMatch(message)
})

test.each(['tenant_id', 'Start', '1x', 'start-date'])('%s is no name of a parameter', (name) => {
  expect(parseDeclaration(name, { type: 'Int' }, () => {})).toBeNull()
})

test('settings keep null, empty text and array literals apart', () => {
  const type = declare({
    a: { type: 'String' },
    b: { type: 'String' },
    c: { type: 'String!' },
    d: { type: 'Int' },
    e: { type: '[String!]' },
    f: { type: 'Boolean', default: true },
  })
  const settings = settingsOf(
    type,
    { a: null, b: '', c: '', d: null, e: ['a"b', 'c\\d', 'NULL', '{,}'], f: false },
    { tenantId: 't', viewerId: 'v', timeZone: 'UTC', requestedAt: new Date(0) },
  )
  expect(settings).toEqual([
    ['broadsheet.tenant_id', 't'],
    ['broadsheet.viewer_id', 'v'],
    ['broadsheet.time_zone', 'UTC'],
    ['broadsheet.requested_at', '1970-01-01T00:00:00.000Z'],
    ['broadsheet.p_a', ''],
    ['broadsheet.p_b', '='],
    ['broadsheet.p_c', ''],
    ['broadsheet.p_d', ''],
    ['broadsheet.p_e', String.raw`{"a\"b","c\\d","NULL","{,}"}`],
    ['broadsheet.p_f', 'false'],
  ])
})

test('instants of a DateExpression are bound with the offset of the report’s zone, to the second; all else as it is', () => {
  const type = declare({
    a: { type: 'DateExpression!' },
    b: { type: '[DateExpression!]!' },
    c: { type: 'DateTime!' },
    d: { type: 'DateExpression' },
    e: { type: 'DateExpression!' },
    f: { type: 'DateExpression!' },
  })
  const instant = '2026-01-02T04:30:00.123456Z'
  const resolved = {
    a: instant,
    b: [instant, '2026-01-02'],
    c: instant,
    d: null,
    e: '1850-01-01T12:00:00Z',
    f: '0001-01-01T01:00:00Z',
  }
  const settings = settingsOf(type, resolved, {
    tenantId: 't',
    viewerId: 'v',
    timeZone: 'America/New_York',
    requestedAt: new Date(0),
  })
  expect(settings.slice(4).map(([, value]) => value)).toEqual([
    '2026-01-01T23:30:00.123456-05:00',
    '{"2026-01-01T23:30:00.123456-05:00","2026-01-02"}',
    instant,
    '',
    '1850-01-01T07:03:58-04:56:02',
    '0001-01-01T01:00:00Z',
  ])
  expect(resolved.a).toBe(instant)
})

test.each([
  ['sales-{start_date}-{date}', { start_date: '2026-11-01' }, 'sales-2026-11-01-2026-11-21.csv.gz'],
  ['{region}', { region: null }, 'all.csv.gz'],
  ['{region}', { region: '../../etc/passwd' }, 'etc-passwd.csv.gz'],
  ['{region}', { region: 'a\r\nb"c\u202e' }, 'a-b-c-.csv.gz'],
  ['{region}', { region: '...' }, 'sales.csv.gz'],
  ['{at}', { at: '2026-11-21T09:00:00Z' }, '2026-11-21T090000Z.csv.gz'],
  ['{list}', { list: ['EU', 'US'] }, 'EU_US.csv.gz'],
])('a file called %s with %j is %s', (fileName, resolved, expected) => {
  expect(
    fileNameOf({ name: 'sales', fileName }, resolved as never, {
      extension: 'csv',
      compression: 'gz',
      date: '2026-11-21',
    }),
  ).toBe(expected)
})

test('a file name has at most 150 bytes and no half characters', () => {
  const name = fileNameOf({ name: 'sales', fileName: '{x}' }, { x: '東'.repeat(200) }, { extension: 'csv', date: '' })
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(150)
  expect(name).toMatch(/^東+\.csv$/)
})
