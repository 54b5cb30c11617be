import { ReportFailed } from '../errors.ts'

const FULL = 'The store is full. Free or add space where STORE_URL leads; the report is tried again by itself.'
const TOO_LARGE = 'The document is larger than the store takes as one object (78 GiB). Ask for less at a time.'
const REFUSED =
  'The object store refuses the keys that the workers have. Look at AWS_* in their settings, and at the clock of their machine.'
const AWAY =
  'The object store does not answer as it should. The report is tried again by itself; where it goes on, look at the store.'
const CLOSED =
  'The store may not be written. Give the user that the workers run as the right to write where STORE_URL leads.'

/** What happened and what to do about it, without a path: the asker reads it too. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EROFS: 'The store is read-only. Mount the place where STORE_URL leads for writing.',
  EACCES: CLOSED,
  EPERM: CLOSED,
  EMFILE: 'The worker has too many files open. Raise its limit (ulimit -n), or lower WORKER_CONCURRENCY.',
  ENFILE: 'The machine has too many files open. Raise its limit (fs.file-max), or lower WORKER_CONCURRENCY.',
  EIO: 'The disk of the store fails. Look into the log of its machine.',
  EEXIST: 'The store already holds bytes under this key.',

  AccessDenied: 'The object store lets the workers not write. Give their keys the rights that docs/operating.md lists.',
  Forbidden: 'The object store lets the workers not write. Give their keys the rights that docs/operating.md lists.',
  NoSuchBucket: 'The bucket is not there. Create it, or mend STORE_URL.',
  PermanentRedirect: 'The bucket is in another region. Set AWS_REGION to it.',
  AuthorizationHeaderMalformed: 'The bucket is in another region. Set AWS_REGION to it.',
  InvalidAccessKeyId: REFUSED,
  SignatureDoesNotMatch: REFUSED,
  ExpiredToken: REFUSED,
  RequestTimeTooSkewed: REFUSED,
  CredentialsProviderError:
    'The workers have no keys for the object store. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give their machine a role.',
  QuotaExceeded: FULL,
  EntityTooLarge: TOO_LARGE,
  SlowDown: AWAY,
  ServiceUnavailable: AWAY,
  InternalError: AWAY,
  TimeoutError: AWAY,
  ECONNREFUSED: AWAY,
  ECONNRESET: AWAY,
  ENOTFOUND: AWAY,
  EAI_AGAIN: AWAY,
  EHOSTUNREACH: AWAY,
}

/**
 * A system's or an object store's error as the failure of an attempt: worth another try, since disks are emptied and rights are
 * mended; only what is too large stays so.
 */
export function storageFailed(error: unknown): ReportFailed {
  const { code, name, $metadata } = error as NodeJS.ErrnoException & { $metadata?: { httpStatusCode?: number } }
  const away = ($metadata?.httpStatusCode ?? 0) >= 500 ? AWAY : undefined
  const known = [code, name].find((each) => each !== undefined && Object.hasOwn(REASONS, each))
  const message =
    (known === undefined ? away : REASONS[known]) ?? 'The document could not be stored. The worker’s log has the cause.'
  return new ReportFailed('STORAGE_FAILED', message, { retryable: message !== TOO_LARGE, cause: error })
}

/** Nothing is there, nor can be: a part of the path is a file. What may not be touched (EPERM, EACCES) is there. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
