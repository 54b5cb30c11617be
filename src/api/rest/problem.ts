import type { UserError } from '../../errors.ts'
import { snakeCase } from '../../report-type/names.ts'

/** One thing that the caller can mend; `path` leads into the body or the query. */
export interface ProblemDetail {
  readonly path: readonly string[] | null
  readonly code: string
  readonly message: string
}

/** An answer that is no success, by RFC 9457. `detail` is safe to show. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: readonly ProblemDetail[]
  readonly headers: Readonly<Record<string, string>>
  constructor(
    status: number,
    code: string,
    detail: string,
    more: { errors?: readonly ProblemDetail[]; headers?: Record<string, string> } = {},
  ) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.errors = more.errors ?? []
    this.headers = more.headers ?? {}
  }

  /** The body, application/problem+json. */
  toJSON() {
    const { status, code, message: detail, errors } = this
    return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, code, errors }
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

export const notFound = () => new Problem(404, 'NOT_FOUND', 'There is no such object, or it is not yours to see.')

/** Which status a code of a GraphQL error has here. */
const STATUS: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  BAD_USER_INPUT: 422,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
}
/** And a code of a user error. What a body names and is not there is the body's fault: 422; the path's {id} is 404. */
const USER_STATUS: Readonly<Record<UserError['code'], number>> = {
  INVALID: 422,
  REQUIRED: 422,
  NOT_FOUND: 422,
  FORBIDDEN: 403,
  CONFLICT: 409,
  LIMIT_REACHED: 429,
  IDEMPOTENCY_KEY_REUSED: 422,
  NOT_CANCELABLE: 409,
  NOT_RETRYABLE: 409,
}

/** An error of the pipeline, masked already, as a problem. Several of them are told as the first. */
export function problemOf(errors: readonly { message: string; extensions?: Record<string, unknown> }[]): Problem {
  const [first = { message: 'Something went wrong. It was logged; try again later.' }] = errors
  const code = String(first.extensions?.['code'] ?? 'INTERNAL_SERVER_ERROR')
  const status = STATUS[code] ?? 500
  const after = Number(first.extensions?.['retryAfter'] ?? (status === 503 ? 1 : Number.NaN))
  return new Problem(status, code, first.message, {
    headers: {
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
      ...(Number.isFinite(after) && { 'Retry-After': String(Math.max(1, Math.ceil(after))) }),
    },
  })
}

/** What a mutation refused, in the words of the body that was sent. */
export function refusalOf(userErrors: readonly UserError[]): Problem {
  const errors = userErrors.map(({ field, code, message }) => ({ path: field && pathOf(field), code, message }))
  const statuses = new Set(
    userErrors.map(({ field, code }) => (code === 'NOT_FOUND' && field?.[0] === 'id' ? 404 : USER_STATUS[code])),
  )
  const [status = 422] = statuses.size === 1 ? statuses : []
  return new Problem(status, errors[0]?.code ?? 'INVALID', userErrors.map(({ message }) => message).join(' '), {
    errors,
  })
}

/** ["report", "byName", "parameters", "startDate"] -> ["parameters", "start_date"]. */
function pathOf([...field]: readonly string[]): string[] {
  if (field[0] === 'report' && field[1] === 'byName') field.splice(0, 2, ...(field[2] === 'type' ? ['report'] : []))
  if (field[0] === 'cadence' && field.length > 1) field.shift()
  return field.join('.') === 'report.type' ? ['report_type'] : field.map(snakeCase)
}
