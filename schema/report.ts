import type { Failure, Report, ReportAttempt } from '../src/report/report.entity.ts'
import type { ReportFilter } from '../src/report/reports.ts'
import { BadInput } from '../src/errors.ts'
import { isStorable, NOT_STORABLE } from '../src/storable.ts'
import { isUuid } from '../src/uuid.ts'
import { camelCase } from '../src/report-type/names.ts'
import { removedType } from '../src/report-type/report-type.ts'
import { builder } from './builder.ts'
import { pageCost } from './cost.ts'
import { connectionOf } from './connection.ts'
import { idOf } from './global-id.ts'
import { DocumentRef } from './document.ts'
import {
  AttemptOutcomeRef,
  CsvDialectRef,
  FailureCodeRef,
  ReportCompressionRef,
  ReportFormatRef,
  ReportOrderRef,
  ReportPriorityRef,
  ReportStatusRef,
  ReportVisibilityRef,
} from './report-enums.ts'
import { AuditConnectionRef } from './report-audit.ts'
import { ReportTypeRef } from './report-type.ts'
import { instant } from './scalars.ts'
import { UserRef } from './user.ts'

const FailureRef = builder.objectRef<Failure>('ReportFailure').implement({
  description: 'Why a report or an attempt failed.',
  fields: (t) => ({
    code: t.expose('code', { type: FailureCodeRef, description: 'For programs.' }),
    message: t.exposeString('message', { description: 'For a person.' }),
    retryable: t.exposeBoolean('retryable', { description: 'Whether trying again may help.' }),
  }),
})

const AttemptRef = builder.objectRef<ReportAttempt>('ReportAttempt').implement({
  description: 'One claimed execution of a report.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'One more at every claim, never reused.' }),
    outcome: t.expose('outcome', {
      type: AttemptOutcomeRef,
      nullable: true,
      description: 'Null while running. HANDED_BACK (a draining worker) is not charged to the three that a report has.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it was claimed.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    failure: t.expose('failure', { type: FailureRef, nullable: true, description: 'Why it failed.' }),
  }),
})

export const ReportRef = builder.loadableNodeRef<Report, string, string, string, Report>('Report', {
  id: { resolve: (report) => report.id },
  load: (ids: string[], { reports, reading, viewer }) => reports.byIds(viewer, reading, ids) as Promise<Report[]>,
})
ReportRef.implement({
  description: `One request for a report type with its parameters: from the ask to the document's expiry.`,
  isTypeOf: (value) => (value as object).constructor?.name === 'Report',
  fields: (t) => ({
    type: t.field({
      type: ReportTypeRef,
      description: 'What was asked for.',
      resolve: (report, _, { catalog }) =>
        catalog.get(report.typeName) ?? removedType(report.typeName, report.typeVersion),
    }),
    title: t.exposeString('title', { description: 'What a person recognises.' }),
    status: t.expose('status', { type: ReportStatusRef, description: 'Where it is in its life.' }),
    priority: t.expose('priority', { type: ReportPriorityRef, description: 'How soon it starts.' }),
    format: t.expose('format', { type: ReportFormatRef, description: 'How its rows are written.' }),
    compression: t.expose('compression', { type: ReportCompressionRef, description: 'How its bytes are compressed.' }),
    csvDialect: t.expose('csvDialect', { type: CsvDialectRef, description: 'How its CSV is written.' }),
    visibility: t.expose('visibility', { type: ReportVisibilityRef, description: 'Who else may read it.' }),
    typeVersion: t.exposeString('typeVersion', {
      description: `SHA-256 of the type's file when the report was accepted; the definition of that moment is what runs.`,
    }),
    parameters: t.expose('parameters', { type: 'JSON', description: 'As asked, camelCase keys.' }),
    resolvedParameters: t.field({
      type: 'JSON',
      nullable: true,
      resolve: (report) => camelKeys(report.resolvedParameters ?? null),
      description: 'With every relative expression resolved; null only while last_slot is still open.',
    }),
    timeZone: t.expose('timeZone', { type: 'TimeZone', description: 'In which its dates are meant.' }),
    attempt: t.exposeInt('attempt', {
      description:
        'Number of the current or last attempt: one more at every claim, never reused; 0 while none has started.',
    }),
    attempts: t.loadableList({
      type: AttemptRef,
      description: 'First to last.',
      // Mutations of one document come one after another: each shows what is true by then.
      loaderOptions: { cache: false },
      load: (ids: string[], { reports, reading }) => reports.attempts(reading, ids),
      resolve: (report) => report.id,
    }),
    failure: t.field({
      type: FailureRef,
      nullable: true,
      resolve: (report) => (report.status === 'FAILED' ? (report.failure ?? null) : null),
      description: 'Null unless status is FAILED.',
    }),
    document: t.field({
      type: DocumentRef,
      nullable: true,
      resolve: (report) => (report.status === 'SUCCEEDED' ? report : null),
      description: 'Null until status is SUCCEEDED, and again once it is EXPIRED.',
    }),
    requestedBy: t.field({
      type: UserRef,
      resolve: (report) => report.requestedBy as never,
      description: 'Who asked.',
    }),
    scheduledFor: t.expose('scheduledFor', {
      type: 'DateTime',
      nullable: true,
      description: 'The slot it was asked for.',
    }),
    regeneratedFrom: t.field({
      type: ReportRef,
      nullable: true,
      resolve: (report) => (report.regeneratedFrom ?? null) as never,
      description: 'The report that this one repeats.',
    }),
    tags: t.exposeStringList('tags', { description: `In the caller's words.` }),
    queuePosition: t.loadable({
      type: 'Int',
      nullable: true,
      description: 'While QUEUED: how many reports would start before it if no more were asked for.',
      loaderOptions: { cache: false },
      load: (ids: string[], { reports, reading }) => reports.queuePositions(reading, ids),
      resolve: (report) => (report.status === 'QUEUED' ? report.id : null) as string,
    }),
    events: t.field({
      type: AuditConnectionRef,
      complexity: pageCost,
      description: 'What people did with it, oldest first. 20 by default, 100 at most.',
      args: {
        first: t.arg.int({ description: '20 by default, 100 at most.' }),
        after: t.arg.string({ description: 'A cursor: what comes behind it.' }),
      },
      resolve: (report, page, { reports, reading }) => reports.audit(reading, report.id, page),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was accepted.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its last attempt started.',
    }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'When its document ends.' }),
  }),
})
const ReportConnectionRef = connectionOf<Report>('Report', ReportRef as never)

