import { Temporal } from 'temporal-polyfill'
import { isStorableMoment } from '../storable.ts'
import { CadenceError } from './cadence-error.ts'
import { readCron, type Calendar } from './cron.ts'
import { durationMilliseconds } from './duration.ts'
import { firstInstant, latestReading, stretchesFrom, type Reading } from './zone-clock.ts'

export { CadenceError } from './cadence-error.ts'

/** When a schedule asks. Pure: what is kept in its row, and nothing that depends on the moment. */
export type Cadence =
  | { readonly kind: 'cron'; readonly expression: string }
  /** `anchor`: epoch milliseconds of the schedule's createdAt; the first slot is one interval later. */
  | { readonly kind: 'every'; readonly iso: string; readonly milliseconds: number; readonly anchor: number }
  | { readonly kind: 'at'; readonly at: number }

/** CadenceInput of the API: one of them is given, which GraphQL has checked. */
interface CadenceInput {
  cron?: string | null
  /** ISO 8601 duration. */
  every?: string | null
  /** RFC 3339 with an offset. */
  at?: string | null
  preset?: keyof typeof PRESETS | null
}

const PRESETS = { HOURLY: '0 * * * *', DAILY: '0 0 * * *', WEEKLY: '0 0 * * 1', MONTHLY: '0 0 1 * *' } as const
const SHORTEST = 10_000

/**
 * What the caller has asked for, as it is kept. `context` is in epoch milliseconds; the zone was checked before.
 * Throws CadenceError: what is not well written, an interval under 10 s, a moment that has passed, a cron that never comes.
 */
export function readCadence(
  input: CadenceInput,
  context: { timeZone: string; createdAt: number; now: number },
): Cadence {
  if (input.every != null) return readEvery(input.every, context.createdAt)
  if (input.at != null) return readAt(input.at, context.now)
  const cron = input.preset == null ? input.cron : PRESETS[input.preset]
  if (cron == null) throw new CadenceError('Give one of cron, every, at and preset.', [])
  const cadence: Cadence = { kind: 'cron', expression: cron.trim().replaceAll(/\s+/g, ' ') }
  if (nextSlot(cadence, context.timeZone, context.now) === null)
    throw new CadenceError(
      `"${cadence.expression}" never comes: there is no such day in its months. Write another day, or L for the last.`,
      ['cron'],
    )
  return cadence
}

function readEvery(iso: string, anchor: number): Cadence {
  let milliseconds: number
  try {
    milliseconds = durationMilliseconds(iso)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CadenceError(error.message, ['every'])
  }
  if (milliseconds < SHORTEST)
    throw new CadenceError(`"${iso}" is too short: an interval is at least PT10S.`, ['every'])
  return { kind: 'every', iso, milliseconds, anchor }
}

function readAt(text: string, now: number): Cadence {
  const shown = text.slice(0, 60)
  let at: number
  try {
    if (!/^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/.test(text))
      throw new RangeError('not RFC 3339')
    at = Temporal.Instant.from(text.toUpperCase()).epochMilliseconds
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CadenceError(
      `"${shown}" is no moment: write it with its offset, e.g. "2027-01-31T09:00:00Z" or "2027-01-31T09:00:00+02:00".`,
      ['at'],
    )
  }
  if (!isStorableMoment(new Date(at)))
    throw new CadenceError(`"${shown}" leaves the years 1 to 9999 of UTC: write an earlier moment.`, ['at'])
  if (at <= now)
    throw new CadenceError(`"${shown}" has passed: write a moment to come. It is ${new Date(now).toISOString()} now.`, [
      'at',
    ])
  return { kind: 'at', at }
}

/** First slot strictly after the instant, both epoch milliseconds; null: none comes any more. */
export function nextSlot(cadence: Cadence, timeZone: string, after: number): number | null {
  if (cadence.kind === 'at') return cadence.at > after ? cadence.at : null
  if (cadence.kind === 'every') {
    const { anchor, milliseconds } = cadence
    return anchor + Math.max(1, Math.floor((after - anchor) / milliseconds) + 1) * milliseconds
  }
  const calendar = readCron(cadence.expression)
  return calendar.everyHour ? nextShown(calendar, timeZone, after) : nextFixed(calendar, timeZone, after)
}

/** Up to `most` slots strictly after `after`, and not after `until`. */
export function slotsBetween(cadence: Cadence, timeZone: string, after: number, until: number, most: number): number[] {
  const slots: number[] = []
  for (let last = after; slots.length < most;) {
    const slot = nextSlot(cadence, timeZone, last)
    if (slot === null || slot > until) break
    slots.push(slot)
    last = slot
  }
  return slots
}

/**
 * Fixed local times: each comes once, when the zone's clock first shows it or leaps over it. What the clock has not yet
 * shown is still to come, and nothing else.
 */
function nextFixed(calendar: Calendar, timeZone: string, after: number): number | null {
  const reading = calendar.next(latestReading(timeZone, after))
  return reading === null ? null : firstInstant(timeZone, reading)
}

/** Every hour: whenever the zone's clock shows one of the times, be it for a second time. */
function nextShown(calendar: Calendar, timeZone: string, after: number): number | null {
  // No time lies between the two: a calendar that is asked once for years without one is not asked at each change of the clock.
  let [before, reading]: [Reading, Reading] = [Infinity, -Infinity]
  for (const { from, until, offset } of stretchesFrom(timeZone, after)) {
    const start = Math.max(after, from - 1) + offset
    if (start < before || start >= reading) {
      const next = calendar.next(start)
      if (next === null) return null
      ;[before, reading] = [start, next]
    }
    if (reading - offset < until) return reading - offset
  }
  return null
}
