import type { Schedule } from '../src/schedule/schedule.entity.ts'
import { builder } from './builder.ts'
import { deliveriesOf, DeliveryInputRef } from './delivery-input.ts'
import { idOf } from './global-id.ts'
import {
  CsvDialectRef,
  ReportCompressionRef,
  ReportFormatRef,
  ReportPriorityRef,
  ReportVisibilityRef,
} from './report-enums.ts'
import { meanings } from './meanings.ts'
import { DEFAULTS as REPORT_DEFAULTS, given, ReportPayloadRef } from './report-verbs.ts'
import { ReportRequestInputRef } from './request-input.ts'
import { OverlapPolicyRef, ScheduleRef } from './schedule.ts'
import { outcomeOf, UserErrorRef, type Outcome } from './user-error.ts'
import { DeletePayloadRef } from './user.ts'

const SchedulePayloadRef = builder.objectRef<Outcome<Schedule>>('SchedulePayload').implement({
  description: 'The schedule, or why not.',
  fields: (t) => ({
    schedule: t.field({
      type: ScheduleRef,
      nullable: true,
      resolve: (outcome) => outcome.object as never,
      description: 'Null where there are userErrors.',
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      resolve: (outcome) => [...outcome.userErrors],
      description: 'What the caller can mend.',
    }),
  }),
})

const PresetRef = builder.enumType('CadencePreset', {
  description: 'HOURLY at :00, DAILY at 00:00, WEEKLY on Monday 00:00, MONTHLY on the 1st 00:00.',
  values: meanings(['HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY'], {
    HOURLY: 'At :00.',
    DAILY: 'At 00:00.',
    WEEKLY: 'On Monday at 00:00.',
    MONTHLY: 'On the 1st at 00:00.',
  }),
})

export const CadenceRef = builder.inputType('CadenceInput', {
  description: `When a schedule asks, in its time zone.`,
  isOneOf: true,
  fields: (t) => ({
    cron: t.string({
      description:
        'Five fields: names (MON, JAN), lists, ranges, steps, L, W and #; day of month and day of week both restricted: either. One that never comes is INVALID.',
    }),
    every: t.field({ type: 'Duration', description: 'At least PT10S; months and years are INVALID.' }),
    at: t.field({ type: 'DateTime', description: 'Once.' }),
    preset: t.field({ type: PresetRef, description: 'The usual ones by name; they are kept as cron.' }),
  }),
})

/** What is meant where createSchedule leaves it out, or says null. */
const DEFAULTS = { ...REPORT_DEFAULTS, overlapPolicy: 'SKIP', catchUpWindow: 'PT1H', paused: false } as const

const CreateScheduleInputRef = builder.inputType('CreateScheduleInput', {
  description: 'A report type with its parameters, when it is to be asked for, and how its documents are wanted.',
  fields: (t) => ({
    report: t.field({ type: ReportRequestInputRef, required: true, description: 'What is asked for at each slot.' }),
    title: t.string({ required: true, description: 'What a person recognises; its reports begin with it.' }),
    cadence: t.field({ type: CadenceRef, required: true, description: 'When.' }),
    timeZone: t.field({
      type: 'TimeZone',
      defaultValue: DEFAULTS.timeZone,
      description: 'In which the cadence and relative dates are meant.',
    }),
    overlapPolicy: t.field({
      type: OverlapPolicyRef,
      defaultValue: DEFAULTS.overlapPolicy,
      description: 'For slots that come in time while a report is not finished.',
    }),
    catchUpWindow: t.field({
      type: 'Duration',
      defaultValue: DEFAULTS.catchUpWindow,
      description: 'How late a slot may still be asked for after downtime; PT0S: never.',
    }),
    priority: t.field({
      type: ReportPriorityRef,
      defaultValue: DEFAULTS.priority,
      description: 'How soon they start.',
    }),
    format: t.field({ type: ReportFormatRef, defaultValue: DEFAULTS.format, description: 'How the rows are written.' }),
    compression: t.field({
      type: ReportCompressionRef,
      defaultValue: DEFAULTS.compression,
      description: 'How the bytes are compressed.',
    }),
    csvDialect: t.field({ type: CsvDialectRef, defaultValue: DEFAULTS.csvDialect, description: 'How CSV is written.' }),
    visibility: t.field({
      type: ReportVisibilityRef,
      defaultValue: DEFAULTS.visibility,
      description: 'Who else may read the reports.',
    }),
    tags: t.stringList({ defaultValue: DEFAULTS.tags, description: 'To find the reports again.' }),
    deliveries: t.field({
      type: [DeliveryInputRef],
      defaultValue: [],
      description: 'Where the outcome of each report goes, at most 20.',
    }),
    paused: t.boolean({ defaultValue: DEFAULTS.paused, description: 'Made, but not begun.' }),
    idempotencyKey: t.string({ description: 'As in RequestReportInput.' }),
  }),
})