export const ReportFilterRef = builder.inputType('ReportFilter', {
  description: 'Reports like these: every field that is given must hold.',
  fields: (t) => ({
    status: t.field({ type: [ReportStatusRef], description: 'One of these.' }),
    type: t.stringList({ description: 'Names of report types: one of these.' }),
    priority: t.field({ type: [ReportPriorityRef], description: 'One of these.' }),
    scheduleId: t.id({ description: 'Asked for by this schedule.' }),
    tag: t.string({ description: 'Has this tag.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Accepted at or after this.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Accepted before this.' }),
    titleContains: t.string({ description: 'In the title, upper or lower case.' }),
    sha256: t.string({ description: 'Its document has this SHA-256, in hex: whose file that is.' }),
  }),
})

/** What is no id of a schedule is taken for one that no report has. */
function scheduleOf(text: string): string {
  const id = idOf('Schedule', text)
  return isUuid(id) ? id : '00000000-0000-0000-0000-000000000000'
}

/** The filter with its texts and instants checked. Throws BadInput that names the field. */
export function filterOf(filter: typeof ReportFilterRef.$inferInput | null | undefined): ReportFilter {
  const { createdFrom, createdBefore, scheduleId, ...rest } = filter ?? {}
  const { type, tag, titleContains, sha256 } = rest
  for (const [name, texts] of Object.entries({
    type: type ?? [],
    tag: [tag ?? ''],
    titleContains: [titleContains ?? ''],
  }))
    if (!texts.every(isStorable)) throw new BadInput(`filter.${name} ${NOT_STORABLE}`)
  if (sha256 != null && !/^[0-9a-f]{64}$/i.test(sha256))
    throw new BadInput('filter.sha256 must be 64 hexadecimal digits.')
  return {
    ...rest,
    sha256: sha256?.toLowerCase() ?? null,
    scheduleId: scheduleId == null ? null : scheduleOf(scheduleId),
    createdFrom: createdFrom == null ? null : instant('filter.createdFrom', createdFrom),
    createdBefore: createdBefore == null ? null : instant('filter.createdBefore', createdBefore),
  } as ReportFilter
}

builder.queryFields((t) => ({
  report: t.field({
    type: ReportRef,
    nullable: true,
    description: 'Null, without error, for an unknown or a foreign id.',
    args: { id: t.arg.id({ required: true, description: 'As the API gave it.' }) },
    resolve: (_, { id }) => idOf('Report', id) as never,
  }),
  reports: t.field({
    type: ReportConnectionRef,
    complexity: pageCost,
    description: `Own and tenant-visible reports; an ADMIN sees the tenant's. first or last, 20 by default, 100 at most; totalCount is counted only when selected.`,
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ReportFilterRef, description: 'Only reports like these.' }),
      order: t.arg({
        type: ReportOrderRef,
        defaultValue: 'CREATED_AT_DESC',
        description: 'Newest first, unless told.',
      }),
    },
    resolve: (_, { filter, order, ...page }, { reports, reading, viewer }) =>
      reports.page(viewer, reading, { ...page, filter: filterOf(filter), order: order ?? null }),
  }),
}))

/** Parameters by their names in GraphQL. */
export function camelKeys(values: { readonly [name: string]: unknown } | null): { [name: string]: unknown } | null {
  return values && Object.fromEntries(Object.entries(values).map(([name, value]) => [camelCase(name), value]))
}
