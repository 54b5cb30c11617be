import cronstrue from 'cronstrue'
import { clock, cronFields, valuesOf, weekdaysOf, type CronFields } from './cron.ts'
import { durationWords } from './duration.ts'
import { momentIn } from './zone.ts'

/** When a schedule asks, for a reader: "Mondays at 09:00, Europe/Vilnius". Pure. */

export interface CadenceOf {
  readonly cron: string | null
  readonly every: string | null
  readonly at: string | null
  readonly timeZone: string
}

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] // prettier-ignore
const NTH = ['first', 'second', 'third', 'fourth', 'fifth']
/** Times of a day that are still read at a glance. */
const MOST_TIMES = 6

/** The zone is named where a clock is meant; an interval knows none. */
export function cadenceWords({ cron, every, at, timeZone }: CadenceOf): string {
  if (every !== null) return intervalWords(every)
  if (at !== null) return `Once, ${momentIn(at, timeZone)}, ${timeZone}`
  return `${cronWords(cron ?? '')}, ${timeZone}`
}

/** "PT1H" → "Every hour", "PT90M" → "Every 90 minutes", "P1D" → "Every 24 hours": a day of the clock may have 23 or 25. */
function intervalWords(iso: string): string {
  const words = iso === 'P1D' ? '24 hours' : durationWords(iso)
  return `Every ${words.replace(/^1 (\w+)$/, '$1')}`
}

/** Usual ones as people say them, all else in the library's words. */
export function cronWords(expression: string): string {
  const fields = cronFields(expression)
  if (!fields) return expression
  const when = timesOf(fields) ?? frequencyOf(fields)
  const days = daysOf(fields)
  if (when === null || days === null) return otherWords(fields, expression)
  const often = !when.startsWith('at ')
  if (days === '') return often ? capital(when) : `Every day ${when}`
  return often ? `${capital(when)}, ${days}` : `${capital(days)} ${when}`
}

/** "at 09:00 and 17:00" */
function timesOf({ minute, hour }: CronFields): string | null {
  const [minutes, hours] = [valuesOf(minute, [0, 59]), valuesOf(hour, [0, 23])]
  if (!minutes || !hours || minutes.length * hours.length > MOST_TIMES) return null
  return `at ${listed(hours.flatMap((h) => minutes.map((m) => clock(h, m))))}`
}

/** "every hour at :15", "every 10 minutes from 09:00 to 17:50" */
function frequencyOf({ minute, hour }: CronFields): string | null {
  const [minutes, hours] = [valuesOf(minute, [0, 59]), valuesOf(hour, [0, 23])]
  const apart = minute === '*' ? 1 : evenly(minutes, 60)
  const often = apart === 1 ? 'every minute' : `every ${apart} minutes`
  if (hour === '*') {
    if (apart !== null && apart < 60) return often
    return minutes && minutes.length <= MOST_TIMES ? `every hour${past(minutes)}` : null
  }
  if (!hours) return null
  const [first = 0, last = 0] = [hours[0], hours.at(-1)]
  const inARow = hours.length === last - first + 1
  if (apart !== null && apart < 60)
    return inARow ? `${often} from ${clock(first, 0)} to ${clock(last, 60 - apart)}` : null
  if (minutes?.length !== 1) return null
  const at = minutes[0] ?? 0
  const between = evenly(hours, 24)
  if (between !== null && between > 1) return `every ${between} hours${past(minutes)}`
  return inARow && hours.length > 1 ? `every hour from ${clock(first, at)} to ${clock(last, at)}` : null
}

/** How far apart values are that begin with 0 and go all round; null: they are not. */
function evenly(values: readonly number[] | null, round: number): number | null {
  const apart = values && round / values.length
  return apart !== null && values?.every((value, at) => value === at * apart) ? apart : null
}

/** " at :15 and :45"; nothing for the full hour. */
const past = (minutes: readonly number[]) =>
  minutes.length === 1 && minutes[0] === 0
    ? ''
    : ` at ${listed(minutes.map((minute) => `:${String(minute).padStart(2, '0')}`))}`

/** "" for every day; null: better said by the library. */
function daysOf({ dayOfMonth, month, dayOfWeek }: CronFields): string | null {
  const months = month === '*' ? [] : valuesOf(month, [1, 12])
  const inMonth = dayOfMonth === '*' ? '' : monthDaysOf(dayOfMonth)
  const inWeek = dayOfWeek === '*' ? '' : weekWords(dayOfWeek)
  if (months === null || inMonth === null || inWeek === null) return null
  const names = listed(months.map((one) => MONTHS[one - 1] ?? ''))
  const either = [inMonth && `the ${inMonth}`, inWeek].filter(Boolean)
  if (either.length === 0) return months.length === 0 ? '' : `every day in ${names}`
  const monthly = / of each month/.test(either.join(' '))
  if (months.length === 0) return either.join(', and ')
  const within = either.map((one) => one.replace('of each month', `of ${names}`)).join(', and ')
  return monthly && either.length === 1 ? within : `${within}${inWeek.endsWith('of each month') ? '' : ` in ${names}`}`
}

function monthDaysOf(field: string): string | null {
  if (field === 'L') return 'last day of each month'
  if (field === 'LW') return 'last weekday (Monday to Friday) of each month'
  const [, near] = /^(\d{1,2})W$/.exec(field) ?? []
  if (near !== undefined) return `weekday nearest the ${ordinal(Number(near))} of each month`
  const days = valuesOf(field, [1, 31])
  return days && days.length <= MOST_TIMES ? `${listed(days.map(ordinal))} of each month` : null
}

function weekWords(field: string): string | null {
  const [, day, nth, last] = /^(\d)(?:#([1-5])|(L))$/.exec(field) ?? []
  if (day !== undefined)
    return `the ${last ? 'last' : NTH[Number(nth) - 1]} ${DAYS[(Number(day) + 6) % 7]} of each month`
  const days = weekdaysOf(field)
  if (!days) return null
  if (days.length === 7) return 'every day'
  const inARow = days.length > 2 && days.every((one, at) => one === (days[0] ?? 0) + at)
  const name = (one: number | undefined) => DAYS[(one ?? 1) - 1] ?? ''
  return inARow ? `${name(days[0])} to ${name(days.at(-1))}` : listed(days.map((one) => `${name(one)}s`))
}

/**
 * Of the library's words what a person would not say is left out. Two restricted days are either, which it does not always
 * say. What it can't read stays as it was written.
 */
function otherWords(fields: CronFields, expression: string): string {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = fields
  const week = dayOfMonth === '*' || dayOfWeek === '*' ? null : weekWords(dayOfWeek)
  try {
    const words = cronstrue
      .toString([minute, hour, dayOfMonth, month, week === null ? dayOfWeek : '*'].join(' '), {
        use24HourTimeFormat: true,
      })
      .replaceAll(/, only (on|in) /g, ', $1 ')
      .replaceAll(/(, every \d+ days) in a month/g, '$1 from the 1st of each month')
      .replace(/^(Every \d+ minutes)$/, '$1, from the full hour')
    return week === null ? words : `${words}, and ${week}`
  } catch {
    return expression
  }
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

/** 1 → "1st" */
function ordinal(value: number): string {
  const tail = value % 100 > 10 && value % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th')
  return `${value}${tail}`
}
