import type { Report } from '../src/report/report.entity.ts'
import { builder } from './builder.ts'
import { COUNTED_ABOVE, eachCost } from './cost.ts'
import { deliveriesOf, DeliveryInputRef } from './delivery-input.ts'
import { idOf } from './global-id.ts'
import {
  CsvDialectRef,
  ReportCompressionRef,
  ReportFormatRef,
  ReportPriorityRef,
  ReportVisibilityRef,
} from './report-enums.ts'
import { ReportRef } from './report.ts'
import { ReportRequestInputRef } from './request-input.ts'
import { outcomeOf, outcomesOf, UserErrorRef, type Outcome, type Outcomes } from './user-error.ts'
import { DeletePayloadRef } from './user.ts'

export const ReportPayloadRef = builder.objectRef<Outcome<Report>>('ReportPayload').implement({
  description: 'The report, or why not.',
  fields: (t) => ({
    report: t.field({
      type: ReportRef,
      nullable: true,
      resolve: (outcome) => outcome.object as never,
      description:
        'Null where there are userErrors, but for NOT_CANCELABLE, NOT_RETRYABLE and CONFLICT, which return it.',
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      resolve: (outcome) => [...outcome.userErrors],
      description: 'What the caller can mend.',
    }),
  }),
})

/** What is meant where a request leaves it out, or says null. */
export const DEFAULTS = {
  priority: 'NORMAL',
  format: 'CSV',
  compression: 'NONE',
  csvDialect: 'POSTGRES',
  timeZone: 'UTC',
  visibility: 'PRIVATE',
  tags: [] as string[],
} as const

const RequestReportInputRef = builder.inputType('RequestReportInput', {
  description: 'A report type with its parameters, and how the document is wanted.',
  fields: (t) => ({
    report: t.field({ type: ReportRequestInputRef, required: true, description: 'What is asked for.' }),
    title: t.string({ description: 'Left out: one that a person recognises.' }),
    priority: t.field({ type: ReportPriorityRef, defaultValue: DEFAULTS.priority, description: 'How soon it starts.' }),
    format: t.field({ type: ReportFormatRef, defaultValue: DEFAULTS.format, description: 'How the rows are written.' }),
    compression: t.field({
      type: ReportCompressionRef,
      defaultValue: DEFAULTS.compression,
      description: 'How the bytes are compressed.',
    }),
    csvDialect: t.field({ type: CsvDialectRef, defaultValue: DEFAULTS.csvDialect, description: 'How CSV is written.' }),
    timeZone: t.field({
      type: 'TimeZone',
      defaultValue: DEFAULTS.timeZone,
      description: 'In which relative dates and local times are meant.',
    }),
    visibility: t.field({
      type: ReportVisibilityRef,
      defaultValue: DEFAULTS.visibility,
      description: 'Who else may read it.',
    }),
    deliveries: t.field({
      type: [DeliveryInputRef],
      defaultValue: [],
      description: 'Where its outcome goes, at most 20.',
    }),
    tags: t.stringList({ defaultValue: DEFAULTS.tags, description: 'To find it again.' }),
    reuseWithin: t.field({
      type: 'Duration',
      description:
        'A report of the same type, version, parameters, format and viewer that SUCCEEDED within this time, or is on its way, is the answer; else a new one.',
    }),
    idempotencyKey: t.string({
      description: `At most 255 characters, for this tenant, user and mutation, 24 hours. Same input (after defaults, relative dates as asked): the same
object again. Other input: IDEMPOTENCY_KEY_REUSED. A refused input does not use it; after deletion: CONFLICT.`,
    }),
  }),
})

const ReportsPayloadRef = builder.objectRef<Outcomes<Report>>('ReportsPayload').implement({
  description: 'The reports for which it was done, and why not for the others.',
  fields: (t) => ({
    reports: t.field({
      type: [ReportRef],
      complexity: COUNTED_ABOVE,
      resolve: (outcomes) => outcomes.objects as never,
      description: 'Those for which it was done, in the order asked.',
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      complexity: COUNTED_ABOVE,
      resolve: (outcomes) => [...outcomes.userErrors],
      description: 'Each with its id in the path.',
    }),
  }),
})

const id = { required: true, description: 'As the API gave it.' } as const

builder.mutationFields((t) => ({
  requestReport: t.field({
    type: ReportPayloadRef,
    description: 'Answers at once with a QUEUED report; the work is done by a worker.',
    args: { input: t.arg({ type: RequestReportInputRef, required: true, description: 'What is asked for.' }) },
    resolve: (_, { input }, { reports, viewer }) =>
      outcomeOf(() =>
        reports.request(viewer, {
          ...DEFAULTS,
          ...given(input),
          report: input.report,
          deliveries: deliveriesOf(input.deliveries),
          title: input.title ?? null,
          reuseWithin: input.reuseWithin ?? null,
          idempotencyKey: input.idempotencyKey ?? null,
        }),
      ),
  }),
  cancelReport: t.field({
    type: ReportPayloadRef,
    description: 'QUEUED: CANCELED at once. RUNNING: CANCELING, and CANCELED when the source query has really ended.',
    args: { id: t.arg.id(id) },
    resolve: (_, args, { reports, viewer }) => outcomeOf(() => reports.cancel(viewer, idOf('Report', args.id))),
  }),
  retryReport: t.field({
    type: ReportPayloadRef,
    description: 'FAILED or CANCELED: the same report is queued again, with three attempts more.',
    args: { id: t.arg.id(id) },
    resolve: (_, args, { reports, viewer }) => outcomeOf(() => reports.retry(viewer, idOf('Report', args.id))),
  }),
  cancelReports: t.field({
    type: ReportsPayloadRef,
    complexity: eachCost,
    description: `Up to 100 at once; each that can't be is a userError with its id in the path.`,
    args: { ids: t.arg.idList({ required: true, description: 'Each as the API gave it.' }) },
    resolve: (_, { ids }, { reports, viewer }) =>
      outcomesOf(ids, (each) => reports.cancel(viewer, idOf('Report', each))),
  }),
  retryReports: t.field({
    type: ReportsPayloadRef,
    complexity: eachCost,
    description: `Up to 100 at once; each that can't be is a userError with its id in the path.`,
    args: { ids: t.arg.idList({ required: true, description: 'Each as the API gave it.' }) },
    resolve: (_, { ids }, { reports, viewer }) =>
      outcomesOf(ids, (each) => reports.retry(viewer, idOf('Report', each))),
  }),
  regenerateReport: t.field({
    type: ReportPayloadRef,
    description: 'A new report with the same request.',
    args: { id: t.arg.id(id), idempotencyKey: t.arg.string({ description: 'As in RequestReportInput.' }) },
    resolve: (_, args, { reports, viewer }) =>
      outcomeOf(() => reports.regenerate(viewer, idOf('Report', args.id), args.idempotencyKey ?? null)),
  }),
  deleteReport: t.field({
    type: DeletePayloadRef,
    description: 'A terminal report and its document; CONFLICT while deliveries are PENDING.',
    args: { id: t.arg.id(id) },
    resolve: (_, args, { reports, viewer }) =>
      outcomeOf(() => reports.remove(viewer, idOf('Report', args.id)).then(() => args.id)),
  }),
}))

/** What was said: null is the same as nothing. */
export function given<T extends object>(input: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value != null)) as never
}
