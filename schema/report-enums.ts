import { COMPRESSIONS } from '../src/document/compression.ts'
import { FAILURE_CODES } from '../src/errors.ts'
import { CSV_DIALECTS, type Format } from '../src/formats/format.ts'
import { FORMATS } from '../src/formats/index.ts'
import {
  ATTEMPT_OUTCOMES,
  REPORT_ORDERS,
  REPORT_PRIORITIES,
  REPORT_STAGES,
  REPORT_STATUSES,
  REPORT_VISIBILITIES,
} from '../src/report/status.ts'
import { builder } from './builder.ts'
import { meanings } from './meanings.ts'

/** The enums of a report: their values stand where their meaning is, here they get their names. */
export const ReportStatusRef = builder.enumType('ReportStatus', {
  description: 'Where a report is in its life.',
  values: meanings(REPORT_STATUSES, {
    QUEUED: 'Waits for a worker, or for another attempt.',
    RUNNING: 'A worker carries it out.',
    CANCELING: 'Somebody has cancelled it, and its query has not ended yet.',
    SUCCEEDED: 'Its document is there.',
    FAILED: 'It has no document, and failure says why.',
    CANCELED: 'Somebody has cancelled it, and nothing of it runs any more.',
    EXPIRED: 'Its document was there, and its time is over.',
  }),
})
export const ReportStageRef = builder.enumType('ReportStage', {
  description: 'What the current attempt is doing.',
  values: meanings(REPORT_STAGES, {
    QUEUED: 'None has started.',
    READING: 'Waits for the first row of the source.',
    WRITING: 'Rows come, and are written.',
    STORING: 'All rows are written; the document is made safe.',
    DONE: 'Nothing more.',
  }),
})
export const ReportPriorityRef = builder.enumType('ReportPriority', {
  description: 'Served by weight 8:4:2:1; within one priority tenants take turns; nothing starves.',
  values: meanings(REPORT_PRIORITIES, {
    URGENT: 'Weight 8.',
    HIGH: 'Weight 4.',
    NORMAL: 'Weight 2.',
    LOW: 'Weight 1.',
  }),
})
export const ReportVisibilityRef = builder.enumType('ReportVisibility', {
  description: 'TENANT: everyone of the tenant, VIEWERs too, may read and download it.',
  values: meanings(REPORT_VISIBILITIES, {
    PRIVATE: 'Who asked, and an ADMIN.',
    TENANT: 'Everyone of the tenant.',
  }),
})
export const ReportFormatRef = builder.enumType('ReportFormat', {
  description: `How the rows are written. CSV, NDJSON and JSON are text. XLSX: a workbook of one sheet, at most 1,048,576 rows with its header, numbers of
at most 15 digits (longer ones are text), instants in the report's time zone. PARQUET: columns with types, instants in UTC.`,
  values: Object.fromEntries(
    FORMATS.map(({ name, contentType, extension }) => [
      name,
      { value: name, description: `${contentType}, saved as .${extension}.` },
    ]),
  ) as Record<Format['name'], { value: Format['name']; description: string }>,
})
export const ReportCompressionRef = builder.enumType('ReportCompression', {
  description:
    'GZIP and ZSTD make sales.csv.gz, sales.csv.zst (no Content-Encoding); with XLSX and PARQUET they are INVALID.',
  values: meanings(
    COMPRESSIONS.map(({ name }) => name),
    { NONE: 'As it is.', GZIP: 'gzip, level 1.', ZSTD: 'Zstandard, level 3.' },
  ),
})
export const CsvDialectRef = builder.enumType('CsvDialect', {
  description: `POSTGRES: byte for byte what psql's \\copy ... csv header writes: LF, t/f, ISO dates, null = nothing, empty text = "". Computed
rows are written the same way. RFC4180: the same with CRLF. EXCEL: RFC4180 with UTF-8 BOM, true/false, and text cells (never
numbers) that a spreadsheet would evaluate neutralised.`,
  values: meanings(CSV_DIALECTS, {
    POSTGRES: 'As psql writes it.',
    RFC4180: 'The same with CRLF.',
    EXCEL: 'For a spreadsheet: no cell of it is evaluated.',
  }),
})
export const ReportOrderRef = builder.enumType('ReportOrder', {
  description: 'Order of a list of reports; what has not finished comes last.',
  values: meanings(REPORT_ORDERS, {
    CREATED_AT_DESC: 'Newest first.',
    CREATED_AT_ASC: 'Oldest first.',
    FINISHED_AT_DESC: 'Finished last, first.',
  }),
})
export const FailureCodeRef = builder.enumType('ReportFailureCode', {
  description: 'Why a report or an attempt failed, for programs.',
  values: meanings(FAILURE_CODES, {
    TIMEOUT: 'It took longer than its type may.',
    WORKER_LOST: 'The worker ended in mid-report.',
    SOURCE_UNAVAILABLE: 'The source did not answer, or the connection was lost.',
    SOURCE_QUERY_FAILED: 'The source refused the query, or the code of the report gave up.',
    SOURCE_RATE_LIMITED: 'The source asks to be left alone for a while.',
    ROW_LIMIT: 'There are more rows than its type may have, or its format has room for.',
    FORMAT_LIMIT: 'The format has no room for a cell as it is.',
    INVALID_PARAMETERS: 'The parameters do not fit.',
    STORAGE_FAILED: 'The store could not take the bytes.',
    ACCESS_DENIED: 'Whoever asked may not any longer.',
    TYPE_REMOVED: 'No worker has its type any more.',
    INTERNAL: 'Nobody foresaw it.',
  }),
})
export const AttemptOutcomeRef = builder.enumType('ReportAttemptOutcome', {
  description: 'How an attempt ended. HANDED_BACK: by a draining worker.',
  values: meanings(ATTEMPT_OUTCOMES, {
    SUCCEEDED: 'With the document.',
    FAILED: 'With a failure.',
    LOST: 'Its worker was gone.',
    CANCELED: 'Somebody cancelled the report.',
    HANDED_BACK: 'Its worker drained; it is not charged.',
  }),
})
