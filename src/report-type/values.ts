import { Temporal } from 'temporal-polyfill'
import { DateExpressionError, resolveDateExpression, type DateContext } from '../schedule/relative-date.ts'
import { isStorable, NOT_STORABLE } from '../storable.ts'
import type { Json, Parameter, ParameterTypeName } from './define.ts'
import { hint } from './names.ts'

/** Most characters of one text, most items of one list. */
export const LONGEST_TEXT = 10_000
export const LONGEST_LIST = 1000

/** `syntaxOnly`: no moment is known yet (a default in a file); anything that could be resolved some day is right. */
export type ValueContext = DateContext | { readonly syntaxOnly: true }

/** What is wrong with a value: where in it ([] or [index]), and a text that goes on from the parameter's name. */
export type Wrong = (path: readonly string[], text: string) => void

/** A Json value that could be read; undefined: it could not, and `wrong` was told; OPEN: last_slot is not known yet. */
export const OPEN = Symbol('open')
export type Read = Json | undefined | typeof OPEN

/**
 * The value that a report runs with: numbers for Int and Float, true or false, exact decimal text for Decimal and BigInt,
 * ISO text for the dates (DateTime in UTC; a DateExpression resolved), else text; a list of these for a list.
 */
export function readValue(parameter: Parameter, value: unknown, context: ValueContext, wrong: Wrong): Read {
  if (!parameter.list) return readItem(parameter, value, context, (text) => wrong([], text))
  const items = Array.isArray(value) ? value : [value] // As GraphQL does: one value stands for the list of it.
  if (items.length > LONGEST_LIST) {
    wrong([], `has ${items.length} items: give at most ${LONGEST_LIST}.`)
    return undefined
  }
  const read = items.map((item, index) => readItem(parameter, item, context, (text) => wrong([String(index)], text)))
  if (read.includes(undefined)) return undefined
  return read.includes(OPEN) ? OPEN : (read as Json[])
}

function readItem(parameter: Parameter, value: unknown, context: ValueContext, wrong: (text: string) => void): Read {
  const { type, values } = parameter
  const read = value instanceof Date ? READERS[type](value.toJSON(), context) : READERS[type](value, context)
  if ('wrong' in read) {
    wrong(read.wrong)
    return undefined
  }
  if (values && !values.includes(read.value as string)) {
    wrong(`must be one of ${values.join(', ')}.${nearHint(read.value as string, values)}`)
    return undefined
  }
  return read.value
}

function nearHint(value: string, values: readonly string[]): string {
  const near = hint(value, values)
  return near.startsWith(' Did') ? near : ''
}

type Result = { value: Json | typeof OPEN } | { wrong: string }
type Reader = (value: unknown, context: ValueContext) => Result

const MAX_INT = 2 ** 31
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const

const READERS: Record<ParameterTypeName, Reader> = {
  String: readText,
  Int: (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= -MAX_INT && value < MAX_INT
      ? { value }
      : { wrong: 'must be a whole number from -2147483648 to 2147483647.' },
  Float: (value) =>
    typeof value === 'number' && Number.isFinite(value) ? { value } : { wrong: 'must be a finite number.' },
  Decimal(value) {
    if (typeof value === 'number' && Number.isFinite(value)) return { value: String(value) }
    if (typeof value === 'bigint') return { value: String(value) }
    if (typeof value === 'string' && value.length <= 200 && /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(value)) return { value }
    return { wrong: 'must be a decimal: a number, or its digits as text, e.g. "12.50".' }
  },
  Boolean: (value) => (typeof value === 'boolean' ? { value } : { wrong: 'must be true or false.' }),
  ID: (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) ? { value: String(value) } : readText(value),
  BigInt(value) {
    const whole =
      typeof value === 'bigint' ||
      (typeof value === 'number' && Number.isSafeInteger(value)) ||
      (typeof value === 'string' && /^[+-]?\d{1,20}$/.test(value))
        ? BigInt(value as bigint | number | string)
        : null
    if (whole === null || whole < INT64[0] || whole > INT64[1])
      return { wrong: 'must be a whole number of 64 bits: a number below 2^53, or its digits as text.' }
    return { value: String(whole) }
  },
  Date(value) {
    const date =
      typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)
        ? attempt(() => Temporal.PlainDate.from(value).toString())
        : null
    return date === null || date.startsWith('0000')
      ? { wrong: 'must be a date that exists, written YYYY-MM-DD.' }
      : { value: date }
  },
  DateTime(value) {
    const written =
      typeof value === 'string' &&
      /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/.test(value)
    const instant = written ? attempt(() => Temporal.Instant.from(value.toUpperCase()).toString()) : null
    return instant === null || !/^(?!0000)\d{4}-/.test(instant)
      ? { wrong: 'must be an instant of the years 1 to 9999 with its offset, e.g. "2026-11-21T09:00:00Z".' }
      : { value: instant }
  },
  DateExpression(value, context) {
    const forgiving = 'syntaxOnly' in context
    if (typeof value !== 'string') return { wrong: 'must be a date, an instant, or an expression such as "today-P7D".' }
    try {
      const resolved = resolveDateExpression(value, forgiving ? ANY_MOMENT : context)
      return { value: resolved === null ? OPEN : forgiving ? value : resolved }
    } catch (error) {
      if (!(error instanceof DateExpressionError)) throw error
      return { wrong: `can't be resolved: ${error.message}` }
    }
  },
  Upload: readText,
}

const SOME_INSTANT = Temporal.Instant.from('2026-11-21T09:00:00Z')
const ANY_MOMENT: DateContext = { now: SOME_INSTANT, timeZone: 'UTC', slot: SOME_INSTANT, lastSlot: SOME_INSTANT }

function readText(value: unknown): Result {
  if (typeof value !== 'string') return { wrong: 'must be text.' }
  if (value.length > LONGEST_TEXT) return { wrong: `is longer than ${LONGEST_TEXT} characters.` }
  if (!isStorable(value)) return { wrong: NOT_STORABLE }
  return { value }
}

function attempt(read: () => string): string | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
