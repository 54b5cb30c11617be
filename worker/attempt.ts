import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Log } from '../src/log.ts'
import type { Answer, Counters, FromChild, Order, Setup, ToChild } from './attempt-messages.ts'
import { watchMemory } from './memory.ts'

const ENTRY = fileURLToPath(new URL('./attempt-entry.ts', import.meta.url))
/** Heap of one child, in MiB: an author's report that holds too much ends alone, as WORKER_LOST. */
const MEMORY = 512
/**
 * And for each half of what is young, in MiB: rows die young and few at a time, so that half of V8's own measure costs no time
 * (measured: the same processor time) and 50 MiB less resident memory in each child.
 */
const YOUNG_MEMORY = 8
/** All that one child may hold, its buffers and code included, in MiB. */
const ALL_MEMORY = 1_024
/** What an attempt in SQL wears a child, of what one of an author's code does: none of theirs stays behind. */
const SQL_WEAR = 1 / 20
/** How long a child may take to call an attempt off by itself, in milliseconds. */
const GRACE = 2_000
/** How long it may take to read a definition, and to move a document into place. */
const BEGIN_WITHIN = 30_000
const PROMOTE_WITHIN = 60_000
/** setTimeout takes no more. */
const LONGEST_TIMER = 2 ** 31 - 1

/** How a step of an attempt ended: as the child says, or with its death. */
export type Outcome = Answer | { kind: 'died'; how: string }

/** One attempt in a child. Every step is bounded; nothing rejects. */
export interface ChildAttempt {
  /** The attempt's end: finished, failed, aborted or died. `timedOut` tells why it was aborted. */
  readonly outcome: Promise<Outcome>
  readonly timedOut: boolean
  /** After `finished`: makes the document readable. */
  promote(): Promise<Outcome>
  /** Calls it off while it runs; SIGKILL where the child does not answer in time. `outcome` tells when nothing runs any more. */
  abort(): void
  /** The same after `finished`: resolves when nothing is left of it (aborted), or with the child's death. */
  abandon(): Promise<Outcome>
}

export interface Child {
  readonly process: ChildProcess
  /** Attempts of authors' code that it was used for; those in SQL count a part. */
  readonly used: number
  /** False: something was called off here, and what an author's code left running may still run. */
  readonly clean: boolean
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>
  start(order: Order, onProgress: (counters: Counters) => void): ChildAttempt
  kill(): void
}

/** Forks a child and waits until it has everything imported. Rejects where it dies before. It gets no environment. */
export async function openChild(setup: Setup, log: Log): Promise<Child> {
  const child = fork(ENTRY, [], {
    serialization: 'advanced',
    env: {},
    execArgv: [`--max-old-space-size=${MEMORY}`, `--max-semi-space-size=${YOUNG_MEMORY}`],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const gone = Promise.withResolvers<void>()
  let how = ''
  let used = 0
  let clean = true
  let onMessage: (message: FromChild) => void = () => undefined
  let onGone: () => void = () => undefined
  const end = (text: string) => {
    if (how !== '') return
    how = text
    child.kill('SIGKILL')
    onGone()
    if (child.pid === undefined) gone.resolve()
  }
  child.on('error', (error) => end(error.message))
  const unwatch =
    child.pid === undefined
      ? () => undefined
      : watchMemory(child.pid, ALL_MEMORY, () => end(`more than ${ALL_MEMORY} MiB of memory`))
  child.on('exit', (code, signal) => {
    unwatch()
    end(signal ?? `exit code ${code}`)
    gone.resolve()
  })
  child.on('message', (message) => onMessage(message as FromChild))
  const say = (message: ToChild) => {
    // A child that is just going hears nothing; its exit is heard.
    if (child.connected) child.send(message, (error) => error && log.debug({ err: error }, 'a child did not hear'))
  }

  function start(order: Order, onProgress: (counters: Counters) => void): ChildAttempt {
    used += order.kind === 'sql' ? SQL_WEAR : 1
    let timedOut = false
    let timer: NodeJS.Timeout | undefined
    const answers: Outcome[] = []
    let waiting: ((outcome: Outcome) => void) | undefined
    const give = (outcome: Outcome) => {
      clearTimeout(timer)
      if (waiting) waiting(outcome)
      else answers.push(outcome)
      waiting = undefined
    }
    const next = (): Promise<Outcome> => {
      const ready = answers.shift()
      if (ready) return Promise.resolve(ready)
      if (how !== '') return Promise.resolve({ kind: 'died', how })
      return new Promise((resolve) => (waiting = resolve))
    }
    const within = (milliseconds: number, late: () => void) => {
      clearTimeout(timer)
      timer = setTimeout(late, Math.min(milliseconds, LONGEST_TIMER))
    }
    const callOff = () => {
      clean = false
      say({ kind: 'abort' })
      within(GRACE, () => end('SIGKILL'))
    }
    const onTimeout = () => {
      timedOut = true
      callOff()
    }
    onGone = () => give({ kind: 'died', how })
    onMessage = (message) => {
      if (message.kind === 'progress') onProgress(message.counters)
      else if (message.kind === 'began') within(message.timeoutMs, onTimeout)
      else if (message.kind !== 'ready') give(message)
    }
    const outcome = next()
    within(BEGIN_WITHIN, onTimeout)
    say({ kind: 'start', order })
    return {
      outcome,
      get timedOut() {
        return timedOut
      },
      promote() {
        within(PROMOTE_WITHIN, () => end('SIGKILL'))
        say({ kind: 'promote' })
        return next()
      },
      abort: callOff,
      async abandon() {
        for (;;) {
          callOff()
          const last = await next()
          if (last.kind === 'aborted' || last.kind === 'died') return last
        }
      },
    }
  }

  const ready = new Promise<void>((resolve, reject) => {
    onMessage = (message) => message.kind === 'ready' && resolve()
    onGone = () => reject(new Error(`A child process for attempts could not start (${how}).`))
  })
  say({ kind: 'prepare', setup })
  const late = setTimeout(() => end('not ready in time'), BEGIN_WITHIN)
  await ready.finally(() => clearTimeout(late))
  return {
    process: child,
    gone: gone.promise,
    start,
    kill: () => end('SIGKILL'),
    get used() {
      return used
    },
    get clean() {
      return clean
    },
  }
}
