import { GraphQLError, Kind, valueFromASTUntyped } from 'graphql'
import { builder } from './builder.ts'
import { BadInput } from '../src/errors.ts'
import { isStorableMoment } from '../src/storable.ts'
import type { Json } from '../src/report-type/define.ts'

/**
 * Custom scalars take any string: what it means is checked in the mutation, and answered as a user error with its path.
 * Only the shape (a string, not an object) is checked here.
 */
type TextScalar = 'DateTime' | 'Date' | 'DateExpression' | 'Duration' | 'URL' | 'TimeZone'

function textScalar(
  name: TextScalar,
  description: string,
  serialize: (value: never) => string = (value) => String(value),
): void {
  builder.scalarType(name, {
    description,
    serialize: serialize as (value: unknown) => string,
    parseValue: (value) => {
      if (typeof value === 'string') return value
      throw new GraphQLError(`${name} is written as a string.`)
    },
  })
}

/** A number or a string of digits; the digits are kept as they came. */
function numberScalar(name: 'BigInt' | 'Decimal', description: string): void {
  const parse = (value: unknown): number | string => {
    if (typeof value === 'number' || typeof value === 'string') return value
    throw new GraphQLError(`${name} is written as a number or as a string.`)
  }
  builder.scalarType(name, {
    description,
    serialize: (value) => value as number,
    parseValue: parse,
    // A literal keeps its digits: 12345678901234567890 would lose some as a number.
    parseLiteral: (node) => {
      if (node.kind === Kind.INT || node.kind === Kind.FLOAT || node.kind === Kind.STRING) return node.value
      throw new GraphQLError(`${name} is written as a number or as a string.`, { nodes: node })
    },
  })
}

textScalar('DateTime', `An instant, RFC 3339 with offset. Output is always UTC with 'Z'.`, (value: Date) =>
  value.toISOString(),
)
textScalar('Date', 'A calendar date, YYYY-MM-DD.')
textScalar(
  'DateExpression',
  `A date or an instant as a report parameter: a literal ("2026-11-21", "2026-11-21T09:00:00Z") or a relative
expression, resolved once when the report is accepted, against scheduledFor or else createdAt, in its time zone, and kept by
all its attempts: today, yesterday, tomorrow, now, {this,last,next}_{week,month,quarter,year}_{start,end} ("this_" may be left
out), and for schedules slot and last_slot, each optionally followed by an ISO 8601 duration: "today-P7D", "now-PT15M".
"{{last_week_start}}" means "last_week_start". Weeks start on Monday. *_end is the last day of the period, inclusive.
now, slot, last_slot and literal instants resolve to an instant; all else to a date.`,
)
numberScalar(
  'BigInt',
  'A whole number beyond 32 bits. Counts and sizes are JSON numbers below 2^53; as a report parameter a number or a decimal string.',
)
numberScalar('Decimal', 'An exact decimal number, as a report parameter: a number or a decimal string such as "12.50".')
textScalar('Duration', 'ISO 8601, e.g. PT10M, P7D.')
textScalar('URL', 'An absolute URL.')
textScalar('TimeZone', 'An IANA time zone, e.g. Europe/Vilnius.')
builder.scalarType('JSON', {
  description: 'Any JSON value.',
  serialize: (value) => value,
  parseValue: shallow,
  parseLiteral: (node, variables) => shallow(valueFromASTUntyped(node, variables)),
})

/** How deep a JSON value may be nested: whatever walks through it later does so by recursion. */
const DEEPEST = 32

/** The value itself. Throws a GraphQLError where it is nested too deep; looks level by level, without recursion. */
function shallow(value: unknown): Json {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    const nested = level.filter((part) => typeof part === 'object' && part !== null)
    if (nested.length > 0 && depth === DEEPEST) throw new GraphQLError(`JSON may be nested ${DEEPEST} levels deep.`)
    level = nested.flatMap((part) => Object.values(part as object))
  }
  return value as Json
}

/** A DateTime argument of a query as a Date. Throws BadInput that names the argument. */
export function instant(name: string, text: string): Date {
  const date = new Date(text)
  const day = text.slice(0, 10)
  const midnight = new Date(`${day}T00:00:00Z`)
  const written = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/i.test(text)
  // JavaScript takes 30 February for the 2nd of March.
  const exists = isStorableMoment(date) && isStorableMoment(midnight) && midnight.toISOString().startsWith(day)
  if (!exists || !written)
    throw new BadInput(`${name} is not an instant of the years 1 to 9999 such as "2026-11-21T09:00:00Z".`)
  return date
}
