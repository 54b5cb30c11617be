import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { StartupError } from '../errors.ts'

/** Longest wait for a process of ours to say that it is ready, in milliseconds. */
const READY_WITHIN = 60_000
/** What leaving may take beyond the drain, in milliseconds, before it is made short. */
const BEYOND_DRAIN = 15_000

const ENTRIES = { API: '../api/main.ts', worker: '../../worker/main.ts' } as const

export interface OwnProcess {
  /** What it said when it was ready. Rejects with StartupError where it ends, or says nothing, before. */
  readonly ready: Promise<{ publicUrl?: string }>
  /** Politely, then not; resolves when it is gone. Safe to call again. */
  stop(): Promise<void>
}

/**
 * Starts the API or the worker in a session of its own: the terminal's Ctrl-C reaches this process alone, which stops its
 * parts in order. When this process dies without stopping it, its IPC channel closes and it ends by itself.
 */
export function startProcess(
  name: keyof typeof ENTRIES,
  options: { environment: Record<string, string>; drainSeconds: number; lost(line: string): void },
): OwnProcess {
  const child = fork(fileURLToPath(new URL(ENTRIES[name], import.meta.url)), [], {
    env: options.environment,
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  const ended = once(child, 'exit').then(([code, signal]) => `The ${name} ended (${signal ?? `code ${code}`}).`)
  let stopping: Promise<void> | undefined

  async function waitUntilReady(): Promise<{ publicUrl?: string }> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), READY_WITHIN)
    const said = once(child, 'message', { signal: late.signal }).then(
      ([message]) => message as { publicUrl?: string },
      () => `The ${name} was not ready within ${READY_WITHIN / 1000} s.`,
    )
    const first = await Promise.race([said, ended])
    clearTimeout(timer)
    if (typeof first === 'string') throw new StartupError([`${first} What it said stands above.`])
    void ended.then((line) => stopping ?? options.lost(line))
    return first
  }

  async function end(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), options.drainSeconds * 1000 + BEYOND_DRAIN)
    await ended
    clearTimeout(timer)
  }

  return { ready: waitUntilReady(), stop: () => (stopping ??= end()) }
}
