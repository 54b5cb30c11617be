import { Temporal } from 'temporal-polyfill'
import type { DeliveryInput } from '../delivery/targets.ts'
import type { CompressionName } from '../document/compression.ts'
import { Refusal, refuse, type UserError } from '../errors.ts'
import type { CsvDialect, Format } from '../formats/format.ts'
import { formatNamed } from '../formats/index.ts'
import { mayRequest } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Catalog } from '../report-type/catalog.ts'
import { withLocalInstants } from '../report-type/local-instants.ts'
import { hint } from '../report-type/names.ts'
import { checkParameters, type CheckedParameters } from '../report-type/parameters.ts'
import type { ReportType } from '../report-type/report-type.ts'
import type { DateContext } from '../schedule/relative-date.ts'
import { checkTimeZone } from '../schedule/time-zone.ts'
import { isStorable, NOT_STORABLE } from '../storable.ts'
import { uploadsNamedBy } from '../upload/named-by.ts'
import { isUuid } from '../uuid.ts'
import { checkReuseWithin } from './reuse.ts'
import type { ReportPriority, ReportVisibility } from './status.ts'
import { defaultTitle, LONGEST_TITLE } from './title.ts'

/** RequestReportInput after GraphQL has checked its shape. `report` has exactly one field. */
export interface ReportRequest {
  report: { readonly [field: string]: unknown }
  title?: string | null
  priority: ReportPriority
  format: Format['name']
  compression: CompressionName
  csvDialect: CsvDialect
  timeZone: string
  visibility: ReportVisibility
  tags: readonly string[]
  /** Where its outcome goes; left out: nowhere. */
  deliveries?: readonly DeliveryInput[]
  /** ISO 8601. */
  reuseWithin?: string | null
  idempotencyKey?: string | null
}

/** Where a request comes from, beside the viewer. */
export interface Origin {
  regeneratedFrom?: string | null
  /** The schedule that asks: at a slot, or without one now, outside its cadence. */
  schedule?: { id: string; title: string } | null
  /** The slot against which relative dates are resolved. */
  scheduledFor?: Date | null
  /** What last_slot means, where that is known already; of a schedule it is else left open until the first attempt. */
  lastSlot?: Date | null
}

const MOST_TAGS = 20
const LONGEST_TAG = 100

/** Checks the whole request and gives the columns of its row. Pure but for the catalog. Throws Refusal with all errors. */
export function acceptRequest(
  viewer: Viewer,
  request: ReportRequest,
  catalog: Catalog,
  now: Date,
  origin: Origin = {},
) {
  const { type, values, path } = chosenType(viewer, request.report, catalog)
  const errors: UserError[] = []
  const collect = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      errors.push(...error.userErrors)
      return undefined
    }
  }
  const timeZone = collect(() => checkTimeZone(request.timeZone)) ?? 'UTC'
  const context = { path, timeZone, ...momentsOf(now, origin) }
  const checked = collect(() => checkParameters(type, values, context))
  const tags = collect(() => checkTags(request.tags)) ?? []
  const title = collect(() => checkTitle(request.title ?? null))
  const reuseWithin = collect(() => checkReuseWithin(request.reuseWithin)) ?? null
  collect(() => checkCompression(request))
  if (errors.length > 0) throw new Refusal(errors)
  const { parameters, resolved } = checked as CheckedParameters
  const named = uploadsNamedBy(type, parameters, path)
  return {
    type,
    reuseWithin,
    /** What is to be kept for it, by keepUploads. */
    named,
    row: {
      tenantId: viewer.tenantId,
      requestedBy: viewer.userId,
      typeName: type.name,
      typeVersion: type.version,
      title:
        title ??
        defaultTitle(
          { ...type, title: origin.schedule?.title ?? type.title },
          withLocalInstants(type, resolved ?? {}, timeZone),
        ),
      titleGiven: title !== undefined || origin.schedule != null,
      priority: request.priority,
      format: request.format,
      compression: request.compression,
      csvDialect: request.csvDialect,
      visibility: request.visibility,
      parameters,
      resolvedParameters: resolved,
      timeZone,
      tags,
      regeneratedFrom: origin.regeneratedFrom ?? null,
      scheduleId: origin.schedule?.id ?? null,
      scheduledFor: origin.scheduledFor ?? null,
      uploads: [...new Set(named.map(({ id }) => id))].filter(isUuid),
      createdAt: now,
    },
  }
}

