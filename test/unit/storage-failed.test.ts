import { describe, expect, test } from 'vitest'
import { ReportFailed } from '../../src/errors.ts'
import { isMissing, storageFailed } from '../../src/stores/storage-failed.ts'

/** As Node gives it: with a path that only the log may know. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it did not work, open '/secret/place'`), { code, path: '/secret/place' })
}

describe('a system’s error, as the failure of an attempt', () => {
  test.each([
    ['ENOSPC', 'is full. Free or add space'],
    ['EDQUOT', 'is full. Free or add space'],
    ['EROFS', 'is read-only. Mount'],
    ['EACCES', 'may not be written. Give the user'],
    ['EPERM', 'may not be written. Give the user'],
    ['EMFILE', 'Raise its limit'],
    ['EIO', 'Look into the log'],
    ['EWHATEVER', 'The worker’s log has the cause'],
  ])('%s says what to do, is tried again, and tells no path', (code, remedy) => {
    const cause = systemError(code)
    const failure = storageFailed(cause)
    expect(failure).toBeInstanceOf(ReportFailed)
    expect(failure).toMatchObject({ code: 'STORAGE_FAILED', retryable: true, cause })
    expect(failure.message).toContain(remedy)
    expect(failure.message).not.toContain('/secret')
  })

  test('what is not there is told from what cannot be read', () => {
    expect(['ENOENT', 'ENOTDIR'].every((code) => isMissing(systemError(code)))).toBe(true)
    expect(['EACCES', 'EPERM', 'EBUSY', 'EROFS', 'EIO'].some((code) => isMissing(systemError(code)))).toBe(false)
  })
})
