import type { Log } from '../log.ts'

/** First and longest wait between two tries to connect, in milliseconds. */
const FIRST_WAIT = 100
const LONGEST_WAIT = 2_000
/** How often an open line is asked whether it still answers, in milliseconds: one whose peer has vanished says nothing. */
const CHECK_EVERY = 5_000

/** One connection's life. `opened` settles once; `end` gives everything back at once and may be called twice. */
export interface Line {
  readonly opened: Promise<unknown>
  end(): void
}

export interface Redialer<L extends Line> {
  /** The open line, or undefined while there is none. */
  readonly current: L | undefined
  /** Says that this line is of no use any more; another is opened after a wait. Old news of an old line is ignored. */
  lost(line: L, error: unknown): void
  close(): void
}

/**
 * Keeps one line open, for ever and with waits of at most 2 s: there is never more than one, open or opening. An outage
 * is logged once, and so is its end.
 */
export function createRedialer<L extends Line>(deps: {
  log: Log
  open(onLost: (line: L, error: unknown) => void): L
  /** Rejects, within its own time, where the line does not answer any more. */
  check(line: L): Promise<unknown>
  onOpen(line: L): void
}): Redialer<L> {
  let held: L | undefined
  /** When the held line opened; undefined while it has not. */
  let openedAt: number | undefined
  let closed = false
  let outage = false
  let wait = FIRST_WAIT
  let timer: NodeJS.Timeout | undefined

  function dial(): void {
    const line = deps.open(lost)
    held = line
    line.opened.then(
      () => {
        if (held !== line) return
        openedAt = performance.now()
        if (outage) deps.log.info('the queue is back')
        outage = false
        deps.onOpen(line)
      },
      (error: unknown) => lost(line, error),
    )
  }

  function lost(line: L, error: unknown): void {
    if (held !== line) return
    // A line that is lost as soon as it opens (a server that refuses to write) is no reason to hurry.
    if (openedAt !== undefined && performance.now() - openedAt > LONGEST_WAIT) wait = FIRST_WAIT
    held = openedAt = undefined
    line.end()
    if (closed) return
    if (!outage) deps.log.warn({ err: error }, 'the queue is away: workers look by themselves until it is back')
    outage = true
    timer = setTimeout(dial, wait)
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }

  const checking = setInterval(() => {
    const line = held
    if (line && openedAt !== undefined) deps.check(line).catch((error: unknown) => lost(line, error))
  }, CHECK_EVERY)
  checking.unref()

  dial()
  return {
    get current() {
      return openedAt === undefined ? undefined : held
    },
    lost,
    close() {
      closed = true
      clearTimeout(timer)
      clearInterval(checking)
      const line = held
      held = undefined
      line?.end()
    },
  }
}
