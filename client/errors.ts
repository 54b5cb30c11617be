import { ClientError } from 'graphql-request'
import type { ReportFailureCode, ReportStatus, UserErrorCode } from './generated/graphql.ts'

/** What the caller can mend, as a mutation tells it. */
export interface UserError {
  /** The path into the input. */
  readonly field: readonly string[] | null
  readonly message: string
  readonly code: UserErrorCode
}

/** A mutation was refused: nothing was done. The message names each field. */
export class Refused extends Error {
  readonly userErrors: readonly UserError[]
  constructor(userErrors: readonly UserError[]) {
    super(userErrors.map(({ field, message }) => `${field ? `${field.join('.')}: ` : ''}${message}`).join('\n'))
    this.userErrors = userErrors
  }
}

/** The API answered with an error of its own. */
export class ApiError extends Error {
  /** One of docs/errors.md, or `HTTP 404` where something else answered in its place. */
  readonly code: string
  /** Seconds after which the same may be asked again; null where the API does not say. */
  readonly retryAfter: number | null
  constructor(
    code: string,
    message: string,
    { retryAfter = null, cause }: { retryAfter?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** The close code for more sockets, or messages, than the caller may have at once. */
export const TOO_MANY = 4429
/** Close codes beyond the WebSocket's own after which the same may work: no init in time, nobody could tell who this is, silence. */
const PASSING = [4408, 4500, 4499, TOO_MANY]

/** Nothing came back, or the WebSocket ended in mid-subscription. */
export class ConnectionLost extends Error {
  /** The WebSocket's close code; undefined where no connection came about, and over HTTP. */
  readonly code: number | undefined
  /** Whether the same may work again: other codes from 4000 on are the server's refusals. */
  readonly passing: boolean
  constructor(code: number | undefined, reason: string, cause?: unknown) {
    super(`The connection was lost (${[code, reason].filter(Boolean).join(' ') || 'it could not be opened'}).`, {
      cause,
    })
    this.code = code
    this.passing = code === undefined || code < 4000 || PASSING.includes(code)
  }
}

/** There is nothing to download: the report is not there, has not ended, or ended without a document. */
export class NoDocument extends Error {
  /** Null: there is no such report, or it is not the caller's to see. */
  readonly status: ReportStatus | null
  readonly failureCode: ReportFailureCode | null
  constructor(report: { status: ReportStatus; failure: { code: ReportFailureCode; message: string } | null } | null) {
    super(
      report
        ? `The report has no document: it is ${report.status}.${report.failure ? ` ${report.failure.message}` : ''}`
        : 'There is no such report.',
    )
    this.status = report?.status ?? null
    this.failureCode = report?.failure?.code ?? null
  }
}

/** The bytes that came are not the document: another size or SHA-256. They are not to be used. */
export class Damaged extends Error {}

/** What went wrong on the way to the API, as one of the above; an abort keeps its reason. */
export function readable(error: unknown, signal?: AbortSignal): Error {
  if (signal?.aborted) return signal.reason as Error
  if (error instanceof ClientError) return ofAnswer(error)
  // graphql-ws throws lists of GraphQL errors and events of the WebSocket as they are.
  if (Array.isArray(error)) return ofGraphQL(error as GraphQLFault[], error)
  const {
    code,
    reason,
    message = '',
    cause,
  } = error as Partial<{ code: unknown; reason: string; message: string; cause: unknown }>
  if (typeof code === 'number') return new ConnectionLost(code, reason ?? '')
  // fetch says "fetch failed" and keeps why to itself.
  const why = cause as { code?: string; message?: string } | undefined
  if ((error instanceof TypeError && why && why.code !== 'ERR_INVALID_URL') || !(error instanceof Error))
    return new ConnectionLost(undefined, why?.code ?? why?.message ?? message, error)
  return error
}

interface GraphQLFault {
  message: string
  extensions?: { code?: unknown; retryAfter?: unknown }
}

function ofGraphQL(faults: readonly GraphQLFault[], cause: unknown): ApiError {
  const { message = 'The API answered with an error and no word.', extensions } = faults[0] ?? {}
  const { code, retryAfter } = extensions ?? {}
  return new ApiError(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR', message, {
    retryAfter: typeof retryAfter === 'number' ? retryAfter : null,
    cause,
  })
}

function ofAnswer(error: ClientError): Error {
  const { errors, status } = error.response
  if (errors?.length) return ofGraphQL(errors as readonly GraphQLFault[], error)
  // What stands before the API answers for it while it is away.
  if (status >= 500) return new ConnectionLost(undefined, `HTTP ${status}`, error)
  return new ApiError(`HTTP ${status}`, `What answered with HTTP ${status} is not the API of Broadsheet.`, {
    cause: error,
  })
}
