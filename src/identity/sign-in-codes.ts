import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** How long a code may wait for its use, in milliseconds. */
const LIFE = 10 * 60_000
/** 32 random bytes as base64url. */
const CODE = /^[\w-]{43}$/
const NAME = /^[0-9a-f]{64}$/

/** A code that was just used up, by this call alone. */
export interface TakenCode {
  /** What it was used for did not come about: it is good again, until its old end. */
  giveBack(): Promise<void>
}

export interface SignInCodes {
  /** A new code, good once and for ten minutes. Only its SHA-256 is kept. */
  mint(): Promise<string>
  /** Uses the code up; null where it is none, was used, or is too old. */
  take(code: string): Promise<TakenCode | null>
}

/**
 * One-time codes of a service, kept in a directory that its owner alone may read and write: who may make a file there may
 * sign in. A code is an empty file, named by the code's SHA-256, whose time is the code's end; to use it is to remove it,
 * which the file system lets one caller alone do, whichever processes come and go. `now` is the wall clock in milliseconds.
 */
export function createSignInCodes({
  directory,
  now = Date.now,
}: {
  directory: string
  now?: () => number
}): SignInCodes {
  const pathOf = (code: string) => join(directory, createHash('sha256').update(code).digest('hex'))

  /** A process that dies before the time is set leaves a code that has ended already. */
  async function write(path: string, end: Date): Promise<void> {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.utimes(end, end)
    } finally {
      await file.close()
    }
  }

  /** A clock that was set back makes no code live longer. */
  const isGood = (end: number) => end > now() && end <= now() + LIFE

  async function removeEnded(): Promise<void> {
    for (const name of await readdir(directory)) {
      const path = join(directory, name)
      const end = NAME.test(name) ? await endOf(path) : null
      if (end !== null && !isGood(end)) await removed(path)
    }
  }

  return {
    async mint() {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await removeEnded()
      const code = randomBytes(32).toString('base64url')
      await write(pathOf(code), new Date(now() + LIFE))
      return code
    },

    async take(code) {
      if (!CODE.test(code)) return null
      const path = pathOf(code)
      const end = await endOf(path)
      if (end === null || !isGood(end) || !(await removed(path))) return null
      return { giveBack: () => write(path, new Date(end)) }
    },
  }
}

/** When the code of this file ends, in whole milliseconds, never later; null where there is no file. */
function endOf(path: string): Promise<number | null> {
  return stat(path).then(({ mtimeMs }) => Math.floor(mtimeMs), ifThere(null))
}

/** True for the one caller that removed the file. */
function removed(path: string): Promise<boolean> {
  return unlink(path).then(() => true, ifThere(false))
}

/** `answer` where the file is not there; any other fault is thrown on. */
function ifThere<T>(answer: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return answer
    throw error
  }
}
