import { Cron } from 'croner'
import { readFields } from './cron-fields.ts'
import type { Reading } from './zone-clock.ts'

/** A cron expression as a calendar: it knows days and times of day, and nothing of time zones. */
export interface Calendar {
  /** The hour is "*": it runs on the real line of time, and not at fixed local times. */
  readonly everyHour: boolean
  /** The first reading strictly after; null: none in the next 400 years. */
  next(after: Reading): Reading | null
}

/** A parsed expression takes 80 KB and a tenth of a millisecond: the last few that were asked for are kept. */
const kept = new Map<string, Calendar>()
const MOST_KEPT = 64

/** Throws CadenceError for what is no expression of five fields. */
export function readCron(expression: string): Calendar {
  const calendar = kept.get(expression) ?? parse(expression)
  kept.delete(expression)
  kept.set(expression, calendar)
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
  return calendar
}

function parse(expression: string): Calendar {
  const fields = readFields(expression)
  // Without an offset from UTC and without a zone croner has no rule of its own for clocks that are moved.
  const cron = new Cron(fields.join(' '), { mode: '5-part', utcOffset: 0, paused: true })
  return {
    everyHour: fields[1] === '*',
    next: (after) => cron.nextRun(new Date(after))?.getTime() ?? null,
  }
}
