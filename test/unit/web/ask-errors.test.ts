import { describe, expect, test } from 'vitest'
import { below, elsewhere, fieldErrors, inFormWords, messageOf } from '../../../web/ask/errors.ts'

const at = (...field: string[]) => ({ field, message: field.join('.') })
const paths = (...errors: { field: string[] | null; message: string }[]) => fieldErrors(errors).map(({ path }) => path)

describe('userErrors in a form', () => {
  test('parameters are found by whichever way the type was asked for', () => {
    expect(
      paths(
        at('report', 'byName', 'parameters', 'startDate'),
        at('input', 'report', 'byName', 'parameters', 'countries', '1'),
        at('input', 'report', 'sales', 'startDate'),
      ),
    ).toEqual([
      ['parameters', 'startDate'],
      ['parameters', 'countries', '1'],
      ['parameters', 'startDate'],
    ])
  })

  test('what is wrong with the type itself is of no field', () => {
    const errors = fieldErrors([
      at('report', 'byName', 'type'),
      at('report', 'sales'),
      { field: null, message: 'full' },
    ])
    expect(elsewhere(errors, ['parameters', 'title'])).toEqual(['report.byName.type', 'report.sales', 'full'])
  })

  test('a part gets its own, with paths from there on', () => {
    const errors = fieldErrors([
      at('deliveries', '1', 'email', 'to', '0'),
      at('deliveries', '0', 'webhook', 'url'),
      at('tags'),
    ])
    expect(below(below(errors, 'deliveries'), '1')).toEqual([
      { path: ['email', 'to', '0'], message: 'deliveries.1.email.to.0' },
    ])
    expect(elsewhere(errors, ['deliveries'])).toEqual(['tags'])
  })

  test('what is wrong in a list names the item', () => {
    const errors = [
      { path: ['1'], message: 'Too long.' },
      { path: [], message: 'Too many.' },
    ]
    expect(messageOf(errors, ['a', 'b'])).toBe('“b”: Too long. Too many.')
    expect(messageOf([])).toBeUndefined()
  })

  test('beside its field a message does not name it, and names others as the form does', () => {
    const names = ['startDate', 'endDate', 'file']
    const words = (message: string, name: string) => inFormWords(message, name, names)
    expect(words('startDate is required: give a date.', 'startDate')).toBe('Is required: give a date.')
    expect(words('endDate (2026-11-01) is before startDate (2026-11-02): exchange them.', 'endDate')).toBe(
      'End date (2026-11-01) is before Start date (2026-11-02): exchange them.',
    )
    expect(words('file must be a file; see startDateTime.', 'file')).toBe('Must be a file; see startDateTime.')
  })
})
