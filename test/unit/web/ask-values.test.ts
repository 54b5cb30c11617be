import { describe, expect, test } from 'vitest'
import { draftsOf, kindOf, parametersOf, type Parameter } from '../../../web/ask/values.ts'

const parameter = (part: Partial<Parameter> & { name: string; type: string }): Parameter => ({
  required: part.type.endsWith('!'),
  upload: false,
  default: null,
  description: null,
  values: null,
  ...part,
})

const START = parameter({ name: 'startDate', type: 'DateExpression!' })
const REGION = parameter({ name: 'region', type: 'SalesRegion', values: ['EU', 'US', 'APAC'] })
const STATUSES = parameter({ name: 'statuses', type: '[OrdersStatuses!]', values: ['PLACED', 'PAID'] })
const COUNTRIES = parameter({ name: 'countries', type: '[String!]' })
const AMOUNT = parameter({ name: 'minAmount', type: 'Decimal', default: 0 })
const CANCELED = parameter({ name: 'includeCanceled', type: 'Boolean', default: false })
const NEW = parameter({ name: 'newOnly', type: 'Boolean' })
const COUNT = parameter({ name: 'count', type: 'Int' })
const RATIO = parameter({ name: 'ratio', type: 'Float' })
const BIG = parameter({ name: 'big', type: 'BigInt' })
const FILE = parameter({ name: 'file', type: 'ID!', upload: true })
const FILES = parameter({ name: 'files', type: '[ID!]', upload: true })

describe('how a parameter is asked for', () => {
  test.each([
    [START, 'date'],
    [parameter({ name: 'day', type: 'Date' }), 'date'],
    [parameter({ name: 'at', type: 'DateTime!' }), 'date'],
    [REGION, 'choice'],
    [STATUSES, 'choices'],
    [COUNTRIES, 'tokens'],
    [AMOUNT, 'text'],
    [CANCELED, 'tick'],
    [NEW, 'yes-or-no'],
    [FILE, 'file'],
    [FILES, 'file'],
  ])('$name $type', (one, kind) => expect(kindOf(one)).toBe(kind))
})

describe('what a form begins with', () => {
  test('nothing, and defaults where they can be seen as chosen', () => {
    const listed = parameter({ name: 'list', type: '[String!]', default: ['a', 'b'] })
    const chosen = parameter({ name: 'size', type: 'Size', values: ['S', 'L'], default: 'L' })
    expect(draftsOf([START, REGION, STATUSES, AMOUNT, CANCELED, NEW, listed, chosen])).toEqual({
      startDate: '',
      region: '',
      statuses: [],
      minAmount: '',
      includeCanceled: 'false',
      newOnly: '',
      list: ['a', 'b'],
      size: 'L',
    })
  })

  test('what was asked for once comes back, and nothing that the type does not have', () => {
    const all = [START, REGION, STATUSES, AMOUNT, CANCELED, NEW, COUNT, BIG, FILE]
    const asked = {
      startDate: 'last_week_start',
      region: 'EU',
      statuses: ['PAID'],
      minAmount: '12.500000000000000001',
      includeCanceled: true,
      newOnly: false,
      count: 7,
      big: '9007199254740993',
      file: 'VXBsb2FkOjE',
    }
    expect(parametersOf(all, draftsOf(all, { ...asked, gone: 1 }))).toEqual(asked)
  })

  test('one value of a list stands for the list', () => {
    expect(draftsOf([COUNTRIES], { countries: 'DE' })).toEqual({ countries: ['DE'] })
  })
})

describe('what is sent', () => {
  test('what was left out is left out', () => {
    const all = [START, REGION, STATUSES, COUNTRIES, AMOUNT, NEW, COUNT, FILE]
    expect(parametersOf(all, draftsOf(all))).toEqual({})
    expect(parametersOf([COUNT, START], { count: '  ', startDate: ' ' })).toEqual({})
  })

  test('digits are not lost', () => {
    const typed = { minAmount: ' 0.1000000000000000055 ', big: '9223372036854775807', ratio: '0.25', count: '-3' }
    expect(parametersOf([AMOUNT, BIG, RATIO, COUNT], typed)).toEqual({
      minAmount: '0.1000000000000000055',
      big: '9223372036854775807',
      ratio: 0.25,
      count: -3,
    })
  })

  test('what is no number goes as typed, so that the service says what it takes', () => {
    expect(parametersOf([COUNT, RATIO], { count: '1,5', ratio: 'many' })).toEqual({ count: '1,5', ratio: 'many' })
  })

  test('text keeps its blanks, dates do not', () => {
    const note = parameter({ name: 'note', type: 'String' })
    expect(parametersOf([note, START], { note: ' a ', startDate: ' today ' })).toEqual({
      note: ' a ',
      startDate: 'today',
    })
  })

  test('items of a list are what its type says', () => {
    const counts = parameter({ name: 'counts', type: '[Int!]' })
    expect(parametersOf([counts, COUNTRIES], { counts: ['1', '2'], countries: ['DE', '12'] })).toEqual({
      counts: [1, 2],
      countries: ['DE', '12'],
    })
  })

  test('an emptied list is said where leaving it out would bring the default back', () => {
    const listed = parameter({ name: 'list', type: '[String!]', default: ['a'] })
    expect(parametersOf([listed, COUNTRIES], { list: [], countries: [] })).toEqual({ list: [] })
  })

  test('a place whose file is still on its way is no file', () => {
    expect(parametersOf([FILES], { files: ['one', '', 'two'] })).toEqual({ files: ['one', 'two'] })
    expect(parametersOf([FILES], { files: [''] })).toEqual({})
  })
})
