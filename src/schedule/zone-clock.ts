import { Temporal } from 'temporal-polyfill'

/**
 * What the clock on the wall shows in a time zone, and when. A reading of that clock is written as the epoch milliseconds
 * at which a clock in UTC shows the same: readings can be compared, and a calendar without zones can walk over them.
 */
export type Reading = number

/** Instants between two changes of the zone's clock: reading = instant + offset. Milliseconds; `until` is exclusive. */
interface Stretch {
  readonly from: number
  readonly until: number
  readonly offset: number
}

const HOUR = 3_600_000
/** No clock was ever moved further than a day, and no zone is further than 16 hours from UTC. */
const FARTHEST_MOVE = 26 * HOUR
const FARTHEST_OFFSET = 16 * HOUR

/** Stretches are looked for, and kept, by zone and by spans of about a year. */
const SPAN = 366 * 24 * HOUR
const spans = new Map<string, readonly Stretch[]>()
const MOST_SPANS = 2_000

/** The stretches one after another, beginning with that of the instant. Two in a row may have the same offset. */
export function* stretchesFrom(timeZone: string, instant: number): Generator<Stretch, never> {
  for (let span = Math.floor(instant / SPAN); ; span++) {
    for (const stretch of stretchesOf(timeZone, span)) if (stretch.until > instant) yield stretch
  }
}

/** The latest reading that the zone's clock has shown by the instant: after it was put back, more than it shows now. */
export function latestReading(timeZone: string, instant: number): Reading {
  let latest = -Infinity
  for (const { from, until, offset } of stretchesFrom(timeZone, instant - FARTHEST_MOVE)) {
    if (from > instant) break
    latest = Math.max(latest, Math.min(instant, until - 1) + offset)
  }
  return latest
}

/** The first instant at which the zone's clock shows the reading or has leapt over it. */
export function firstInstant(timeZone: string, reading: Reading): number {
  for (const { from, until, offset } of stretchesFrom(timeZone, reading - FARTHEST_OFFSET)) {
    const instant = Math.max(from, reading - offset)
    if (instant < until) return instant
  }
  throw new Error('unreachable: the stretches have no end')
}

function stretchesOf(timeZone: string, span: number): readonly Stretch[] {
  const key = `${timeZone} ${span}`
  const known = spans.get(key)
  if (known) return known
  const found: Stretch[] = []
  const end = (span + 1) * SPAN
  for (let from = span * SPAN; from < end;) {
    const moment = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone)
    const change = moment.getTimeZoneTransition('next')?.epochMilliseconds ?? end
    const until = Math.min(change, end)
    found.push({ from, until, offset: moment.offsetNanoseconds / 1_000_000 })
    from = until
  }
  if (spans.size >= MOST_SPANS) spans.clear()
  spans.set(key, found)
  return found
}
