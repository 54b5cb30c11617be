import { Temporal } from 'temporal-polyfill'
import { Refusal, type UserError } from '../errors.ts'
import type { DateContext } from '../schedule/relative-date.ts'
import type { Json, Parameter } from './define.ts'
import { withLocalInstants } from './local-instants.ts'
import { camelCase, hint } from './names.ts'
import type { ReportType } from './report-type.ts'
import { OPEN, readValue } from './values.ts'

/** What a request's parameters have come to. */
export interface CheckedParameters {
  /** As asked: camelCase keys, no defaults filled in. What the row and regenerateReport keep. */
  readonly parameters: { [name: string]: Json }
  /**
   * What the report runs with: snake_case keys, every declared parameter (null: nothing given, no default), relative dates
   * resolved. Null while an expression is on a last_slot that is still 'open'.
   */
  readonly resolved: { [name: string]: Json } | null
}

/** Where and when a request is checked. `path` leads to the parameters in the mutation's arguments. */
export interface CheckContext extends DateContext {
  readonly path: readonly string[]
}

/**
 * Checks the values of a request against its type. They may come typed by GraphQL or from byName's JSON: the same rules hold.
 * A null is a value left out. Throws Refusal with every error at once, each with its full path.
 */
export function checkParameters(
  type: Pick<ReportType, 'parameters' | 'check'>,
  values: unknown,
  context: CheckContext,
): CheckedParameters {
  const errors: UserError[] = []
  const { path } = context
  if (values !== null && values !== undefined && (typeof values !== 'object' || Array.isArray(values))) {
    throw new Refusal([
      { field: [...path], code: 'INVALID', message: 'The parameters must be an object of names and values.' },
    ])
  }
  const given = (values ?? {}) as Record<string, unknown>
  const names = type.parameters.map(({ name }) => camelCase(name))
  for (const key of Object.keys(given)) {
    if (names.includes(key)) continue
    // An input type without fields is not allowed in GraphQL; the one for "no parameters" has a field that says nothing.
    if (key === '_' && names.length === 0) continue
    const message = `This report type has no parameter "${key.slice(0, 100)}".${names.length === 0 ? ' It has none.' : hint(key, names)}`
    errors.push({ field: [...path, key.slice(0, 100)], code: 'INVALID', message })
  }

  const asked: Record<string, Json> = {}
  const resolved: Record<string, Json> = {}
  let open = false
  for (const [index, parameter] of type.parameters.entries()) {
    const name = names[index]!
    const value = Object.hasOwn(given, name) ? (given[name] ?? undefined) : undefined
    if (value !== undefined) asked[name] = asJson(value)
    const used = value ?? parameter.default
    if (used === undefined) {
      if (parameter.required)
        errors.push({
          field: [...path, name],
          code: 'REQUIRED',
          message: `${name} is required: give ${example(parameter)}.`,
        })
      resolved[parameter.name] = null
      continue
    }
    const read = readValue(parameter, used, context, (below, text) => {
      errors.push({ field: [...path, name, ...below], code: 'INVALID', message: `${name} ${text}` })
    })
    if (read === OPEN) open = true
    else if (read !== undefined) resolved[parameter.name] = read
  }
  for (const [start, end] of pairs(type.parameters)) {
    if (!endsBefore(resolved[start.name], resolved[end.name], context.timeZone)) continue
    const message = `${camelCase(end.name)} (${String(resolved[end.name])}) is before ${camelCase(start.name)} (${String(resolved[start.name])}): exchange them, or give a later end.`
    errors.push({ field: [...path, camelCase(end.name)], code: 'INVALID', message })
  }
  if (errors.length === 0 && !open) errors.push(...checkedByAuthor(type, resolved, context))
  if (errors.length > 0) throw new Refusal(errors)
  return { parameters: asked, resolved: open ? null : resolved }
}

/** What the type's own check says of values that are right each by itself; it gets them as `rows` does. */
function checkedByAuthor(
  type: Pick<ReportType, 'parameters' | 'check'>,
  resolved: { readonly [name: string]: Json },
  { path, timeZone }: CheckContext,
): UserError[] {
  const faults = Object.entries(type.check?.(withLocalInstants(type, resolved, timeZone)) ?? {})
  return faults.flatMap(([name, text]): UserError[] => {
    if (typeof text !== 'string') return []
    const known = camelCase(name)
    return [{ field: [...path, known], code: 'INVALID', message: `${known} ${text}` }]
  })
}

function example({ type, list, values }: Parameter): string {
  if (values) return `${list ? 'a list of' : 'one of'} ${values.join(', ')}`
  const one: Record<Parameter['type'], string> = {
    String: 'a text', ID: 'an id', Upload: 'the id of an upload', Int: 'a whole number', BigInt: 'a whole number', Float: 'a number', Boolean: 'true or false',
    Decimal: 'a decimal such as "12.50"', Date: 'a date such as "2026-11-21"', DateTime: 'an instant such as "2026-11-21T09:00:00Z"',
    DateExpression: 'a date such as "2026-11-21" or "last_month_start"',
  } // prettier-ignore
  return list ? `a list, each ${one[type]}` : one[type]
}

function asJson(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)),
  ) as Json
}

const DATES: readonly Parameter['type'][] = ['Date', 'DateTime', 'DateExpression']

/** Parameters that bound a period: start_x and end_x, x_start and x_end, from_x and to_x, or the bare words. */
function pairs(parameters: readonly Parameter[]): [start: Parameter, end: Parameter][] {
  const dates = parameters.filter(({ type, list }) => !list && DATES.includes(type))
  return dates.flatMap((start) => {
    const names = [['start', 'end'], ['from', 'to']].map(([first, last]) => start.name.replace(new RegExp(`(^|_)${first}(?=_|$)`), `$1${last}`)) // prettier-ignore
    return dates
      .filter((end) => end !== start && names.includes(end.name))
      .map((end): [Parameter, Parameter] => [start, end])
  })
}

/** Compared as what they mean: a date begins at its first instant in the zone and, as an end, holds until its last. */
function endsBefore(start: Json | undefined, end: Json | undefined, timeZone: string): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return false
  const from = start.includes('T')
    ? Temporal.Instant.from(start)
    : Temporal.PlainDate.from(start).toZonedDateTime(timeZone).toInstant()
  const until = end.includes('T')
    ? Temporal.Instant.from(end)
    : Temporal.PlainDate.from(end).add({ days: 1 }).toZonedDateTime(timeZone).toInstant().subtract({ nanoseconds: 1 })
  return Temporal.Instant.compare(until, from) < 0
}
