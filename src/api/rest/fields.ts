import { isEnumType, type GraphQLSchema } from 'graphql'
import { hint } from '../../report-type/names.ts'
import { Problem, type ProblemDetail } from './problem.ts'
import type { Field, Fields, Values } from './route.ts'

export type Words = ReturnType<typeof wordsOf>

/** The words of each enum, read off the schema, so that none is written down twice. */
export function wordsOf(schema: GraphQLSchema) {
  return (name: string): string[] => {
    const type = schema.getType(name)
    if (!isEnumType(type)) throw new Error(`The schema has no enum "${name}".`)
    return type.getValues().map((value) => value.name)
  }
}

/**
 * Body or query, checked against what the route declares; null counts as left out. Throws one Problem with every fault, each
 * with its path.
 */
export function readFields(fields: Fields, given: Readonly<Record<string, unknown>>, words: Words): Values {
  const errors: ProblemDetail[] = []
  const values: Record<string, unknown> = {}
  for (const name of Object.keys(given))
    if (!Object.hasOwn(fields, name))
      errors.push(invalid(name.slice(0, 100), `There is no "${name.slice(0, 100)}".${hint(name, Object.keys(fields))}`))
  for (const [name, field] of Object.entries(fields)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined || value === null) {
      if (field.required) errors.push({ path: [name], code: 'REQUIRED', message: `"${name}" is required.` })
      continue
    }
    const fault = faultOf(field, value, words)
    if (fault !== null) errors.push(invalid(name, `"${name}" ${fault}`))
    else values[name] = field.enum === undefined ? value : upper(value)
  }
  if (errors.length > 0)
    throw new Problem(422, errors[0]!.code, errors.map(({ message }) => message).join(' '), { errors })
  return values
}

/** A query's texts as the kinds that are declared: a comma or a name given again makes a list. */
export function readQuery(fields: Fields, search: URLSearchParams, words: Words): Values {
  const given: Record<string, unknown> = {}
  for (const name of new Set(search.keys())) {
    const texts = search.getAll(name)
    const last = texts.at(-1) as string
    const { kind } = fields[name] ?? { kind: 'text' }
    if (last === '') continue
    if (kind === 'texts') given[name] = texts.flatMap((text) => text.split(',')).filter((text) => text !== '')
    else if (kind === 'whole') given[name] = /^-?\d{1,15}$/.test(last) ? Number(last) : last
    else if (kind === 'flag') given[name] = { true: true, 1: true, false: false, 0: false }[last.toLowerCase()] ?? last
    else given[name] = last
  }
  return readFields(fields, given, words)
}

function faultOf(field: Field, value: unknown, words: Words): string | null {
  const { kind, least = -Infinity, most = Infinity } = field
  const isText = (one: unknown) => typeof one === 'string'
  const isObject = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one)
  if (kind === 'flag') return typeof value === 'boolean' ? null : 'must be true or false.'
  if (kind === 'whole') {
    const good = Number.isInteger(value) && (value as number) >= least && (value as number) <= most
    return good ? null : `must be a whole number from ${least} to ${most}.`
  }
  if (kind === 'object') return isObject(value) ? null : 'must be an object.'
  if (kind === 'objects') return Array.isArray(value) && value.every(isObject) ? null : 'must be a list of objects.'
  if (kind === 'texts' && !(Array.isArray(value) && value.every(isText))) return 'must be a list of texts.'
  if (kind === 'text' && !isText(value)) return 'must be a text.'
  if (field.enum === undefined) return null
  const known = words(field.enum)
  const strange = [upper(value)].flat().find((one) => !known.includes(one as string))
  return strange === undefined ? null : `must be one of ${known.join(', ')}, in any case.`
}

const upper = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((one: string) => one.toUpperCase()) : (value as string).toUpperCase()

const invalid = (name: string, message: string): ProblemDetail => ({ path: [name], code: 'INVALID', message })
