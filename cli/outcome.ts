import { ApiError, ConnectionLost, Damaged, NoDocument, Refused, TOO_MANY } from '../client/client.ts'
import type { ReportStatus } from '../client/generated/graphql.ts'

/** Exit codes: docs/command-line.md lists them, and a test compares. */
export const EXIT = {
  /** What was asked for is done; of a report that was watched: SUCCEEDED. */
  DONE: 0,
  /** Nobody foresaw it. */
  FAULT: 1,
  /** The command line or a setting is wrong; nothing was done. */
  WRONG_USE: 2,
  /** The service refused: wrong parameters, no such report, not allowed. */
  REFUSED: 3,
  FAILED: 4,
  CANCELED: 5,
  /** There is no document any more: EXPIRED, or the report was deleted. */
  GONE: 6,
  /** The service does not answer. */
  UNREACHABLE: 7,
  /** A file is not the document that it should be. */
  DAMAGED: 8,
  /** Ctrl-C. */
  INTERRUPTED: 130,
  /** SIGTERM. */
  TERMINATED: 143,
} as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

/** What stands on the command line, or in a setting, can't be meant. */
export class WrongUse extends Error {}
/** A signal came. */
export class Interrupted extends Error {
  readonly exit: Exit
  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super('Stopped.')
    this.exit = signal === 'SIGINT' ? EXIT.INTERRUPTED : EXIT.TERMINATED
  }
}

/** How each end of a report is told to a script. */
const ENDS: Partial<Record<ReportStatus, Exit>> = {
  SUCCEEDED: EXIT.DONE,
  FAILED: EXIT.FAILED,
  CANCELED: EXIT.CANCELED,
  EXPIRED: EXIT.GONE,
}

export function isEnd(status: ReportStatus): boolean {
  return status in ENDS
}

/** Of a report that has ended. */
export function exitOf(status: ReportStatus): Exit {
  return ENDS[status] ?? EXIT.FAULT
}

/** Whether the service refused for what the caller has open, or asked, already: it passes, but not by itself. */
export function isTooMuch(error: unknown): boolean {
  return (
    (error instanceof ConnectionLost && error.code === TOO_MANY) ||
    (error instanceof ApiError && error.code === 'RATE_LIMITED')
  )
}

/** The code for what was thrown, and its name for programs. */
export function faultOf(error: unknown): { exit: Exit; code: string } {
  if (error instanceof WrongUse) return { exit: EXIT.WRONG_USE, code: 'WRONG_USE' }
  if (error instanceof Interrupted) return { exit: error.exit, code: 'INTERRUPTED' }
  if (error instanceof Refused) return { exit: EXIT.REFUSED, code: error.userErrors[0]?.code ?? 'REFUSED' }
  if (error instanceof Damaged) return { exit: EXIT.DAMAGED, code: 'DAMAGED' }
  if (error instanceof NoDocument) {
    if (error.status === null) return { exit: EXIT.REFUSED, code: 'NOT_FOUND' }
    return {
      exit: error.status === 'SUCCEEDED' || !isEnd(error.status) ? EXIT.REFUSED : exitOf(error.status),
      code: error.status,
    }
  }
  if (error instanceof ConnectionLost)
    return error.passing && !isTooMuch(error)
      ? { exit: EXIT.UNREACHABLE, code: 'UNREACHABLE' }
      : { exit: EXIT.REFUSED, code: `CLOSED_${error.code}` }
  if (error instanceof ApiError) {
    if (error.code === 'UNAVAILABLE') return { exit: EXIT.UNREACHABLE, code: error.code }
    if (error.code === 'INTERNAL_SERVER_ERROR') return { exit: EXIT.FAULT, code: error.code }
    return { exit: error.code === 'HTTP 410' ? EXIT.GONE : EXIT.REFUSED, code: error.code.replace(' ', '_') }
  }
  return { exit: EXIT.FAULT, code: 'FAULT' }
}
