import { Temporal } from 'temporal-polyfill'
import { hint } from '../report-type/names.ts'
import { parseDuration } from './duration.ts'

/** Against what an expression is resolved. */
export interface DateContext {
  /** scheduledFor of the report, or else createdAt. */
  readonly now: Temporal.Instant
  /** IANA name. */
  readonly timeZone: string
  /** The moment that the schedule asked for; left out: the report does not come from a schedule. */
  readonly slot?: Temporal.Instant
  /** The last slot whose report succeeded; 'open': there is a schedule, but it is not known before the first attempt. */
  readonly lastSlot?: Temporal.Instant | 'open'
}

/** The text is no date expression, or names what there is not here. The message is for the caller. */
export class DateExpressionError extends Error {}

const INSTANTS = ['now', 'slot', 'last_slot']
const DAYS: Record<string, number> = { yesterday: -1, today: 0, tomorrow: 1 }
const PERIODS = ['week', 'month', 'quarter', 'year'] as const
type Period = (typeof PERIODS)[number]
const OFFSETS: Record<string, number> = { this: 0, last: -1, next: 1 }

/** Every name that an expression may begin with, "this_" written out. */
export const DATE_NAMES: readonly string[] = [
  ...Object.keys(DAYS),
  ...INSTANTS,
  ...Object.keys(OFFSETS).flatMap((which) =>
    PERIODS.flatMap((period) => [`${which}_${period}_start`, `${which}_${period}_end`]),
  ),
]

/**
 * ISO text: a date "2026-11-21", or for now, slot, last_slot and literal instants an instant "2026-11-21T09:00:00Z".
 * Null only where the expression is on a last_slot that is still 'open'. Throws DateExpressionError.
 */
export function resolveDateExpression(text: string, context: DateContext): string | null {
  const literal = resolveLiteral(text)
  if (literal !== null) return literal
  const [name, duration] = split(text)
  if (INSTANTS.includes(name)) return shiftedInstant(name, duration, context)
  const date = namedDate(name, context)
  if (date === null) throw new DateExpressionError(`"${shown(text)}" is not a date expression.${remedy(name)}`)
  if (duration === null) return date.toString()
  if (hasTime(duration)) {
    throw new DateExpressionError(
      `"${shown(text)}" moves a date by hours, minutes or seconds: use days or longer (P1D), or "now".`,
    )
  }
  return inRange(text, () => date.add(duration).toString())
}

function resolveLiteral(text: string): string | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return real(text, () => Temporal.PlainDate.from(text).toString())
  if (/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?$/.test(text)) {
    throw new DateExpressionError(
      `"${text}" has no offset: write an instant as "2026-11-21T09:00:00Z" or "2026-11-21T09:00:00+02:00".`,
    )
  }
  if (!/^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/.test(text)) return null
  return real(text, () => Temporal.Instant.from(text.toUpperCase()).toString())
}

function real(text: string, read: () => string): string {
  let found: string
  try {
    found = read()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new DateExpressionError(`"${text}" does not exist in the calendar.`)
  }
  return inRange(text, () => found)
}

/** "{{last_week_start}}" means "last_week_start"; what follows a name is its sign and an ISO duration. */
function split(text: string): [name: string, duration: Temporal.Duration | null] {
  const bare = /^\{\{\s*(.*?)\s*\}\}$/.exec(text)?.[1] ?? text
  const parts = /^([a-z_]+)(?:([+-])(P.+))?$/.exec(bare)
  if (!parts)
    throw new DateExpressionError(
      `"${shown(text)}" is not a date expression.${remedy(/^[a-z_]*/i.exec(bare)?.[0] ?? '')}`,
    )
  const [, name, sign, iso] = parts
  if (iso === undefined) return [name!, null]
  try {
    const duration = parseDuration(iso)
    return [name!, sign === '-' ? duration.negated() : duration]
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new DateExpressionError(error.message)
  }
}

function shiftedInstant(
  name: string,
  duration: Temporal.Duration | null,
  { now, timeZone, slot, lastSlot }: DateContext,
): string | null {
  const instant = name === 'now' ? now : name === 'slot' ? slot : lastSlot
  if (instant === undefined)
    throw new DateExpressionError(`"${name}" is known only in a schedule: write a date, "now" or "today".`)
  if (instant === 'open') return null
  if (duration === null) return instant.toString()
  return inRange(name, () => instant.toZonedDateTimeISO(timeZone).add(duration).toInstant().toString())
}

function namedDate(name: string, { now, timeZone }: DateContext): Temporal.PlainDate | null {
  const today = now.toZonedDateTimeISO(timeZone).toPlainDate()
  const days = Object.hasOwn(DAYS, name) ? DAYS[name] : undefined
  if (days !== undefined) return today.add({ days })
  const parts = /^(?:(this|last|next)_)?(week|month|quarter|year)_(start|end)$/.exec(name)
  if (!parts) return null
  const period = parts[2] as Period
  const start = startOf(today, period, OFFSETS[parts[1] ?? 'this']!)
  return parts[3] === 'start' ? start : startOf(start, period, 1).subtract({ days: 1 })
}

/** The first day of the period that lies `offset` periods from the one of `date`. */
function startOf(date: Temporal.PlainDate, period: Period, offset: number): Temporal.PlainDate {
  if (period === 'week') return date.subtract({ days: date.dayOfWeek - 1 }).add({ weeks: offset })
  if (period === 'month') return date.with({ day: 1 }).add({ months: offset })
  if (period === 'quarter')
    return date.with({ day: 1, month: date.month - ((date.month - 1) % 3) }).add({ months: 3 * offset })
  return date.with({ day: 1, month: 1 }).add({ years: offset })
}

function hasTime(duration: Temporal.Duration): boolean {
  return (
    duration.hours !== 0 ||
    duration.minutes !== 0 ||
    duration.seconds !== 0 ||
    duration.milliseconds !== 0 ||
    duration.microseconds !== 0 ||
    duration.nanoseconds !== 0
  )
}

/** Years 1 to 9999: what Postgres, JSON readers and people take for a date without further signs. */
function inRange(text: string, move: () => string): string {
  let moved = ''
  try {
    moved = move()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  if (!/^\d{4}-/.test(moved) || moved.startsWith('0000'))
    throw new DateExpressionError(`"${shown(text)}" leaves the years 1 to 9999.`)
  return moved
}

function remedy(name: string): string {
  const near = hint(name, DATE_NAMES)
  return near.startsWith(' Did')
    ? near
    : ' Write a date ("2026-11-21"), an instant with its offset, or a name such as "today-P7D" or "last_month_start".'
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
