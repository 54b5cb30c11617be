import type { EntityManager } from '@mikro-orm/postgresql'
import type { Log } from '../log.ts'

/** Reads of one GraphQL operation in one transaction, one after another; opened by the first of them. */
export interface Reading {
  /** Rejects after end(). */
  read<T>(work: (em: EntityManager) => Promise<T>): Promise<T>
  /** Waits for what was asked, then gives the connection back. Never rejects; safe to call again. */
  end(): Promise<void>
}

/** `open` begins the transaction; `guarded` turns the driver's errors into ours. */
export function createReading(
  open: () => Promise<EntityManager>,
  guarded: <T>(work: () => Promise<T>) => Promise<T>,
  log: Log,
): Reading {
  let opening: Promise<EntityManager> | undefined
  // One connection answers one question at a time: parallel resolvers queue here rather than in the driver.
  let last: Promise<unknown> = Promise.resolve()
  let ended: Promise<void> | undefined

  async function finish(): Promise<void> {
    await last
    try {
      // Reads only, so there is nothing to commit; and a rollback gives the connection back also where it is gone.
      await (await opening)?.rollback()
    } catch (error) {
      log.debug({ err: error }, 'a reading ended with its connection')
    }
  }

  return {
    read(work) {
      if (ended) return Promise.reject(new Error('This reading has ended.'))
      const turn = last.then(() => guarded(async () => work(await (opening ??= open()))))
      last = turn.catch(() => undefined)
      return turn
    },
    end() {
      ended ??= finish()
      return ended
    },
  }
}
