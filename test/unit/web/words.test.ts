import { readFile } from 'node:fs/promises'
import { buildSchema, isEnumType } from 'graphql'
import { describe, expect, test } from 'vitest'
import { FAILURE_WORDS, failureWords } from '../../../web/report/failure-words.ts'
import { parameterRows } from '../../../web/report/parameter-rows.ts'
import {
  allowedBy,
  cellWords,
  deedWords,
  detailWords,
  figureWords,
  nameWords,
  outcomeWords,
  placeWords,
  typeWords,
  valueWords,
} from '../../../web/report/words.ts'

const schema = buildSchema(await readFile(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8'))
function valuesOf(name: string): string[] {
  const type = schema.getType(name)
  return isEnumType(type) ? type.getValues().map((value) => value.name) : []
}

describe('a failure in plain words', () => {
  test('each code of the API has a sentence and says what to do', () => {
    const codes = valuesOf('ReportFailureCode')
    expect(codes.length).toBeGreaterThan(10)
    expect(Object.keys(FAILURE_WORDS).toSorted()).toEqual(codes.toSorted())
    for (const { what, remedy } of Object.values(FAILURE_WORDS)) {
      expect(what).toMatch(/^[A-Z].*\.$/)
      expect(remedy).toMatch(/^[A-Z].*\.$/)
      expect(what + remedy).not.toMatch(/[A-Z]{2}_/)
    }
  })

  test('one that is not known yet is told by its message alone', () => {
    expect(failureWords('SOURCE_ON_FIRE')).toEqual({ what: 'It failed.', remedy: '' })
  })
})

test('each outcome of an attempt and each thing that people do has words', () => {
  for (const outcome of valuesOf('ReportAttemptOutcome')) expect(outcomeWords(outcome as never)).not.toBe(outcome)
  for (const kind of valuesOf('ReportAuditKind')) expect(deedWords(kind as never)).toMatch(/ it|same/)
  expect(outcomeWords(null)).toBe('Under way')
  expect(deedWords('SENT_HOME' as never)).toBe('sent home')
  expect(detailWords({ was: 'RUNNING', schedule: 'x' })).toBe('it was running')
  expect(detailWords({ to: ['EMAIL', 'WEBHOOK'] })).toBe('by email, webhook')
  expect([detailWords(null), detailWords('?'), detailWords({ attempt: 1 })]).toEqual(['', '', ''])
})

test('names, values, cells and types', () => {
  expect(['minLifetimeValue', 'order_number', 'asOf', 'sku', ''].map(nameWords)).toEqual([
    'Min lifetime value',
    'Order number',
    'As of',
    'Sku',
    '',
  ])
  expect([true, 0, '', 'EU', ['a', 'b'], [], { a: 1 }, null, undefined].map(valueWords)).toEqual([
    'yes', '0', '“”', 'EU', 'a, b', '(none)', '{"a":1}', null, null,
  ]) // prettier-ignore
  expect(['1354453.10', '123456789012345678901', 17918, 2026, '2026', '-0.5', 'EU', null].map(figureWords)).toEqual([
    '1,354,453.10', '123,456,789,012,345,678,901', '17,918', '2026', '2026', '-0.5', 'EU', null,
  ]) // prettier-ignore
  expect([true, 0, '', '12.50', ['a'], null].map(cellWords)).toEqual(['true', '0', '', '12.50', '["a"]', null])
  expect(typeWords('DateExpression!')).toBe('date, or a relative one')
  expect(typeWords('[String!]')).toBe('several: text')
  expect(typeWords('SalesRegion', ['EU', 'US'])).toBe('one of EU, US')
  expect(typeWords('[OrdersStatuses!]!', ['PAID'])).toBe('some of PAID')
  expect(typeWords('Interval')).toBe('Interval')
  expect([0, 1, 7].map(placeWords)).toEqual(['Next in line', '1 report starts before it', '7 reports start before it'])
})

test('parameters stand in the type’s order, those that the type has lost behind them', () => {
  const rows = parameterRows({
    type: {
      parameters: [
        { name: 'startDate', type: 'DateExpression!', description: 'First day', values: null },
        { name: 'region', type: 'SalesRegion', description: null, values: ['EU'] },
      ],
    },
    parameters: { oldOne: 3, startDate: 'today' },
    resolvedParameters: { startDate: '2026-11-22', oldOne: 3, region: null },
  })
  expect(rows.map(({ words, asked, resolved }) => [words, asked, resolved])).toEqual([
    ['Start date', 'today', '2026-11-22'],
    ['Region', undefined, null],
    ['Old one', 3, 3],
  ])
  expect(rows[0]).toMatchObject({ type: 'date, or a relative one', description: 'First day' })
  expect(parameterRows({ type: { parameters: [] }, parameters: null, resolvedParameters: null })).toEqual([])
})

test('what is offered is what the life of a report allows', () => {
  const offered = (status: Parameters<typeof allowedBy>[0]) =>
    Object.entries(allowedBy(status))
      .filter(([, may]) => may)
      .map(([name]) => name)
  expect(offered('QUEUED')).toEqual(['cancel'])
  expect(offered('RUNNING')).toEqual(['cancel'])
  expect(offered('CANCELING')).toEqual([])
  expect(offered('SUCCEEDED')).toEqual(['regenerate', 'delete'])
  expect(offered('FAILED')).toEqual(['retry', 'regenerate', 'delete'])
  expect(offered('CANCELED')).toEqual(['retry', 'regenerate', 'delete'])
  expect(offered('EXPIRED')).toEqual(['regenerate', 'delete'])
})
