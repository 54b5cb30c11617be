import type { ReportPriority, ReportStatus } from '../generated/graphql.ts'

const WORDS: Readonly<Record<ReportStatus, string>> = {
  QUEUED: 'Queued',
  RUNNING: 'Running',
  CANCELING: 'Canceling',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  CANCELED: 'Canceled',
  EXPIRED: 'Expired',
}
export const STATUSES = Object.keys(WORDS) as ReportStatus[]
export const PRIORITIES: readonly ReportPriority[] = ['URGENT', 'HIGH', 'NORMAL', 'LOW']

/** A value that the page was not built with is shown as it is. */
export const statusWord = (status: ReportStatus): string => WORDS[status] ?? status
export const sentence = (name: string): string => name.charAt(0) + name.slice(1).toLowerCase().replaceAll('_', ' ')

/** Never by colour alone: each has its word. */
export function Status({ status }: { status: ReportStatus }) {
  return <span class={`status status-${status.toLowerCase()}`}>{statusWord(status)}</span>
}

export const isOver = (status: ReportStatus): boolean =>
  status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELED' || status === 'EXPIRED'
