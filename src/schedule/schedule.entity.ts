import { defineEntity, p } from '@mikro-orm/core'
import type { CompressionName } from '../document/compression.ts'
import type { CsvDialect, Format } from '../formats/format.ts'
import type { ReportPriority, ReportVisibility } from '../report/status.ts'
import type { Json } from '../report-type/define.ts'
import type { OverlapPolicy, RunOutcome, SlotOutcome } from './slot.ts'

const ScheduleSchema = defineEntity({
  name: 'Schedule',
  tableName: 'schedule',
  schema: 'broadsheet',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.text(),
    createdBy: p.uuid(),
    title: p.text(),
    typeName: p.text(),
    /** As asked, camelCase keys. */
    parameters: p.json<{ [name: string]: Json }>(),
    /** Ids of the uploads that they name. */
    uploads: p.array().columnType('uuid[]'),
    /** Whether a parameter is on last_slot: then one report runs after the other. */
    usesLastSlot: p.boolean(),
    /** Exactly one of the three is set. */
    cron: p.text().nullable(),
    every: p.text().nullable(),
    at: p.datetime().nullable(),
    timeZone: p.text(),
    overlapPolicy: p.text().$type<OverlapPolicy>(),
    /** ISO 8601. */
    catchUpWindow: p.text(),
    priority: p.text().$type<ReportPriority>(),
    format: p.text().$type<Format['name']>(),
    compression: p.text().$type<CompressionName>(),
    csvDialect: p.text().$type<CsvDialect>(),
    visibility: p.text().$type<ReportVisibility>(),
    tags: p.array(),
    paused: p.boolean(),
    /** When it was resumed: slots up to then came while it was paused. */
    pausedUntil: p.datetime().nullable(),

    /** The last slot that is in the ledger, or the moment since which the cadence counts. */
    slotsAfter: p.datetime(),
    /** The first slot after it; null: none comes any more. */
    nextSlotAt: p.datetime().nullable(),
    /** The run of equal outcomes that the ledger ends with, where that is one of which a long run is one row. */
    runOutcome: p.text().$type<RunOutcome>().nullable(),
    runFrom: p.datetime().nullable(),
    runCount: p.integer(),

    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
})

/** A report type with parameters, asked for again at each slot of a cadence in a time zone. */
export class Schedule extends ScheduleSchema.class {}
ScheduleSchema.setClass(Schedule)

const ScheduleSlotSchema = defineEntity({
  name: 'ScheduleSlot',
  tableName: 'schedule_slot',
  schema: 'broadsheet',
  properties: {
    scheduleId: p.uuid().primary(),
    scheduledFor: p.datetime().primary(),
    tenantId: p.text(),
    outcome: p.text().$type<SlotOutcome>(),
    reason: p.text().nullable(),
    reportId: p.uuid().nullable(),
    /** It came while no scheduler looked. */
    late: p.boolean(),
    /** How many slots the row stands for, from scheduledFor to until. */
    count: p.integer(),
    until: p.datetime().nullable(),
    at: p.datetime(),
    /** How many of them are in the tally already. */
    counted: p.integer(),
  },
})

/** A slot that has come, and what became of it. */
export class ScheduleSlot extends ScheduleSlotSchema.class {}
ScheduleSlotSchema.setClass(ScheduleSlot)
