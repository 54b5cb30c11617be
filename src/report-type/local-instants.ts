import { Temporal } from 'temporal-polyfill'
import type { Json } from './define.ts'
import type { ReportType } from './report-type.ts'

/**
 * The values as a report reads them: what a DateExpression has come to as an instant is written with the offset of the
 * report's zone ("2026-01-01T23:30:00-05:00", not "2026-01-02T04:30:00Z"). Postgres passes over the offset in
 * `:start_date::date`, and so it takes the day in that zone, while `::timestamptz` is the same instant either way.
 * Dates, and all that is kept in the row, stay as they are.
 */
export function withLocalInstants(
  type: Pick<ReportType, 'parameters'>,
  resolved: { readonly [name: string]: Json },
  timeZone: string,
): { [name: string]: Json } {
  const local = { ...resolved }
  for (const { name, type: declared } of type.parameters) {
    const value = local[name]
    if (declared !== 'DateExpression' || value == null) continue
    local[name] = Array.isArray(value) ? value.map((item) => inZone(item, timeZone)) : inZone(value, timeZone)
  }
  return local
}

function inZone(value: Json, timeZone: string): Json {
  if (typeof value !== 'string' || !value.includes('T')) return value
  const moment = Temporal.Instant.from(value).toZonedDateTimeISO(timeZone)
  // At the ends of the years 1 to 9999 the zone's year may be one that Postgres does not read.
  if (moment.year < 1 || moment.year > 9999) return value
  // Not moment.toString(): it rounds the offsets of before 1900 to minutes, and so moves the instant.
  return `${moment.toPlainDateTime().toString()}${moment.offset}`
}
