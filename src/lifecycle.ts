import type { Log } from './log.ts'

/** How long closing may take before the process ends all the same, in milliseconds. */
const LONGEST_CLOSE = 10_000
/** npm passes on what the terminal has sent to the whole group already: a signal so soon after another is the same one, in milliseconds. */
export const SAME_SIGNAL = 500

export interface Lifecycle {
  /** Registers what must be closed; the last registered is closed first. */
  onClose(name: string, close: () => unknown): void
  /** Closes everything once, in reverse order; a closer that throws is logged and does not stop the others. */
  close(): Promise<void>
  /** True from the moment a signal came or close() was called. */
  readonly closing: boolean
}

/**
 * Reverse-order closers for a process or a test. `handleSignals` makes SIGTERM and SIGINT close gracefully and exit 0;
 * a second signal exits at once with 1, and so does closing that takes longer than `longestClose` milliseconds.
 */
export function createLifecycle(log: Log): Lifecycle & { handleSignals(longestClose?: number): void } {
  const closers: { name: string; close: () => unknown }[] = []
  let closed: Promise<void> | undefined

  async function closeAll(): Promise<void> {
    for (const { name, close } of closers.toReversed()) {
      try {
        await close()
      } catch (error) {
        log.warn({ err: error, closer: name }, 'a part did not close cleanly')
      }
    }
  }

  const lifecycle = {
    onClose(name: string, close: () => unknown) {
      closers.push({ name, close })
    },
    close() {
      closed ??= closeAll()
      return closed
    },
    get closing() {
      return closed !== undefined
    },
    handleSignals(longestClose = LONGEST_CLOSE) {
      let toldAt = -Infinity
      const onSignal = (signal: NodeJS.Signals) => {
        const now = performance.now()
        if (closed && now - toldAt < SAME_SIGNAL) return
        toldAt = now
        if (closed) {
          log.warn({ signal }, 'second signal: leaving at once')
          process.exit(1)
        }
        log.info({ signal }, 'closing')
        setTimeout(() => {
          log.error('closing took too long: leaving')
          process.exit(1)
        }, longestClose).unref()
        void lifecycle.close().then(() => process.exit(0))
      }
      process.on('SIGTERM', onSignal)
      process.on('SIGINT', onSignal)
    },
  }
  return lifecycle
}
