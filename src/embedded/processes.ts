import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { StartupError } from '../errors.ts'

/** Longest wait for a process of ours to say that it is ready, in milliseconds. */
const READY_WITHIN = 60_000
/** What leaving may take beyond the drain, in milliseconds, before it is made short. */
const BEYOND_DRAIN = 15_000

const ENTRIES = { API: '../api/main.ts', worker: '../../worker/main.ts' } as const

/** Of the API alone: what links start with, and where it listens. */
interface Ready {
  publicUrl?: string
  port?: number
}

interface Start {
  environment: Record<string, string>
  /** What its command line says. */
  words?: readonly string[]
  drainSeconds: number
  lost(line: string): void
}

export interface OwnProcess {
  /** What it said when it was ready. Rejects with StartupError where it ends, or says nothing, before. */
  readonly ready: Promise<Ready>
  /** Politely, then not; resolves when it is gone. Safe to call again. */
  stop(): Promise<void>
}

/**
 * Starts the API or the worker in a session of its own: the terminal's Ctrl-C reaches this process alone, which stops its
 * parts in order. When this process dies without stopping it, its IPC channel closes and it ends by itself.
 */
function startProcess(name: keyof typeof ENTRIES, options: Start): OwnProcess {
  const child = fork(fileURLToPath(new URL(ENTRIES[name], import.meta.url)), [...(options.words ?? [])], {
    env: options.environment,
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  const ended = once(child, 'exit').then(([code, signal]) => `The ${name} ended (${signal ?? `code ${code}`}).`)
  let stopping: Promise<void> | undefined

  async function waitUntilReady(): Promise<Ready> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), READY_WITHIN)
    const said = once(child, 'message', { signal: late.signal }).then(
      ([message]) => message as Ready,
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

/** A process that ends so often within this time, in milliseconds, will not get better by itself. */
const MOST_ENDS = 3
const ENDS_WITHIN = 60_000
const START_ANEW_AFTER = 1_000

/**
 * Keeps a process there: one that ends though nobody stopped it is started anew, as a service manager would, and what it held is
 * taken back by its lease. Lost only where it ends again and again.
 */
export function keepProcess(name: keyof typeof ENTRIES, options: Start & { say(line: string): void }): OwnProcess {
  let ends: number[] = []
  let stopping: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let { environment } = options
  let current = start()

  function start(): OwnProcess {
    const started = startProcess(name, { ...options, environment, lost: startAnew })
    // One that took any free port comes back on the same: people have its address.
    const keepPort = ({ port }: Ready) => {
      if (port !== undefined) environment = { ...environment, PORT: String(port) }
    }
    started.ready.then(keepPort, () => undefined)
    return started
  }

  function startAnew(line: string): void {
    if (stopping) return
    const now = performance.now()
    ends = [...ends.filter((at) => now - at < ENDS_WITHIN), now]
    if (ends.length >= MOST_ENDS) return options.lost(`${line} It has ended ${ends.length} times within a minute.`)
    options.say(`${line} It is started anew.`)
    timer = setTimeout(() => {
      current = start()
      current.ready.catch((error: Error) => startAnew(error.message))
    }, START_ANEW_AFTER)
  }

  async function end(): Promise<void> {
    clearTimeout(timer)
    await current.stop()
  }
  return { ready: current.ready, stop: () => (stopping ??= end()) }
}
