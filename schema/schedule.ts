import type { Schedule, ScheduleSlot } from '../src/schedule/schedule.entity.ts'
import { BadInput } from '../src/errors.ts'
import { createInTurn } from './in-turn.ts'
import { upcomingSlots } from '../src/schedule/reckoning.ts'
import { OVERLAP_POLICIES, SLOT_OUTCOMES } from '../src/schedule/slot.ts'
import { removedType } from '../src/report-type/report-type.ts'
import { builder } from './builder.ts'
import { pageCost } from './cost.ts'
import { connectionOf } from './connection.ts'
import { DeliveryTargetRef } from './delivery.ts'
import { idOf } from './global-id.ts'
import {
  CsvDialectRef,
  ReportCompressionRef,
  ReportFormatRef,
  ReportPriorityRef,
  ReportVisibilityRef,
} from './report-enums.ts'
import { meanings } from './meanings.ts'
import { ReportRef } from './report.ts'
import { ReportTypeRef } from './report-type.ts'
import { UserRef } from './user.ts'

/** Upcoming slots that are told at once. */
const MOST_UPCOMING = 100
/** Slots of a sparse cron take a millisecond each, and a page has a hundred schedules. */
const inTurn = createInTurn()

/** Upcoming slots by `reckon`, as many as `first` says. Throws BadInput for what can't be. */
export function upcomingInTurn(first: number | null | undefined, reckon: (most: number) => Date[]): Promise<Date[]> {
  const most = first ?? 5
  if (most < 0 || most > MOST_UPCOMING) throw new BadInput(`first is ${most}, but must be from 0 to ${MOST_UPCOMING}.`)
  return inTurn(() => reckon(most))
}

export const OverlapPolicyRef = builder.enumType('ScheduleOverlapPolicy', {
  description: `What becomes of a slot that comes in time while a report of the schedule is not finished. SKIP: it is not asked for. ALLOW: it is.
QUEUE_ONE: it is as soon as what runs has ended, the latest of those that came. CANCEL_RUNNING: what runs is cancelled for it.`,
  values: meanings(OVERLAP_POLICIES, {
    SKIP: 'It is not asked for.',
    ALLOW: 'It is asked for all the same.',
    QUEUE_ONE: 'The latest is asked for as soon as what runs has ended.',
    CANCEL_RUNNING: 'What runs is cancelled for it.',
  }),
})

const SlotOutcomeRef = builder.enumType('ScheduleSlotOutcome', {
  description: `What became of a slot. WAITING: it is asked for when what runs has ended. CAUGHT_UP: asked for after downtime. MISSED: not asked for,
after downtime. BLOCKED: it could not be asked for, and the reason says why.`,
  values: meanings(SLOT_OUTCOMES, {
    REQUESTED: 'Its report was asked for.',
    WAITING: 'Its report is asked for when what runs has ended.',
    SKIPPED_OVERLAP: 'Another report of the schedule had not finished.',
    SKIPPED_PAUSED: 'The schedule was paused.',
    MISSED: 'It came while nobody looked, and was too late.',
    CAUGHT_UP: 'It came while nobody looked, and was asked for afterwards.',
    BLOCKED: 'It could not be asked for, and reason says why.',
  }),
})

const SlotRef = builder.objectRef<ScheduleSlot>('ScheduleSlot').implement({
  description:
    'A slot that has come. Runs of SKIPPED_PAUSED or MISSED beyond 100 are one row: count slots, scheduledFor to until.',
  fields: (t) => ({
    scheduledFor: t.expose('scheduledFor', { type: 'DateTime', description: 'The moment; of a run the first.' }),
    outcome: t.expose('outcome', { type: SlotOutcomeRef, description: 'What became of it.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why, where there is more to say.' }),
    report: t.field({
      type: ReportRef,
      nullable: true,
      resolve: (slot) => (slot.reportId ?? null) as never,
      description: 'The report that it asked for; null where there is none, or it is gone.',
    }),
    count: t.exposeInt('count', { description: 'How many slots the row stands for.' }),
    until: t.expose('until', { type: 'DateTime', nullable: true, description: 'Of a run the last one.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When the outcome was written.' }),
  }),
})
const SlotConnectionRef = connectionOf<ScheduleSlot>('ScheduleSlot', SlotRef as never)

