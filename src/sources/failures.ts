import { ReportFailed } from '../errors.ts'
import { SourceFault } from './source.ts'

/** What Postgres or the way to it answers, in the words of a report's failure or of a file's fault. */

interface PostgresError extends Error {
  code?: string
  severity?: string
}

const NETWORK = /^(E[A-Z]+|CONNECTION_|UND_)/

function sqlstate(error: unknown): string {
  const code = (error as PostgresError | null)?.code
  return typeof code === 'string' ? code : ''
}

/** True where the source, not the query, is at fault: refused, cut, shutting down, out of connections. */
export function isUnreachable(error: unknown): boolean {
  const code = sqlstate(error)
  if (/^(08|57P0|53300|28|3D000)/.test(code) || NETWORK.test(code)) return true
  return (
    code === '' &&
    error instanceof Error &&
    /connection|terminated|timeout|socket|ECONN|not queryable/i.test(error.message)
  )
}

/**
 * A failure that is safe to show: Postgres' own message (it may quote a value, never the statement, a path or a host) and
 * the code to look it up by; the rest is in `cause`.
 */
export function reportFailure(error: unknown): ReportFailed {
  if (error instanceof ReportFailed) return error
  const code = sqlstate(error)
  const cause = { cause: error }
  if (code === '57014' && /user request/.test(said(error)))
    return new ReportFailed('SOURCE_QUERY_FAILED', 'The query was cancelled at the source.', {
      ...cause,
      retryable: true,
    })
  if (code === '57014') return new ReportFailed('TIMEOUT', 'The query took longer than the report type allows.', cause)
  if (isUnreachable(error))
    return new ReportFailed('SOURCE_UNAVAILABLE', 'The source did not answer, or the connection to it was lost.', {
      ...cause,
      retryable: true,
    })
  if (code === '42501' || code === '25006')
    return new ReportFailed(
      'SOURCE_QUERY_FAILED',
      `The source does not allow this query: ${said(error)} (${code}).`,
      cause,
    )
  if (/^(40|53|55P03|58)/.test(code))
    return new ReportFailed('SOURCE_QUERY_FAILED', `The source could not finish the query now (${code}).`, {
      ...cause,
      retryable: true,
    })
  // Faults of the server itself, or of another one behind it, speak of its files and hosts.
  if (/^(XX|F0|HV)/.test(code))
    return new ReportFailed(
      'SOURCE_QUERY_FAILED',
      `The query failed at the source for a reason of its own (${code}).`,
      cause,
    )
  if (/^[0-9A-Z]{5}$/.test(code))
    return new ReportFailed('SOURCE_QUERY_FAILED', `The query failed: ${said(error)} (${code}).`, cause)
  return new ReportFailed('INTERNAL', 'The source could not be read.', cause)
}

/** @param what "the query" or "the summary": how the message begins. */
export function describeFault(error: unknown, what: string): SourceFault {
  if (error instanceof SourceFault) return error
  const code = sqlstate(error)
  if (isUnreachable(error)) return new SourceFault('UNREACHABLE', "Its source can't be reached.", error)
  if (/^(0A|22|25|2F|42601)/.test(code))
    return new SourceFault('INVALID', `${what} is refused by its source: ${said(error)} (${code}).`, error)
  // A table, column, function, key or right that is not there (yet): what makes the difference lies with the source.
  if (code.startsWith('42') || code === '3F000')
    return new SourceFault('ABSENT', `Its source can't run ${what} as it stands: ${said(error)} (${code}).`, error)
  return new SourceFault('UNREACHABLE', `Its source could not describe ${what} (${code || 'no code'}).`, error)
}

function said(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replaceAll(/\s+/g, ' ').slice(0, 300).replace(/\.$/, '')
}
