import { ReportFailed } from '../errors.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'The store is full.',
  EDQUOT: 'The store is full.',
  EROFS: 'The store is read-only.',
  EACCES: 'The store may not be written.',
  EPERM: 'The store may not be written.',
  EMFILE: 'The store has too many files open.',
  EEXIST: 'The store already holds bytes under this key.',
}

/** A system's error as the failure of an attempt: worth another try, since disks are emptied and rights are mended. */
export function storageFailed(error: unknown): ReportFailed {
  const { code = '' } = error as NodeJS.ErrnoException
  return new ReportFailed('STORAGE_FAILED', REASONS[code] ?? 'The document could not be stored.', {
    retryable: true,
    cause: error,
  })
}

export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
