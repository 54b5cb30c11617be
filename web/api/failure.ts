import type { CombinedError } from '@urql/core'

/** Why the API did not answer as asked, in words for the person who asked. */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** The API's code (docs/errors.md), or OFFLINE where it could not be reached. */
  readonly code: string
  /** Seconds after which the same may be asked again; null where nobody said so. */
  readonly retryAfter: number | null

  constructor(code: string, message: string, retryAfter: number | null = null) {
    super(message)
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** Whether the same may be answered later though nobody changes anything. */
export const mayPass = ({ code }: Failure): boolean =>
  code === 'OFFLINE' || code === 'UNAVAILABLE' || code === 'RATE_LIMITED' || code === 'INTERNAL_SERVER_ERROR'

/** What was caught; what nobody foresaw is told as it is. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure('UNFORESEEN', error instanceof Error ? error.message : String(error))
}

const WORDS: Readonly<Record<string, string>> = {
  OFFLINE: 'The service can’t be reached. What you see is from before.',
  UNAVAILABLE: 'The service is not whole for the moment. Try again in a few seconds.',
  INTERNAL_SERVER_ERROR: 'Something went wrong in the service. Its log says what.',
  UNAUTHENTICATED: 'You are not signed in any more.',
  FORBIDDEN: 'Your token does not allow this.',
  NOT_FOUND: 'There is no such thing, or it is not yours to see.',
}

/** An error of urql's, or errors that came over the socket. */
export function failureOf(error: Pick<CombinedError, 'graphQLErrors' | 'networkError'>): Failure {
  const [first] = error.graphQLErrors
  if (!first) return new Failure('OFFLINE', WORDS['OFFLINE'] ?? '')
  const code = String(first.extensions?.['code'] ?? 'INTERNAL_SERVER_ERROR')
  const retryAfter = Number(first.extensions?.['retryAfter'])
  if (code === 'RATE_LIMITED' && retryAfter > 0)
    return new Failure(code, `Too many requests: try again in ${Math.ceil(retryAfter)} s.`, retryAfter)
  return new Failure(code, WORDS[code] ?? first.message, null)
}
