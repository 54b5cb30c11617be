import type { ProgressEvent } from '../progress/event.ts'
import type { Report } from './report.entity.ts'
import type { ReportStage, ReportStatus } from './status.ts'

/** The columns of which a progress event is made, for `returning` and `select`. */
export const PROGRESS_COLUMNS = `id, tenant_id, sequence, status, stage, attempt, percent, rows_written, rows_total, bytes_written, message, eta_seconds, progress_at`

/** Those columns as the driver gives them: bigints as text. */
export interface ProgressRow {
  id: string
  tenant_id: string
  sequence: string | number
  status: ReportStatus
  stage: ReportStage
  attempt: number
  percent: number | null
  rows_written: string | number
  rows_total: string | number | null
  bytes_written: string | number
  message: string | null
  eta_seconds: number | null
  progress_at: Date | string
}

/** What the row says, as an event. */
export function progressOf(row: ProgressRow): ProgressEvent {
  return {
    reportId: row.id,
    tenantId: row.tenant_id,
    sequence: Number(row.sequence),
    status: row.status,
    stage: row.stage,
    attempt: row.attempt,
    percent: row.percent,
    rowsWritten: Number(row.rows_written),
    rowsTotal: row.rows_total === null ? null : Number(row.rows_total),
    bytesWritten: Number(row.bytes_written),
    message: row.message,
    etaSeconds: row.eta_seconds,
    at: new Date(row.progress_at).getTime(),
  }
}

/** Where a report stands, from its entity. */
export function eventOf(report: Report): ProgressEvent {
  return {
    reportId: report.id,
    tenantId: report.tenantId,
    sequence: report.sequence,
    status: report.status,
    stage: report.stage,
    attempt: report.attempt,
    percent: report.percent ?? null,
    rowsWritten: report.rowsWritten,
    rowsTotal: report.rowsTotal ?? null,
    bytesWritten: report.bytesWritten,
    message: report.message ?? null,
    etaSeconds: report.etaSeconds ?? null,
    at: report.progressAt.getTime(),
  }
}