export const ScheduleRef = builder.loadableNodeRef<Schedule, string, string, string, Schedule>('Schedule', {
  id: { resolve: (schedule) => schedule.id },
  load: (ids: string[], { schedules, reading, viewer }) => schedules.byIds(viewer, reading, ids) as Promise<Schedule[]>,
})
ScheduleRef.implement({
  description: 'A report type with parameters, asked for again at each slot of a cadence in a time zone.',
  isTypeOf: (value) => (value as object).constructor?.name === 'Schedule',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'What a person recognises; its reports begin with it.' }),
    type: t.field({
      type: ReportTypeRef,
      description: 'What is asked for.',
      resolve: ({ typeName }, _, { catalog }) => catalog.get(typeName) ?? removedType(typeName, ''),
    }),
    parameters: t.expose('parameters', { type: 'JSON', description: 'As asked, camelCase keys.' }),
    cron: t.exposeString('cron', {
      nullable: true,
      description: `Exactly one of cron, every and at is set. Fixed local times run once a day: in a gap at the first valid instant, in a fold at the
first occurrence.`,
    }),
    every: t.expose('every', {
      type: 'Duration',
      nullable: true,
      description: 'Aligned to createdAt. Weeks, days (24 h), hours, minutes, seconds.',
    }),
    at: t.expose('at', { type: 'DateTime', nullable: true, description: 'Once.' }),
    timeZone: t.expose('timeZone', {
      type: 'TimeZone',
      description: 'In which the cadence and relative dates are meant.',
    }),
    paused: t.exposeBoolean('paused', { description: 'Slots that come meanwhile are SKIPPED_PAUSED.' }),
    overlapPolicy: t.expose('overlapPolicy', { type: OverlapPolicyRef, description: 'For slots that come in time.' }),
    catchUpWindow: t.expose('catchUpWindow', {
      type: 'Duration',
      description: `How late a slot may still be asked for after downtime; PT0S: never. At most 100 slots, one after another, oldest first; the oldest
beyond that are MISSED.`,
    }),
    priority: t.expose('priority', { type: ReportPriorityRef, description: 'How soon its reports start.' }),
    format: t.expose('format', { type: ReportFormatRef, description: 'How their rows are written.' }),
    compression: t.expose('compression', {
      type: ReportCompressionRef,
      description: 'How their bytes are compressed.',
    }),
    csvDialect: t.expose('csvDialect', { type: CsvDialectRef, description: 'How their CSV is written.' }),
    visibility: t.expose('visibility', { type: ReportVisibilityRef, description: 'Who else may read them.' }),
    tags: t.exposeStringList('tags', { description: 'What they are found by.' }),
    deliveries: t.loadableList({
      type: DeliveryTargetRef as never,
      description: 'Where the outcome of each of its reports goes.',
      load: (ids: string[], { schedules, reading }) => schedules.targets(reading, ids) as never,
      resolve: (schedule) => schedule.id as never,
    }),
    lastSucceededSlot: t.loadable({
      type: 'DateTime',
      description:
        'Never moves back; what last_slot means. First value: createdAt. With a warehouse delivery it moves when that SUCCEEDED.',
      load: (ids: string[], { schedules, reading }) => schedules.lastSucceededSlots(reading, ids),
      resolve: (schedule) => schedule.id as never,
    }),
    nextRunAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The first of upcoming; null while it is paused, and when none comes any more.',
      resolve: (schedule) => upcomingSlots(schedule, 1)[0] ?? null,
    }),
    upcoming: t.field({
      type: ['DateTime'],
      complexity: ({ first }) => Math.max(first ?? 5, 1),
      description: 'The slots that come next, at most 100; none while it is paused.',
      args: { first: t.arg.int({ defaultValue: 5, description: 'How many, at most 100.' }) },
      resolve: (schedule, { first }) => upcomingInTurn(first, (most) => upcomingSlots(schedule, most)),
    }),
    slots: t.field({
      type: SlotConnectionRef,
      complexity: pageCost,
      description: 'One row for each slot that has come: what became of it, newest first.',
      args: {
        first: t.arg.int({ defaultValue: 20, description: 'At most 100.' }),
        after: t.arg.string({ description: 'A cursor: what comes behind it.' }),
      },
      resolve: (schedule, page, { schedules, reading }) => schedules.slots(reading, schedule.id, page),
    }),
    createdBy: t.field({
      type: UserRef,
      resolve: (schedule) => schedule.createdBy as never,
      description: 'Who made it, and under whose role it asks.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When somebody changed it last.' }),
  }),
})
const ScheduleConnectionRef = connectionOf<Schedule>('Schedule', ScheduleRef as never)

builder.objectField(ReportRef as never, 'schedule', (t) =>
  t.field({
    type: ScheduleRef,
    nullable: true,
    resolve: (report) => ((report as { scheduleId?: string | null }).scheduleId ?? null) as never,
    description: 'The schedule that asked; null where there is none, it is gone, or it is not yours to see.',
  }),
)

builder.queryFields((t) => ({
  schedule: t.field({
    type: ScheduleRef,
    nullable: true,
    description: 'Null, without error, for an unknown or a foreign id.',
    args: { id: t.arg.id({ required: true, description: 'As the API gave it.' }) },
    resolve: (_, { id }) => idOf('Schedule', id) as never,
  }),
  schedules: t.field({
    type: ScheduleConnectionRef,
    complexity: pageCost,
    description: `Own schedules, newest first; an ADMIN sees the tenant's. first or last, 20 by default, 100 at most; totalCount is counted only when selected.`,
    args: t.arg.connectionArgs(),
    resolve: (_, page, { schedules, reading, viewer }) => schedules.page(viewer, reading, page),
  }),
}))