const UpdateScheduleInputRef = builder.inputType('UpdateScheduleInput', {
  description: 'Null or absent: unchanged.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'As the API gave it.' }),
    title: t.string({ description: 'What a person recognises.' }),
    report: t.field({ type: ReportRequestInputRef, description: 'What is asked for.' }),
    cadence: t.field({ type: CadenceRef, description: 'When, counted from now on.' }),
    timeZone: t.field({ type: 'TimeZone', description: 'In which the cadence and relative dates are meant.' }),
    overlapPolicy: t.field({ type: OverlapPolicyRef, description: 'For slots that come in time.' }),
    catchUpWindow: t.field({ type: 'Duration', description: 'How late a slot may still be asked for after downtime.' }),
    priority: t.field({ type: ReportPriorityRef, description: 'How soon they start.' }),
    format: t.field({ type: ReportFormatRef, description: 'How the rows are written.' }),
    compression: t.field({ type: ReportCompressionRef, description: 'How the bytes are compressed.' }),
    csvDialect: t.field({ type: CsvDialectRef, description: 'How CSV is written.' }),
    visibility: t.field({ type: ReportVisibilityRef, description: 'Who else may read the reports.' }),
    tags: t.stringList({ description: 'To find the reports again.' }),
    deliveries: t.field({
      type: [DeliveryInputRef],
      description: 'Those that it has from now on: new ones, and what it keeps by { keep: id }.',
    }),
  }),
})

const id = { required: true, description: 'As the API gave it.' } as const

builder.mutationFields((t) => ({
  createSchedule: t.field({
    type: SchedulePayloadRef,
    description: 'Asks for a report again at each slot of a cadence, from now on.',
    args: { input: t.arg({ type: CreateScheduleInputRef, required: true, description: 'What and when.' }) },
    resolve: (_, { input }, { schedules, viewer }) =>
      outcomeOf(() =>
        schedules.create(viewer, {
          ...DEFAULTS,
          ...given(input),
          report: input.report,
          title: input.title,
          cadence: input.cadence as never,
          deliveries: deliveriesOf(input.deliveries),
          idempotencyKey: input.idempotencyKey ?? null,
        }),
      ),
  }),
  updateSchedule: t.field({
    type: SchedulePayloadRef,
    description: 'Another cadence or time zone counts from now on; the slots that have come stay as they are.',
    args: { input: t.arg({ type: UpdateScheduleInputRef, required: true, description: 'What is to change.' }) },
    resolve: (_, { input: { id: scheduleId, deliveries, ...changes } }, { schedules, viewer }) =>
      outcomeOf(() =>
        schedules.update(viewer, idOf('Schedule', scheduleId), {
          ...(given(changes) as object),
          ...(deliveries && { deliveries: deliveriesOf(deliveries) }),
        }),
      ),
  }),
  pauseSchedule: t.field({
    type: SchedulePayloadRef,
    description: 'Slots that come from now on, and those that wait, are SKIPPED_PAUSED.',
    args: { id: t.arg.id(id) },
    resolve: (_, args, { schedules, viewer }) => outcomeOf(() => schedules.pause(viewer, idOf('Schedule', args.id))),
  }),
  resumeSchedule: t.field({
    type: SchedulePayloadRef,
    description: 'The first slot after now is asked for again; those that came meanwhile are not.',
    args: { id: t.arg.id(id) },
    resolve: (_, args, { schedules, viewer }) => outcomeOf(() => schedules.resume(viewer, idOf('Schedule', args.id))),
  }),
  runScheduleNow: t.field({
    type: ReportPayloadRef,
    description: 'Asks for the report now, outside the cadence.',
    args: { id: t.arg.id(id), idempotencyKey: t.arg.string({ description: 'As in RequestReportInput.' }) },
    resolve: (_, args, { schedules, viewer }) =>
      outcomeOf(() => schedules.runNow(viewer, idOf('Schedule', args.id), args.idempotencyKey ?? null)),
  }),
  deleteSchedule: t.field({
    type: DeletePayloadRef,
    description: 'Ends it, with its slots. Its reports stay, and what is under way goes on.',
    args: { id: t.arg.id(id) },
    resolve: (_, args, { schedules, viewer }) =>
      outcomeOf(() => schedules.remove(viewer, idOf('Schedule', args.id)).then(() => args.id)),
  }),
}))