/** Against what relative dates are resolved: a slot, or else now. */
function momentsOf(now: Date, { schedule, scheduledFor, lastSlot }: Origin): Omit<DateContext, 'timeZone'> {
  const at = instantOf(scheduledFor ?? now)
  if (lastSlot) return { now: at, slot: at, lastSlot: instantOf(lastSlot) }
  if (schedule) return { now: at, slot: at, lastSlot: 'open' }
  return scheduledFor ? { now: at, slot: at } : { now: at }
}

function instantOf(moment: Date): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(moment.getTime())
}

/** The type that a ReportRequestInput names, the values for it, and where in the input they are. */
function chosenType(
  viewer: Viewer,
  report: ReportRequest['report'],
  catalog: Catalog,
): { type: ReportType; values: unknown; path: string[] } {
  const [field, given] = Object.entries(report)[0] ?? ['', null]
  if (field !== 'byName') {
    const type = catalog.byInputField(field)
    if (!type) throw refuse('NOT_FOUND', ['report', field], `There is no report type for "${field}" any more.`)
    return { type: askable(viewer, type, ['report', field]), values: given, path: ['report', field] }
  }
  const { type: name, parameters } = given as { type: string; parameters?: unknown }
  const path = ['report', 'byName', 'type']
  const type = catalog.get(name)
  // A type that the viewer may not ask for is not told from one that does not exist: only its name would be learned.
  const known = catalog.all().filter((one) => mayRequest(viewer, one))
  if (!type)
    throw refuse(
      'NOT_FOUND',
      path,
      `There is no report type "${name.slice(0, 100)}".${hint(
        name,
        known.map((one) => one.name),
      )}`,
    )
  return { type: askable(viewer, type, path), values: parameters, path: ['report', 'byName', 'parameters'] }
}

function askable(viewer: Viewer, type: ReportType, path: string[]): ReportType {
  if (!mayRequest(viewer, type)) throw refuse('FORBIDDEN', path, `Your role may not ask for "${type.name}".`)
  if (type.unavailableReason !== null)
    throw refuse('INVALID', path, `"${type.name}" can't be asked for now: ${type.unavailableReason}`)
  return type
}

/** Throws Refusal at ["compression"]. */
function checkCompression({ format, compression }: Pick<ReportRequest, 'format' | 'compression'>): void {
  if (compression === 'NONE' || !formatNamed(format).packed) return
  throw refuse('INVALID', ['compression'], `${format} is compressed in itself: ask for it with compression NONE.`)
}

/** Throws Refusal at ["tags"]. */
export function checkTags(tags: readonly string[]): string[] {
  if (tags.length > MOST_TAGS) throw refuse('INVALID', ['tags'], `At most ${MOST_TAGS} tags; you gave ${tags.length}.`)
  const wrong = tags.findIndex((tag) => tag.trim() === '' || tag.length > LONGEST_TAG)
  if (wrong >= 0) throw refuse('INVALID', ['tags', String(wrong)], `A tag has 1 to ${LONGEST_TAG} characters.`)
  const strange = tags.findIndex((tag) => !isStorable(tag))
  if (strange >= 0) throw refuse('INVALID', ['tags', String(strange)], `This tag ${NOT_STORABLE}`)
  return [...new Set(tags)]
}

/** Throws Refusal at ["title"]. */
export function checkTitle(title: string | null, remedy = '; leave it out for the usual one'): string | undefined {
  if (title === null) return undefined
  if (title.trim() === '' || title.length > LONGEST_TITLE)
    throw refuse('INVALID', ['title'], `A title has 1 to ${LONGEST_TITLE} characters${remedy}.`)
  if (!isStorable(title)) throw refuse('INVALID', ['title'], `The title ${NOT_STORABLE}`)
  return title
}
