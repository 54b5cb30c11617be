import { execFile } from 'node:child_process'
import { setPriority } from 'node:os'

/**
 * The environment of everything started here: nothing of ours is inherited, so neither a PGPORT or a locale of the shell
 * nor a secret of the service reaches a server.
 */
export const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' }

/** Who a program runs as, when that is not the user of this process. */
export interface Account {
  uid: number
  gid: number
}

export interface Ended {
  /** The exit code; null when the program was killed or could not be started. */
  code: number | null
  /** The system's code where the program could not be started: ENOENT, EACCES... */
  refused: string | undefined
  output: string
}

/**
 * Runs a program to its end, at most `seconds` (120) and 1 MB of output. `signal` kills it; `niceness` is how much it stands back for
 * others, 0 to 19. Never throws: the caller judges the end.
 */
export function run(
  program: string,
  args: readonly string[],
  options: {
    account?: Account | undefined
    cwd?: string
    input?: string
    seconds?: number
    inheritEnvironment?: boolean
    niceness?: number | undefined
    signal?: AbortSignal | undefined
  } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      {
        ...options.account,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.inheritEnvironment ? {} : { env: ENVIRONMENT }),
        timeout: (options.seconds ?? 120) * 1000,
        killSignal: 'SIGKILL',
        ...(options.signal && { signal: options.signal }),
        maxBuffer: 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
        const refused = error !== null && typeof error.code === 'string' ? error.code : undefined
        resolve({ code, refused, output: stdout + stderr })
      },
    )
    if (options.niceness !== undefined && child.pid !== undefined) standBack(child.pid, options.niceness)
    // A program that ends without reading its input is judged by its end, not by EPIPE.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(options.input ?? '')
  })
}

/** A program that has ended already needs no priority. */
function standBack(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness)
  } catch (error) {
    if ((error as { info?: { code?: string } }).info?.code !== 'ESRCH') throw error
  }
}

/** The absolute path of a program on this process's PATH. */
export async function onPath(name: string): Promise<string | undefined> {
  const { code, output } = await run('/bin/sh', ['-c', 'command -v "$0"', name], {
    inheritEnvironment: true,
    seconds: 5,
  })
  const path = output.trim()
  return code === 0 && path.startsWith('/') ? path : undefined
}
