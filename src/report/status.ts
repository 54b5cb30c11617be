/** The life of a report: which status may follow which. Pure; the database's guarded updates are written from it. */
export const REPORT_STATUSES = ['QUEUED', 'RUNNING', 'CANCELING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'] as const
export type ReportStatus = (typeof REPORT_STATUSES)[number]

const MOVES: Record<ReportStatus, readonly ReportStatus[]> = {
  QUEUED: ['RUNNING', 'CANCELED', 'FAILED'],
  RUNNING: ['SUCCEEDED', 'FAILED', 'CANCELING', 'QUEUED'],
  CANCELING: ['CANCELED'],
  SUCCEEDED: ['EXPIRED'],
  FAILED: ['QUEUED'],
  CANCELED: ['QUEUED'],
  EXPIRED: [],
}

export const TERMINAL: readonly ReportStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED']

/** True where nothing more will happen unless somebody asks for it. */
export function isTerminal(status: ReportStatus): boolean {
  return TERMINAL.includes(status)
}

export function mayMove(from: ReportStatus, to: ReportStatus): boolean {
  return MOVES[from].includes(to)
}

export const REPORT_STAGES = ['QUEUED', 'READING', 'WRITING', 'STORING', 'DONE'] as const
export type ReportStage = (typeof REPORT_STAGES)[number]

export const REPORT_PRIORITIES = ['URGENT', 'HIGH', 'NORMAL', 'LOW'] as const
export type ReportPriority = (typeof REPORT_PRIORITIES)[number]
/** How many reports of each priority are started for one of LOW, where all wait. */
export const PRIORITY_WEIGHT: Record<ReportPriority, number> = { URGENT: 8, HIGH: 4, NORMAL: 2, LOW: 1 }

export const REPORT_VISIBILITIES = ['PRIVATE', 'TENANT'] as const
export type ReportVisibility = (typeof REPORT_VISIBILITIES)[number]

/** Charged attempts that a report has in all. */
export const CHARGED_ATTEMPTS = 3
/** Each committed change of status opens a range of this many sequence numbers, in which the holder counts. */
export const EPOCH_SIZE = 2 ** 20

export const ATTEMPT_OUTCOMES = ['SUCCEEDED', 'FAILED', 'LOST', 'CANCELED', 'HANDED_BACK'] as const
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number]

export const REPORT_ORDERS = ['CREATED_AT_DESC', 'CREATED_AT_ASC', 'FINISHED_AT_DESC'] as const
export type ReportOrder = (typeof REPORT_ORDERS)[number]

/** READY first; LEFT: no longer within the filter or the viewer's sight; RESYNC: read the list again. */
export const REPORT_EVENT_KINDS = ['READY', 'CREATED', 'CHANGED', 'PROGRESSED', 'LEFT', 'DELETED', 'RESYNC'] as const

/** What people do with a report, as its audit tells. REUSED: asked for again, and answered with this one. DELIVERED: handed to more targets. */
export const AUDIT_KINDS = ['REQUESTED', 'REUSED', 'CANCELED', 'RETRIED', 'DOWNLOADED', 'DELIVERED', 'DELETED'] as const
export type AuditKind = (typeof AUDIT_KINDS)[number]
