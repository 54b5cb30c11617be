import { Temporal } from 'temporal-polyfill'

/**
 * A second reckoning of slots, by brute force: every day of the calendar, every minute, each asked of Temporal. It shares
 * nothing with src/schedule, neither code nor cron library, so that the two can be compared.
 */

const DAY = 86_400_000
const MINUTE = 60_000
const QUARTER = 15 * MINUTE
const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ')
const WEEKDAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ')

/** All slots of a five-field cron after `from` and not after `until` (epoch milliseconds), in order. */
export function oracleSlots(expression: string, timeZone: string, from: number, until: number): number[] {
  const [minute, hour, ...days] = expression.toUpperCase().split(' ') as [string, string, string, string, string]
  const minutes = numbers(minute, 0, 59)
  if (hour === '*' || hour === '*/1') {
    return realMinutes(timeZone, from, until).flatMap(([instant, reading]) =>
      minutes.has(new Date(reading).getUTCMinutes()) && isDay(days, reading) ? [instant] : [],
    )
  }
  const hours = numbers(hour, 0, 23)
  const slots = new Set<number>()
  for (let day = Math.floor(from / DAY) - 3; day <= Math.floor(until / DAY) + 3; day++) {
    if (!isDay(days, day * DAY)) continue
    for (const h of hours) {
      for (const m of minutes) {
        const slot = fixedTime(timeZone, day * DAY, h, m)
        if (slot > from && slot <= until) slots.add(slot)
      }
    }
  }
  return [...slots].toSorted((a, b) => a - b)
}

/** The first instant of a local time, or the first one after the gap that holds it. */
function fixedTime(timeZone: string, day: number, hour: number, minute: number): number {
  const date = new Date(day)
  const local = new Temporal.PlainDateTime(
    date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), hour, minute,
  ) // prettier-ignore
  const first = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  if (first.hour === hour && first.minute === minute && first.day === local.day) return first.epochMilliseconds
  const behind = local.toZonedDateTime(timeZone, { disambiguation: 'later' })
  let instant = first.epochMilliseconds
  while (offsetAt(timeZone, instant) !== behind.offsetNanoseconds / 1e6) instant += MINUTE
  return instant
}

const offsetAt = (timeZone: string, instant: number) =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).offsetNanoseconds / 1e6

let lastMinutes: { key: string; minutes: (readonly [instant: number, reading: number])[] } = { key: '', minutes: [] }

/** Every real minute after `from`, not after `until`, with what the clock shows then. The last answer is kept. */
function realMinutes(timeZone: string, from: number, until: number) {
  const key = `${timeZone} ${from} ${until}`
  if (lastMinutes.key === key) return lastMinutes.minutes
  const minutes: (readonly [number, number])[] = []
  let offset = offsetAt(timeZone, Math.floor(from / QUARTER) * QUARTER)
  for (let quarter = Math.floor(from / QUARTER) * QUARTER; quarter <= until; quarter += QUARTER) {
    const behind = offsetAt(timeZone, quarter + QUARTER)
    if (behind !== offset && offsetAt(timeZone, quarter + QUARTER - MINUTE) !== offset)
      throw new Error(`The clock of ${timeZone} is moved within a quarter of an hour.`)
    for (let instant = quarter; instant < quarter + QUARTER; instant += MINUTE)
      if (instant > from && instant <= until) minutes.push([instant, instant + offset])
    offset = behind
  }
  lastMinutes = { key, minutes }
  return minutes
}

function isDay([ofMonth, month, ofWeek]: readonly string[], reading: number): boolean {
  const date = new Date(reading)
  if (!numbers(month!, 1, 12, MONTHS).has(date.getUTCMonth() + 1)) return false
  const [byMonth, byWeek] = [isDayOfMonth(ofMonth!, date), isDayOfWeek(ofWeek!, date)]
  const restricted = (text: string) => text !== '*' && text !== '*/1'
  return restricted(ofMonth!) && restricted(ofWeek!) ? byMonth || byWeek : byMonth && byWeek
}

function isDayOfMonth(text: string, date: Date): boolean {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const weekdays = Array.from({ length: last }, (_, index) => index + 1).filter(
    (one) => new Date(Date.UTC(year, month, one)).getUTCDay() % 6 !== 0,
  )
  return text.split(',').some((item) => {
    if (item === 'L') return day === last
    if (item === 'LW') return day === weekdays.at(-1)
    if (!item.endsWith('W')) return numbers(item, 1, 31).has(day)
    const wanted = Number(item.slice(0, -1))
    const nearest = weekdays.toSorted((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))[0]
    return wanted <= last && day === nearest
  })
}

function isDayOfWeek(text: string, date: Date): boolean {
  const [weekday, day] = [date.getUTCDay(), date.getUTCDate()]
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  const isWeekday = (item: string) => {
    const found = numbers(item, 0, 7, WEEKDAYS)
    return found.has(weekday) || (weekday === 0 && found.has(7))
  }
  return text.split(',').some((item) => {
    if (item.endsWith('L')) return isWeekday(item.slice(0, -1)) && day + 7 > last
    if (!item.includes('#')) return isWeekday(item)
    const [name, nth] = item.split('#')
    return isWeekday(name!) && Math.ceil(day / 7) === Number(nth)
  })
}

const known = new Map<string, ReadonlySet<number>>()

/** What a field of numbers, names, lists, ranges and steps holds. */
function numbers(text: string, low: number, high: number, names: readonly string[] = []): ReadonlySet<number> {
  const key = `${text} ${low} ${high}`
  const before = known.get(key)
  if (before) return before
  const found = new Set<number>()
  const toNumber = (word: string) => (names.includes(word) ? names.indexOf(word) + low : Number(word))
  for (const item of text.split(',')) {
    const [range, step = '1'] = item.split('/')
    const [first, last = first] = range === '*' ? [String(low), String(high)] : range!.split('-')
    for (let value = toNumber(first!); value <= toNumber(last!); value += Number(step)) found.add(value)
  }
  known.set(key, found)
  return found
}
