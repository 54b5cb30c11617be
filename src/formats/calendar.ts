import { toRfc3339 } from './instant.ts'

/** Dates and instants as numbers, for formats whose cells have none of text. */

const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/
const LAST_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** A moment without a zone: whole seconds from 1970, and the microseconds after them. What is below a microsecond is cut off. */
export interface Moment {
  readonly seconds: number
  readonly micros: number
}

/** Days from 1970-01-01 of "2026-11-21", of any year that Postgres has; null where it is no date ("infinity"). */
export function dayNumber(text: string): number | null {
  const parts = DATE.exec(text)
  if (!parts) return null
  const year = parts[4] === undefined ? Number(parts[1]) : 1 - Number(parts[1])
  const month = Number(parts[2])
  const day = Number(parts[3])
  const last = (LAST_DAYS[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0)
  return day >= 1 && day <= last ? daysFromCivil(year, month, day) : null
}

/** Seconds of "09:30:00.25" from midnight; null for what is no time of a day (24:00:00, one with an offset). */
export function timeOfDay(text: string): Moment | null {
  const parts = TIME.exec(text)
  if (!parts) return null
  const [hours, minutes, seconds] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  if (hours > 23 || minutes > 59 || seconds > 59) return null
  return { seconds: hours * 3600 + minutes * 60 + seconds, micros: Number((parts[4] ?? '').padEnd(6, '0').slice(0, 6)) }
}

/** "2026-11-21 09:30:00.25", a T between them or " BC" behind them too: on its own clock. Null where it is none ("infinity"). */
export function localMoment(text: string): Moment | null {
  const era = text.endsWith(' BC') ? ' BC' : ''
  const whole = era === '' ? text : text.slice(0, -3)
  const cut = Math.max(whole.indexOf('T'), whole.indexOf(' '))
  const days = dayNumber(whole.slice(0, cut) + era)
  const time = timeOfDay(whole.slice(cut + 1))
  return days === null || time === null ? null : { seconds: days * 86_400 + time.seconds, micros: time.micros }
}

/** RFC 3339 or Postgres' text of an instant, in UTC; null where it is none ("infinity"). */
export function instantMoment(text: string): Moment | null {
  const utc = toRfc3339(text)
  if (utc.endsWith('Z')) return localMoment(utc.slice(0, -1))
  // Of years that RFC 3339 has no text for, sources give Postgres' own: "0044-03-15 12:00:00+00 BC".
  const parts = /^(.*)\+00( BC)?$/.exec(utc)
  return parts ? localMoment(parts[1]! + (parts[2] ?? '')) : null
}

export function dateMoment(at: Date): Moment | null {
  const ms = at.getTime()
  if (Number.isNaN(ms)) return null
  const seconds = Math.floor(ms / 1000)
  return { seconds, micros: (ms - seconds * 1000) * 1000 }
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/** Of the Gregorian calendar without end in both directions; the year begins with March, so that a leap day is its last. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}
