import { Temporal } from 'temporal-polyfill'

/**
 * Milliseconds of an ISO 8601 duration with a fixed length: weeks, days (24 h), hours, minutes, seconds. "PT10M" is 600000.
 * Throws a RangeError, with a message for the caller, for what is not one, for months and years, and for a negative one.
 */
export function durationMilliseconds(text: string): number {
  const duration = parseDuration(text)
  if (duration.years !== 0 || duration.months !== 0) {
    throw new RangeError(
      `"${shown(text)}" has months or years, whose length varies: write weeks, days, hours, minutes or seconds, e.g. P30D.`,
    )
  }
  if (duration.sign < 0) throw new RangeError(`"${shown(text)}" is negative: write a duration such as PT10M.`)
  const milliseconds = Math.round(
    (((duration.weeks * 7 + duration.days) * 24 + duration.hours) * 60 + duration.minutes) * 60_000 +
      duration.seconds * 1000 + duration.milliseconds + duration.microseconds / 1000 + duration.nanoseconds / 1e6, // prettier-ignore
  )
  if (milliseconds > LONGEST) throw new RangeError(`"${shown(text)}" is longer than 100 years.`)
  return milliseconds
}
const LONGEST = 100 * 366 * 24 * 3600 * 1000

/** Any ISO 8601 duration, months and years too. Throws a RangeError with a message for the caller. */
export function parseDuration(text: string): Temporal.Duration {
  // Temporal itself also takes lower case and digits after a comma; one spelling is enough for an API.
  if (
    !/^[+-]?P(?=.)(\d{1,9}Y)?(\d{1,9}M)?(\d{1,9}W)?(\d{1,9}D)?(T(?=.)(\d{1,9}H)?(\d{1,9}M)?(\d{1,9}(\.\d{1,9})?S)?)?$/.test(
      text,
    )
  ) {
    throw new RangeError(`"${shown(text)}" is not an ISO 8601 duration: write e.g. PT10M, PT1H30M or P7D.`)
  }
  return Temporal.Duration.from(text)
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
