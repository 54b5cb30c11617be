import { spawn } from 'node:child_process'
import { open, rename, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { StartupError } from '../errors.ts'
import { commandsOf, type Command } from './commands.ts'
import { ENVIRONMENT, run, type Account } from './program.ts'

/** A signal and how many milliseconds it may take before the next one is sent. */
export type Farewell = readonly (readonly [NodeJS.Signals, number])[]

export interface Launch {
  program: string
  args: readonly string[]
  cwd: string
  /** Where what it prints is appended. */
  log: string
  farewell: Farewell
  account?: Account | undefined
  /** Called once when the server ends and nobody stopped it. */
  lost(how: string): void
}

export interface Server {
  pid: number
  /** How it ended, e.g. "exit code 1"; undefined while it runs. */
  ended(): string | undefined
  /** Sends the signals of its farewell one after the other until it has ended. Safe to call again. */
  stop(): Promise<void>
}

/**
 * Starts a server in a session of its own: the terminal's Ctrl-C reaches this process alone, which stops its servers in
 * order. Where `setpriv` can, the kernel sends `farewell[0]` to the server when this process dies without stopping it.
 */
export async function startServer(options: Launch): Promise<Server> {
  const first = options.farewell[0]?.[0] ?? 'SIGTERM'
  const tied = await canTie()
  const file = tied ? 'setpriv' : options.program
  const args = tied ? ['--pdeathsig', first.slice(3), options.program, ...options.args] : options.args
  const log = await openLog(options.log)
  // Never pipes: a server that outlives us must not hold one of ours open.
  const child = spawn(file, args, {
    ...options.account,
    cwd: options.cwd,
    env: ENVIRONMENT,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  await log.close()

  let how: string | undefined
  let stopping: Promise<void> | undefined
  const onExit = () => child.kill(first)
  const ended = new Promise<void>((resolve) => {
    const end = (text: string) => {
      if (how !== undefined) return
      how = text
      process.off('exit', onExit)
      if (stopping === undefined) options.lost(text)
      resolve()
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`))
  })
  process.once('exit', onExit)
  child.unref()

  async function end() {
    child.ref()
    for (const [signal, patience] of options.farewell) {
      if (how !== undefined) return
      child.kill(signal)
      await Promise.race([ended, pause(patience, undefined, { ref: false })])
    }
  }
  return {
    pid: child.pid ?? 0,
    ended: () => how,
    stop: () => (stopping ??= end()),
  }
}

/** Stops what an earlier process left running, found by its command line; its own children are left to it. */
export async function stopOrphans(matches: (command: Command) => boolean, farewell: Farewell): Promise<number> {
  const orphans = await commandsOf(matches)
  const running = () => commandsOf(matches)
  for (const [signal, patience] of farewell) {
    for (const { pid } of await running()) {
      try {
        process.kill(pid, signal)
      } catch (error) {
        // Gone in between is what we want; anything else (EPERM) is not ours to stop.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
      }
    }
    if (await soon(async () => (await running()).length === 0, patience)) return orphans.length
  }
  throw new StartupError([`A server of an earlier run (process ${orphans[0]?.pid}) can't be stopped: stop it by hand.`])
}

/** Waits until `fact` holds, looking every 25 ms; false when `patience` milliseconds went by without it. */
export async function soon(fact: () => boolean | Promise<boolean>, patience: number): Promise<boolean> {
  const end = performance.now() + patience
  while (!(await fact())) {
    if (performance.now() > end) return false
    await pause(25)
  }
  return true
}

// One older log is kept, so that what years of starts write stays small.
async function openLog(path: string) {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > 1_000_000) await rename(path, `${path}.1`)
  return open(path, 'a', 0o600)
}

let tie: Promise<boolean> | undefined
function canTie(): Promise<boolean> {
  return (tie ??= run('setpriv', ['--pdeathsig', 'TERM', 'true'], { seconds: 5 }).then(({ code }) => code === 0))
}
