import { REPORT_STAGES, REPORT_STATUSES, type ReportStage, type ReportStatus } from '../report/status.ts'

/** Where a report stands at one moment. Counts are numbers below 2^53. */
export interface ProgressEvent {
  readonly reportId: string
  readonly tenantId: string
  readonly sequence: number
  readonly status: ReportStatus
  readonly stage: ReportStage
  readonly attempt: number
  /** 0 to 100; null while the total is unknown. */
  readonly percent: number | null
  readonly rowsWritten: number
  readonly rowsTotal: number | null
  readonly bytesWritten: number
  readonly message: string | null
  readonly etaSeconds: number | null
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What else a tenant's dashboards hear beside progress. */
export const CHANGE_KINDS = ['CREATED', 'CHANGED', 'PROGRESSED', 'DELETED'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]
/** One thing that happened to a report of a tenant. */
export interface ReportChange {
  readonly kind: ChangeKind
  readonly event: ProgressEvent
}

/** Longest message in bytes of UTF-8, so that an event stays within 512 bytes. */
export const LONGEST_MESSAGE = 160

/** Channel of one report: every event. */
export function reportChannel(reportId: string): string {
  return `broadsheet:report:${reportId}`
}
/** Channel of a tenant: what its dashboards hear. */
export function tenantChannel(tenantId: string): string {
  return `broadsheet:tenant:${tenantId}`
}

/** At most 512 bytes: a JSON array in a fixed order. */
export function encodeChange({ kind, event }: ReportChange): string {
  return JSON.stringify([
    CHANGE_KINDS.indexOf(kind),
    event.reportId,
    event.tenantId,
    event.sequence,
    REPORT_STATUSES.indexOf(event.status),
    REPORT_STAGES.indexOf(event.stage),
    event.attempt,
    event.percent,
    event.rowsWritten,
    event.rowsTotal,
    event.bytesWritten,
    event.message === null ? null : cut(event.message),
    event.etaSeconds,
    event.at,
  ])
}

/** Null for what is not an event of this version: a newer process may speak on the same Redis during an upgrade. */
export function decodeChange(text: string): ReportChange | null {
  let parts: unknown
  try {
    parts = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (!Array.isArray(parts) || parts.length !== 14) return null
  const [
    kind,
    reportId,
    tenantId,
    sequence,
    status,
    stage,
    attempt,
    percent,
    rowsWritten,
    rowsTotal,
    bytesWritten,
    message,
    etaSeconds,
    at,
  ] = parts
  const kindName = CHANGE_KINDS[kind as number]
  const statusName = REPORT_STATUSES[status as number]
  const stageName = REPORT_STAGES[stage as number]
  if (!kindName || !statusName || !stageName || typeof reportId !== 'string' || typeof sequence !== 'number')
    return null
  return {
    kind: kindName,
    event: {
      reportId,
      tenantId,
      sequence,
      status: statusName,
      stage: stageName,
      attempt,
      percent,
      rowsWritten,
      rowsTotal,
      bytesWritten,
      message,
      etaSeconds,
      at,
    },
  }
}

/** Cuts by bytes of JSON-encoded UTF-8, never inside a character. */
function cut(message: string): string {
  let bytes = 0
  let kept = ''
  for (const character of message) {
    bytes += Buffer.byteLength(JSON.stringify(character)) - 2
    if (bytes > LONGEST_MESSAGE) return kept
    kept += character
  }
  return kept
}
