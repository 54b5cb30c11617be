import { camelCase, snakeCase } from '../../report-type/names.ts'
import { Problem } from './problem.ts'

/** Fields whose value is the caller's or the report's own: only the names of parameters are written as here. */
const PARAMETERS = new Set(['parameters', 'resolvedParameters'])
const AS_IT_IS = new Set(['summary', 'default', 'preview'])

/** An answer of GraphQL with names in snake_case, all the way down. */
export function snakeKeys(value: unknown): any {
  // eslint-disable-line typescript/no-explicit-any -- as told by the document
  if (Array.isArray(value)) return value.map(snakeKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      snakeCase(key),
      AS_IT_IS.has(key) ? inner : PARAMETERS.has(key) ? renamed(inner, snakeCase) : snakeKeys(inner),
    ]),
  )
}

/** The parameters of a body with the names that byName takes: start_date and startDate are the same. Throws Problem where both are given. */
export function camelParameters(parameters: unknown): unknown {
  return renamed(parameters, camelCase)
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const given = new Map<string, unknown>()
  for (const [key, inner] of Object.entries(value)) {
    const name = rename(key)
    if (given.has(name))
      throw new Problem(422, 'INVALID', 'A parameter is given twice.', {
        errors: [{ path: ['parameters', key], code: 'INVALID', message: `"${key.slice(0, 100)}" is given twice.` }],
      })
    given.set(name, inner)
  }
  return Object.fromEntries(given)
}
