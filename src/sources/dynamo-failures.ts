import { ReportError } from '../report-type/define.ts'

const THROTTLED = /Throughput|Throttl|RequestLimitExceeded|TooManyRequests|SlowDown/i
const DENIED =
  /AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|InvalidClientTokenId|MissingAuthentication|Credentials/i

/** What DynamoDB answers, when all tries of the SDK are over, in the words of a report's failure. Nothing of the request is told. */
export function dynamoFailure(error: unknown): Error {
  if (error instanceof ReportError) return error
  const { name = '', $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
  const cause = { cause: error }
  if (THROTTLED.test(name))
    return new ReportError('DynamoDB limits how fast the table of events is read.', {
      ...cause,
      code: 'SOURCE_RATE_LIMITED',
    })
  if (name === 'ResourceNotFoundException') return new ReportError('The table of events does not exist.', cause)
  if (DENIED.test(name))
    return new ReportError('DynamoDB does not allow the table of events to be read.', {
      ...cause,
      code: 'ACCESS_DENIED',
    })
  const status = $metadata?.httpStatusCode
  if (status !== undefined && status >= 400 && status < 500)
    return new ReportError(`DynamoDB refuses to read the table of events (${name}).`, cause)
  return new ReportError('DynamoDB did not answer.', { ...cause, code: 'SOURCE_UNAVAILABLE' })
}
