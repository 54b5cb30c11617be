import { NotFound } from '../errors.ts'
import { DeliveryFailed } from './channel.ts'

const REFUSED = 'The bucket refuses the keys that the service has: its operator has to look at AWS_*.'

/** Names of an object store's errors that mean more than "not now". No host, no bucket of the operator's. */
const REASONS: Readonly<Record<string, string>> = {
  AccessDenied: 'The service may not write into the bucket: its operator has to give it the right.',
  NoSuchBucket: 'The bucket is not there: the operator has to create it, or to mend BROADSHEET_BUCKETS.',
  PermanentRedirect: 'The bucket is in another region: the operator has to mend AWS_REGION.',
  InvalidAccessKeyId: REFUSED,
  SignatureDoesNotMatch: REFUSED,
  ExpiredToken: REFUSED,
  CredentialsProviderError: 'The service has no keys for buckets: its operator has to set AWS_*.',
  QuotaExceeded: 'The bucket is full.',
}
/** The same bytes under the same key will never be taken. */
const FINAL: Readonly<Record<string, string>> = {
  EntityTooLarge: 'The document is larger than an object may be (78 GiB).',
  KeyTooLongError: 'The key is too long once it is filled in.',
}

/** Any error of a delivery into a bucket as DeliveryFailed. */
export function bucketFailed(error: unknown): DeliveryFailed {
  if (error instanceof DeliveryFailed) return error
  if (error instanceof NotFound) return new DeliveryFailed('The document is gone.', { retryable: false, cause: error })
  const name = (error as Error).name
  if (Object.hasOwn(FINAL, name)) return new DeliveryFailed(FINAL[name]!, { retryable: false, cause: error })
  const message = Object.hasOwn(REASONS, name) ? REASONS[name]! : 'The bucket did not take the document.'
  return new DeliveryFailed(message, { retryable: true, cause: error })
}
