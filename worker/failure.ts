import { ReportFailed, StartupError } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import { REPORT_ERROR_CODES } from '../src/report-type/define.ts'
import type { Failure } from '../src/report/report.entity.ts'
import { storableText } from './storable.ts'

/** Longest message of an author's error that is shown, in characters. */
const LONGEST = 500

/**
 * What an attempt's error means for the report. Authors' ReportErrors are shown as they say; what nobody foresaw is INTERNAL
 * with a message that tells nothing, and its cause goes to the log.
 */
export function failureOf(error: unknown, log: Log): Failure {
  if (error instanceof ReportFailed) {
    log.info({ err: error }, 'the attempt failed')
    // The next try may meet a less busy source.
    return failure(error.code, error.message, error.retryable || error.code === 'TIMEOUT')
  }
  // By name, too: an author's file may have another copy of the class.
  if (error instanceof Error && error.name === 'ReportError') {
    log.info({ err: error }, 'the report type gave up')
    const { code, retryable } = error as { code?: unknown; retryable?: unknown }
    const known = REPORT_ERROR_CODES.find((one) => one === code) ?? 'SOURCE_QUERY_FAILED'
    return failure(known, error.message, retryable === true)
  }
  log.error({ err: error }, 'the attempt failed, and nobody foresaw how')
  if (error instanceof StartupError)
    return failure('INTERNAL', "The report type's definition, as it was accepted, can't be read any more.", false)
  return failure('INTERNAL', 'Something unforeseen went wrong while the report was written.', false)
}

function failure(code: Failure['code'], message: string, retryable: boolean): Failure {
  return { code, message: storableText(message).slice(0, LONGEST).toWellFormed(), retryable }
}
