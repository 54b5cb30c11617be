import { ReportFailed } from '../errors.ts'

const FULL = 'The store is full. Free or add space where STORE_URL leads; the report is tried again by itself.'
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
}

/** A system's error as the failure of an attempt: worth another try, since disks are emptied and rights are mended. */
export function storageFailed(error: unknown): ReportFailed {
  const { code = '' } = error as NodeJS.ErrnoException
  return new ReportFailed(
    'STORAGE_FAILED',
    REASONS[code] ?? 'The document could not be stored. The worker’s log has the cause.',
    {
      retryable: true,
      cause: error,
    },
  )
}

/** Nothing is there, nor can be: a part of the path is a file. What may not be touched (EPERM, EACCES) is there. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
