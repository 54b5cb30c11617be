import { defineEntity, p } from '@mikro-orm/core'
import type { CsvDialect, Format } from '../formats/format.ts'
import type { CompressionName } from '../document/compression.ts'
import type { FailureCode } from '../errors.ts'
import type { Column, Json } from '../report-type/define.ts'
import type {
  AttemptOutcome,
  AuditKind,
  ReportPriority,
  ReportStage,
  ReportStatus,
  ReportVisibility,
} from './status.ts'

/** Why the last attempt, or the report, failed. */
export interface Failure {
  code: FailureCode
  message: string
  retryable: boolean
}

/** Facts about the finished bytes. `key` is where the store has them. */
export interface DocumentFacts {
  key: string
  fileName: string
  contentType: string
  rowCount: number
  byteSize: number
  sha256: string
  columns: readonly Column[]
  summary: { [key: string]: Json } | null
}

const ReportSchema = defineEntity({
  name: 'Report',
  tableName: 'report',
  schema: 'broadsheet',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.text(),
    requestedBy: p.uuid(),
    typeName: p.text(),
    typeVersion: p.text(),
    title: p.text(),
    /** Whether the caller chose the title; else it is made of the type's and the dates. */
    titleGiven: p.boolean(),
    status: p.text().$type<ReportStatus>(),
    priority: p.text().$type<ReportPriority>(),
    format: p.text().$type<Format['name']>(),
    compression: p.text().$type<CompressionName>(),
    csvDialect: p.text().$type<CsvDialect>(),
    visibility: p.text().$type<ReportVisibility>(),
    parameters: p.json<{ [name: string]: Json }>(),
    resolvedParameters: p.json<{ [name: string]: Json }>().nullable(),
    timeZone: p.text(),
    tags: p.array(),
    regeneratedFrom: p.uuid().nullable(),
    /** The schedule that asked; it may be gone. */
    scheduleId: p.uuid().nullable(),
    scheduledFor: p.datetime().nullable(),
    /** Ids of the uploads that its parameters name. */
    uploads: p.array().columnType('uuid[]'),
    /** What last_slot has come to: set when the first attempt starts. */
    lastSlot: p.datetime().nullable(),

    /** One more at each committed change of status. */
    epoch: p.bigint('number'),
    sequence: p.bigint('number'),
    stage: p.text().$type<ReportStage>(),
    percent: p.double().$type<number>().nullable(),
    rowsWritten: p.bigint('number'),
    rowsTotal: p.bigint('number').nullable(),
    bytesWritten: p.bigint('number'),
    message: p.text().nullable(),
    etaSeconds: p.integer().nullable(),
    progressAt: p.datetime(),

    /** Number of the current or last attempt; never reused. */
    attempt: p.integer(),
    /** Attempts that count against the three since the last retry by hand. */
    charged: p.integer(),
    /** How often its worker was lost under it, by what may have been its own doing. */
    losses: p.integer().default(0),
    workerId: p.uuid().nullable(),
    leaseExpiresAt: p.datetime().nullable(),
    /** Not claimed before this moment: backoff. */
    availableAt: p.datetime(),
    failure: p.json<Failure>().nullable(),

    document: p.json<DocumentFacts>().nullable(),
    /** Read only when asked for. */
    preview: p.json<Json[][]>().nullable().lazy(),
    /** The span that asked, for whoever works on it; read by statements of their own. */
    traceparent: p.text().nullable().lazy(),
    createdAt: p.datetime(),
    startedAt: p.datetime().nullable(),
    finishedAt: p.datetime().nullable(),
    expiresAt: p.datetime().nullable(),
  },
})

/** One request for a report type with its parameters: a row, from the ask to the document's expiry. */
export class Report extends ReportSchema.class {}
ReportSchema.setClass(Report)

const ReportAttemptSchema = defineEntity({
  name: 'ReportAttempt',
  tableName: 'report_attempt',
  schema: 'broadsheet',
  properties: {
    reportId: p.uuid().primary(),
    number: p.integer().primary(),
    tenantId: p.text(),
    workerId: p.uuid(),
    outcome: p.text().$type<AttemptOutcome>().nullable(),
    startedAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
    failure: p.json<Failure>().nullable(),
    /** Whether its end is in the tally already. */
    counted: p.boolean(),
  },
})

/** One claimed execution of a report. */
export class ReportAttempt extends ReportAttemptSchema.class {}
ReportAttemptSchema.setClass(ReportAttempt)

const ReportAuditSchema = defineEntity({
  name: 'ReportAudit',
  tableName: 'report_audit',
  schema: 'broadsheet',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.text(),
    reportId: p.uuid(),
    kind: p.text().$type<AuditKind>(),
    /** Null: the service itself. */
    byUser: p.uuid().nullable(),
    detail: p.json<{ [name: string]: Json }>().nullable(),
    at: p.datetime(),
  },
})

/** Something that somebody did with a report: written once, never changed, kept when the report is gone. */
export class ReportAudit extends ReportAuditSchema.class {}
ReportAuditSchema.setClass(ReportAudit)
