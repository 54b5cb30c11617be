import { Temporal } from 'temporal-polyfill'

/**
 * The moment at which a DateExpression begins: an instant is itself, a date its first instant in that time zone.
 * @param text as `rows` gets it: "2026-11-21", or an instant with its offset.
 */
export function beginOf(text: string, timeZone: string): Date {
  return text.includes('T') ? new Date(text) : dayIn(text, timeZone, 0)
}

/**
 * The moment before which a period ends: an instant is itself (and not part of the period), a date, which is, ends with the first
 * instant of the next day. So two periods, of which one ends with the instant the other begins with, have nothing in common.
 */
export function endOf(text: string, timeZone: string): Date {
  return text.includes('T') ? new Date(text) : dayIn(text, timeZone, 1)
}

function dayIn(text: string, timeZone: string, days: number): Date {
  const moment = Temporal.PlainDate.from(text).add({ days }).toZonedDateTime(timeZone)
  return new Date(moment.epochMilliseconds)
}
