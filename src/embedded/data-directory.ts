import { randomBytes } from 'node:crypto'
import { access, mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartupError } from '../errors.ts'

/** Holds a server's part of the data directory until it is released or this process ends, however it ends. */
export interface Claim {
  release(): void
}

/** How long a claim waits for those who only look whether there is one, in milliseconds. */
const LOOKS_END_WITHIN = 250

/** Creates the data directory (0700: it keeps secrets) and its parents where they are missing; answers its real path. */
export async function openDataDirectory(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    return await realpath(path)
  } catch (cause) {
    throw new StartupError([
      `The data directory ${path} can't be used (${reason(cause)}): set BROADSHEET_DATA_DIR to one that can.`,
    ])
  }
}

/**
 * Makes sure that one process at a time keeps `server` in this data directory.
 *
 * The lock is an exclusive transaction on an empty SQLite file: the kernel drops it with the process, even at SIGKILL,
 * so it can't be stale as a file with a process id can.
 *
 * @throws StartupError when another process, or this one, holds it already
 */
export async function claimDataDirectory(directory: string, server: string): Promise<Claim> {
  const holder = join(directory, `${server}.holder`)
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(join(directory, `${server}.lock`), { timeout: LOOKS_END_WITHIN })
    lock.exec('BEGIN EXCLUSIVE')
    await writeFile(holder, `${process.pid}\n`, { mode: 0o600 })
  } catch (cause) {
    lock?.close()
    if (!isBusy(cause)) {
      throw new StartupError([
        `The data directory ${directory} can't be written (${reason(cause)}): it may belong to another user.`,
      ])
    }
    const pid = await readFile(holder, 'utf8').then(
      (text) => text.trim(),
      () => 'unknown',
    )
    throw new StartupError([
      `The data directory ${directory} is in use by another Broadsheet (process ${pid}): stop that one, or set BROADSHEET_DATA_DIR to another directory.`,
    ])
  }
  const held = lock
  return {
    release() {
      if (held.isOpen) held.close()
    },
  }
}

/** Whether a process holds `server` in this data directory now. Makes and changes nothing. */
export async function isClaimed(directory: string, server: string): Promise<boolean> {
  const path = join(directory, `${server}.lock`)
  const there = await access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false
      throw new StartupError([`${path} can't be read (${error.code}): it may belong to another user.`])
    },
  )
  if (!there) return false
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(path, { timeout: 0 })
    lock.exec('SELECT 1 FROM sqlite_schema')
    return false
  } catch (cause) {
    if (isBusy(cause)) return true
    throw new StartupError([`${path} can't be read (${reason(cause)}): it may belong to another user.`])
  } finally {
    lock?.close()
  }
}

/** A password made once and kept in `<directory>/<name>`, readable by this user only. Call it under a claim. */
export async function keptPassword(directory: string, name: string): Promise<{ password: string; made: boolean }> {
  const path = join(directory, name)
  const kept = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return ''
      throw new StartupError([`${path} can't be read (${cause.code}): it may belong to another user.`])
    },
  )
  if (kept !== '') return { password: kept, made: false }
  const password = randomBytes(24).toString('base64url')
  // Renamed into place: a crash between never leaves half a password.
  await writeFile(`${path}.new`, `${password}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return { password, made: true }
}

function isBusy(cause: unknown): boolean {
  const SQLITE_BUSY = 5
  return cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY
}

/** The system's code of an error (EACCES...), or its message where it has none. */
export function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}
