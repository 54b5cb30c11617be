import { requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Log } from '../log.ts'
import { createHand, type Mailbox } from '../progress/mailbox.ts'
import { createStream } from '../progress/stream.ts'
import type { Snapshot, System, SystemView } from './system.ts'

/**
 * From one reading to the next, in milliseconds; one that takes long makes them rarer, so that they take a tenth of the time, but
 * never rarer than that. (With 100,000 reports in a day one takes 15 ms; with as many in an hour, or waiting, some 200 ms.)
 */
const READ_EVERY = 1_010
const SHARE = 10
const RAREST = 4_000
/** Between two events of one watcher, in milliseconds: changes wait so long, and what has not changed is told before so long is over. */
const AT_MOST_EVERY = 1_000
const AT_LEAST_EVERY = 5_000

interface Watcher {
  /** It waits for its first state: one that is read after it came. */
  first: { resolve(): void; reject(error: unknown): void } | null
  mark: string
  toldAt: number
  readonly box: Mailbox<SystemView> & { offer(view: SystemView): void }
}

/**
 * How the service is doing, for pages that show it live: one reading of the process for all that watch, none while nobody does.
 * Each hears the state as it is when it comes, then what has changed.
 */
export function createSystemWatch({ system, log }: { system: Pick<System, 'snapshot'>; log: Log }) {
  const watchers = new Set<Watcher>()
  let timer: NodeJS.Timeout | undefined
  let soon: NodeJS.Immediate | undefined
  let running = false
  let outage = false
  let closed = false

  /** Reads until nobody waits for a first state, and again after a while as long as somebody watches. */
  async function run(): Promise<void> {
    clearTimeout(timer)
    clearImmediate(soon)
    soon = undefined
    running = true
    let pause = READ_EVERY
    while (watchers.size > 0 && !closed) {
      pause = await look([...watchers])
      // Who came while that was read waits for the next: what is told first is never older than who hears it.
      if (![...watchers].some(({ first }) => first)) break
    }
    running = false
    if (watchers.size > 0 && !closed) timer = setTimeout(() => void run(), pause)
  }

  /** Resolves to the pause that is due after it, in milliseconds. */
  async function look(present: readonly Watcher[]): Promise<number> {
    const began = performance.now()
    try {
      const snapshot = await system.snapshot()
      if (outage) log.info('the system can be read again')
      outage = false
      const took = performance.now() - began
      const view = viewOf(snapshot)
      const mark = markOf(snapshot)
      const pause = Math.min(Math.max(READ_EVERY, took * SHARE), RAREST)
      for (const watcher of present) tell(watcher, view, mark, pause + took)
      return pause
    } catch (error) {
      if (!outage) log.warn({ err: error }, 'the system can not be read for those who watch it; trying again')
      outage = true
      for (const watcher of present) settle(watcher, error)
      return READ_EVERY
    }
  }

  /** `next`: milliseconds until this can be said again. */
  function tell(watcher: Watcher, view: SystemView, mark: string, next: number): void {
    const waited = performance.now() - watcher.toldAt
    const due =
      watcher.first !== null || (waited >= AT_MOST_EVERY && (mark !== watcher.mark || waited + next >= AT_LEAST_EVERY))
    settle(watcher)
    if (!due) return
    watcher.mark = mark
    watcher.toldAt = performance.now()
    watcher.box.offer(view)
  }

  return {
    /** The state now, then again when something has changed. Throws Forbidden at once. Ends when the reader leaves. */
    watch(viewer: Viewer): AsyncIterableIterator<SystemView> {
      requireScope(viewer, 'system:read')
      const watcher: Watcher = { first: null, mark: '', toldAt: -Infinity, box: createLatest() }
      return createStream({
        box: watcher.box,
        start: () =>
          new Promise<void>((resolve, reject) => {
            if (closed) {
              watcher.box.close('at once')
              return resolve()
            }
            watcher.first = { resolve, reject }
            watchers.add(watcher)
            if (!running) soon ??= setImmediate(() => void run())
          }),
        end() {
          watchers.delete(watcher)
          settle(watcher)
          if (watchers.size === 0) clearTimeout(timer)
        },
      })
    },
    /** Streams that are under way. */
    get watching() {
      return watchers.size
    },
    /** Completes all streams. */
    close(): void {
      closed = true
      clearTimeout(timer)
      for (const { box } of watchers) box.close('at once')
    },
  }
}

export type SystemWatch = ReturnType<typeof createSystemWatch>

/** It waits for its first state no longer. */
function settle(watcher: Watcher, error?: unknown): void {
  if (error === undefined) watcher.first?.resolve()
  else watcher.first?.reject(error)
  watcher.first = null
}

/** Room for one: the latest. */
function createLatest(): Watcher['box'] {
  let latest: SystemView | undefined
  let closed = false
  const hand = createHand(() => {
    const next = latest
    latest = undefined
    return next
  })
  return {
    offer(view) {
      if (closed) return
      latest = view
      hand.look()
    },
    take: hand.take,
    close(how) {
      closed = true
      if (how === 'at once') latest = undefined
      hand.close()
    },
    get closed() {
      return closed
    },
  }
}

/** One object for each reading: those who ask it the same words with the same rights share the answer. */
function viewOf({ version, workers, queues, stuck, lastHour }: Snapshot): SystemView {
  return {
    version,
    workers: () => Promise.resolve(workers),
    queues: () => Promise.resolve(queues),
    stuck: () => Promise.resolve(stuck.held + stuck.waiting),
    lastHour: () => Promise.resolve(lastHour),
  }
}

/** The same while nothing has changed but the time. */
function markOf({ workers, queues, ...rest }: Snapshot): string {
  return JSON.stringify([
    workers.map(({ lastSeenAt: _lastSeenAt, ...worker }) => worker),
    queues.map(({ oldestWaitingSeconds: _oldest, ...queue }) => queue),
    rest,
  ])
}
