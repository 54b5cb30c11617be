import { Refusal, refuse, type UserError } from '../errors.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Json } from '../report-type/define.ts'
import type { Catalog } from '../report-type/catalog.ts'
import type { NamedUpload } from '../upload/named.ts'
import { acceptRequest, checkTags, checkTitle, type ReportRequest } from '../report/request.ts'
import { CadenceError, nextSlot, readCadence, type Cadence } from './cadence.ts'
import { durationMilliseconds } from './duration.ts'
import { ONE_AFTER_ANOTHER, type OverlapPolicy } from './slot.ts'
import { checkTimeZone } from './time-zone.ts'

/** CadenceInput after GraphQL has checked its shape: one of them is given. */
export interface CadenceWords {
  cron?: string | null
  every?: string | null
  at?: string | null
  preset?: 'HOURLY' | 'DAILY' | 'WEEKLY' | 'MONTHLY' | null
}

/** What a schedule asks for, and how: CreateScheduleInput without its key. */
export interface ScheduleWords extends Omit<ReportRequest, 'title' | 'reuseWithin' | 'idempotencyKey' | 'deliveries'> {
  title: string
  overlapPolicy: OverlapPolicy
  /** ISO 8601. */
  catchUpWindow: string
  paused: boolean
}

/** What was found to be right, in the shape of the columns. */
export interface CheckedSchedule {
  /** What is to be kept for it, by keepUploads. */
  readonly named: readonly NamedUpload[]
  readonly title: string
  readonly tags: string[]
  readonly timeZone: string
  readonly cadence: Cadence
  /** Null: the report can't be asked for any more, and was not to be changed. */
  readonly report: {
    readonly typeName: string
    readonly parameters: { [name: string]: Json }
    readonly usesLastSlot: boolean
    readonly uploads: string[]
  } | null
}

/** These are checked by themselves, so that they are told also where the report type is not known. */
const CHECKED_ALONE = ['title', 'tags', 'timeZone']

/**
 * Checks a schedule as it would be. `cadence`: new words, or the one it has; `reportGiven` and `usesLastSlot`: a report that
 * was not to be changed keeps what is known of it where its type has gone meanwhile. Throws Refusal with all errors, each with its path.
 */
export function checkSchedule(
  owner: Viewer,
  words: ScheduleWords,
  cadence: CadenceWords | Cadence,
  catalog: Catalog,
  moments: { now: Date; createdAt: Date },
  kept: { usesLastSlot: boolean } | null = null,
): CheckedSchedule {
  const { errors, collect } = createCollecting()
  const title = collect(() => checkTitle(words.title, ''))
  const tags = collect(() => checkTags(words.tags))
  const timeZone = collect(() => checkTimeZone(words.timeZone))
  collect(() => checkWindow(words.catchUpWindow))
  const read = collect(() => checkCadence(cadence, timeZone ?? 'UTC', moments))
  const first = read && nextSlot(read, timeZone ?? 'UTC', moments.now.getTime())
  const accepted = collect(
    () =>
      acceptRequest(owner, { ...words, timeZone: timeZone ?? 'UTC' }, catalog, moments.now, {
        schedule: { id: '', title: '' },
        scheduledFor: first == null ? moments.now : new Date(first),
      }),
    ({ field }) => !CHECKED_ALONE.includes(field?.[0] ?? '') && !(kept && field?.[0] === 'report'),
  )
  const usesLastSlot = accepted ? accepted.row.resolvedParameters === null : (kept?.usesLastSlot ?? false)
  if (usesLastSlot && !ONE_AFTER_ANOTHER.includes(words.overlapPolicy))
    errors.push({
      field: ['overlapPolicy'],
      code: 'INVALID',
      message: `last_slot needs SKIP or QUEUE_ONE: under ${words.overlapPolicy} reports run at once, and their windows would overlap.`,
    })
  if (errors.length > 0) throw new Refusal(errors)
  return {
    title: title!,
    tags: tags!,
    timeZone: timeZone!,
    cadence: read!,
    report: accepted
      ? {
          typeName: accepted.type.name,
          parameters: accepted.row.parameters,
          usesLastSlot,
          uploads: accepted.row.uploads,
        }
      : null,
    named: accepted?.named ?? [],
  }
}

/** When a schedule would ask, and nothing else of it. Throws Refusal with what is wrong with the time zone or the cadence. */
export function checkTimes(
  timeZone: string,
  cadence: CadenceWords | Cadence,
  moments: { now: Date; createdAt: Date },
): { timeZone: string; cadence: Cadence } {
  const { errors, collect } = createCollecting()
  const zone = collect(() => checkTimeZone(timeZone))
  const read = collect(() => checkCadence(cadence, zone ?? 'UTC', moments))
  if (errors.length > 0) throw new Refusal(errors)
  return { timeZone: zone!, cadence: read! }
}

/** Runs checks, and keeps what they refuse for one Refusal. */
function createCollecting() {
  const errors: UserError[] = []
  return {
    errors,
    collect<T>(work: () => T, ours: (error: UserError) => boolean = () => true): T | undefined {
      try {
        return work()
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        errors.push(...error.userErrors.filter(ours))
        return undefined
      }
    },
  }
}

function checkCadence(
  given: CadenceWords | Cadence,
  timeZone: string,
  { now, createdAt }: { now: Date; createdAt: Date },
): Cadence {
  if ('kind' in given) return given
  try {
    return readCadence(given, { timeZone, now: now.getTime(), createdAt: createdAt.getTime() })
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error
    throw refuse('INVALID', ['cadence', ...error.path], error.message)
  }
}

function checkWindow(text: string): void {
  try {
    durationMilliseconds(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw refuse('INVALID', ['catchUpWindow'], `catchUpWindow ${error.message}`)
  }
}
