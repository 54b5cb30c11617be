/**
 * Every error that Broadsheet raises on purpose. `message` is safe to show to a caller: it never holds SQL, a path of
 * the server, a host or a stack. What a log needs beyond it goes into `cause`.
 */
export class BroadsheetError extends Error {
  /** Stable; clients may switch on it. Listed in docs/errors.md. */
  readonly code: string
  readonly retryable: boolean
  /** More for `extensions`, e.g. retryAfter. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    more: { retryable?: boolean; cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = more.retryable ?? false
    this.details = more.details ?? {}
  }
}

/** The settings, or a file in reports/, are wrong: the process does not start. One line for each fault, with its remedy. */
export class StartupError extends BroadsheetError {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super('STARTUP', faults.join('\n'))
    this.faults = faults
  }
}

/** No credential, or one that is not (any longer) good. */
export class Unauthenticated extends BroadsheetError {
  /** `ended`: the credential was good once (expired, revoked, user removed), which a socket answers with 4403. */
  readonly ended: boolean
  constructor(
    message = 'Sign in: send "Authorization: Bearer TOKEN", or {"Authorization": "Bearer TOKEN"} in connection_init.',
    ended = false,
  ) {
    super('UNAUTHENTICATED', message)
    this.ended = ended
  }
}

export class Forbidden extends BroadsheetError {
  constructor(message: string) {
    super('FORBIDDEN', message)
  }
}

/** The same for what does not exist and for what belongs to somebody else. */
export class NotFound extends BroadsheetError {
  constructor(message = 'There is no such object, or it is not yours to see.') {
    super('NOT_FOUND', message)
  }
}

export class BadInput extends BroadsheetError {
  constructor(message: string) {
    super('BAD_USER_INPUT', message)
  }
}

/** More than the caller may take now. `retryAfter`: whole seconds after which asking again may work. */
export class RateLimited extends BroadsheetError {
  readonly retryAfter: number
  constructor(message: string, retryAfter: number) {
    super('RATE_LIMITED', message, { retryable: true, details: { retryAfter } })
    this.retryAfter = retryAfter
  }
}

/** Postgres, Redis or the store does not answer. Nothing was done; asking again later is right. */
export class Unavailable extends BroadsheetError {
  constructor(message: string, cause?: unknown) {
    super('UNAVAILABLE', message, { retryable: true, cause })
  }
}

export type UserErrorCode =
  | 'INVALID'
  | 'REQUIRED'
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'CONFLICT'
  | 'LIMIT_REACHED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'NOT_CANCELABLE'
  | 'NOT_RETRYABLE'

/** One thing the caller can mend; `field` is the path into the mutation's arguments. */
export interface UserError {
  field: string[] | null
  message: string
  code: UserErrorCode
}

/** A room refuses what a mutation asks; the mutation answers with `userErrors`. Nothing was changed. */
export class Refusal extends BroadsheetError {
  readonly userErrors: readonly UserError[]
  /** What it is about, as it stands: for codes that say "not now". Null for all others. */
  readonly object: object | null
  constructor(userErrors: readonly UserError[], object: object | null = null) {
    super('REFUSED', userErrors.map((error) => error.message).join(' '))
    this.userErrors = userErrors
    this.object = object
  }
}

/** One user error as a Refusal. */
export function refuse(
  code: UserErrorCode,
  field: string[] | null,
  message: string,
  object: object | null = null,
): Refusal {
  return new Refusal([{ field, message, code }], object)
}

export const FAILURE_CODES = [
  'TIMEOUT',
  'WORKER_LOST',
  'SOURCE_UNAVAILABLE',
  'SOURCE_QUERY_FAILED',
  'SOURCE_RATE_LIMITED',
  'ROW_LIMIT',
  'FORMAT_LIMIT',
  'INVALID_PARAMETERS',
  'STORAGE_FAILED',
  'ACCESS_DENIED',
  'TYPE_REMOVED',
  'INTERNAL',
] as const
export type FailureCode = (typeof FAILURE_CODES)[number]

/** Why an attempt at a report ended without a document. A retryable one is tried again while attempts are left. */
export class ReportFailed extends BroadsheetError {
  declare readonly code: FailureCode
  constructor(code: FailureCode, message: string, more: { retryable?: boolean; cause?: unknown } = {}) {
    super(code, message, more)
  }
}
