import type { Random } from './random.ts'

const DAY = 86_400_000

/** Weight of each month, January first: sales in January, a quiet summer, a rush before Christmas. */
const MONTHS = [0.95, 0.82, 0.9, 0.94, 0.98, 0.93, 0.84, 0.86, 0.98, 1.05, 1.42, 1.5]
/** Weight of each weekday, Sunday first. */
const WEEKDAYS = [0.86, 1.12, 1.08, 1.04, 1.02, 1.0, 0.78]

/** The days that the shop has been open, numbered from 0; the last one is `today`. All in UTC. */
export interface Calendar {
  /** How many days: two years. */
  readonly days: number
  /** The number of days since 1970-01-01 of the shop's first day. */
  readonly firstEpochDay: number
  /** 'YYYY-MM-DD' of a day; negative numbers lie before the opening. */
  date(day: number): string
  /** RFC 3339 instant so many seconds into a day. */
  instant(day: number, seconds: number): string
  /** 0 (January) to 11. */
  month(day: number): number
  /** Whether prices are cut: the last ten days of November. */
  isSale(day: number): boolean
}

/**
 * Lays out the two years that end with `today`.
 * @param today 'YYYY-MM-DD'; throws RangeError for anything else.
 */
export function createCalendar(today: string): Calendar {
  const last = Date.parse(`${today}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(today) || new Date(last).toISOString().slice(0, 10) !== today) {
    throw new RangeError(`today must be a date as YYYY-MM-DD, not ${JSON.stringify(today)}`)
  }
  const days = 731
  const first = last - (days - 1) * DAY
  const at = (day: number, seconds = 0): Date => new Date(first + day * DAY + seconds * 1000)
  return {
    days,
    firstEpochDay: first / DAY,
    date: (day) => at(day).toISOString().slice(0, 10),
    instant: (day, seconds) => at(day, seconds).toISOString(),
    month: (day) => at(day).getUTCMonth(),
    isSale: (day) => at(day).getUTCMonth() === 10 && at(day).getUTCDate() > 20,
  }
}

/** Spreads `total` orders over the days: they grow by a quarter a year, follow week and season, and add up exactly. */
export function ordersPerDay(calendar: Calendar, random: Random, total: number): number[] {
  const weights = Array.from({ length: calendar.days }, (_, day) => {
    const weekday = (calendar.firstEpochDay + day + 4) % 7 // 1970-01-01 was a Thursday
    const growth = 1 + (0.25 * day) / 365
    const noise = 0.88 + random.next() * 0.24
    return (
      growth * noise * (MONTHS[calendar.month(day)] ?? 1) * (WEEKDAYS[weekday] ?? 1) * (calendar.isSale(day) ? 1.35 : 1)
    )
  })
  const sum = weights.reduce((a, b) => a + b, 0)
  let reached = 0
  let given = 0
  return weights.map((weight) => {
    reached += weight
    const count = Math.round((reached / sum) * total) - given
    given += count
    return count
  })
}
