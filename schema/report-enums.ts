import { COMPRESSIONS } from '../src/document/compression.ts'
import { FAILURE_CODES } from '../src/errors.ts'
import { CSV_DIALECTS } from '../src/formats/format.ts'
import { REPORT_FORMATS } from '../src/formats/index.ts'
import {
  ATTEMPT_OUTCOMES,
  REPORT_ORDERS,
  REPORT_PRIORITIES,
  REPORT_STAGES,
  REPORT_STATUSES,
  REPORT_VISIBILITIES,
} from '../src/report/status.ts'
import { builder } from './builder.ts'

/** The enums of a report: their values stand where their meaning is, here they get their names. */
export const ReportStatusRef = builder.enumType('ReportStatus', {
  description: 'Where a report is in its life.',
  values: REPORT_STATUSES,
})
export const ReportStageRef = builder.enumType('ReportStage', {
  description: 'What the current attempt is doing.',
  values: REPORT_STAGES,
})
export const ReportPriorityRef = builder.enumType('ReportPriority', {
  description: 'Served by weight 8:4:2:1; within one priority tenants take turns; nothing starves.',
  values: REPORT_PRIORITIES,
})
export const ReportVisibilityRef = builder.enumType('ReportVisibility', {
  description: 'TENANT: everyone of the tenant, VIEWERs too, may read and download it.',
  values: REPORT_VISIBILITIES,
})
export const ReportFormatRef = builder.enumType('ReportFormat', {
  description: 'How the rows are written.',
  values: REPORT_FORMATS,
})
export const ReportCompressionRef = builder.enumType('ReportCompression', {
  description: 'GZIP and ZSTD make sales.csv.gz, sales.csv.zst (no Content-Encoding).',
  values: COMPRESSIONS.map((compression) => compression.name),
})
export const CsvDialectRef = builder.enumType('CsvDialect', {
  description: `POSTGRES: byte for byte what psql's \\copy ... csv header writes: LF, t/f, ISO dates, null = nothing, empty text = "". Computed
rows are written the same way. RFC4180: the same with CRLF. EXCEL: RFC4180 with UTF-8 BOM, true/false, and text cells (never
numbers) that a spreadsheet would evaluate neutralised.`,
  values: CSV_DIALECTS,
})
export const ReportOrderRef = builder.enumType('ReportOrder', {
  description: 'Order of a list of reports; what has not finished comes last.',
  values: REPORT_ORDERS,
})
export const FailureCodeRef = builder.enumType('ReportFailureCode', {
  description: 'Why a report or an attempt failed, for programs.',
  values: FAILURE_CODES,
})
export const AttemptOutcomeRef = builder.enumType('ReportAttemptOutcome', {
  description: 'How an attempt ended. HANDED_BACK: by a draining worker.',
  values: ATTEMPT_OUTCOMES,
})
