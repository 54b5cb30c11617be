import type { Database } from '../src/db/orm.ts'
import { Unavailable } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import type { ProgressEvent } from '../src/progress/event.ts'
import { expireDocuments, failRemovedTypes, keysInUse, takeBackLost } from '../src/claim/upkeep.ts'
import type { Store } from '../src/stores/store.ts'
import { purgeOldRows } from '../src/system/purge.ts'
import { countAttempts, countDeliveries, countFailures, countSlots } from '../src/system/tally.ts'
import { isUploadKey } from '../src/upload/upload-key.ts'
import { expireUploads, uploadKeysInUse } from '../src/upload/upkeep.ts'
import { readDocumentKey } from './document-key.ts'

/** Milliseconds between two steps, give or take a quarter; several of the slower ones are counted in steps. */
const SWEEP_EVERY = 2_000
const REMOVED_TYPES_EVERY = 15
const LEFTOVERS_EVERY = 300
const PURGE_EVERY = 30
/** Bytes that no report names are left alone for so long: their attempt may just be about to name them. */
const LEFTOVER_AFTER = 3_600_000
/** Keys asked about in one statement, and looked at in one sweep. */
const KEYS_AT_ONCE = 200
const MOST_KEYS = 100_000
/** Keys that can not be removed before a sweep takes the store for broken and gives up. */
const MOST_FAILURES = 100

interface Dependencies {
  database: Database
  store: Store
  /** How long rows of what has ended are kept, in milliseconds. */
  rowRetention: number
  onEvent(event: ProgressEvent): void
  log: Log
}

/** Periodic repair, by any number of workers at once: each step locks what it takes, and skips what others have. */
export function createSweeper(deps: Dependencies & { every?: number }): { close(): Promise<void> } {
  const { database, store, log } = deps
  const every = deps.every ?? SWEEP_EVERY
  let closed = false
  let outage = false
  let steps = 0
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> = Promise.resolve()

  async function sweep(): Promise<void> {
    for (const event of await takeBackLost(database)) {
      log.warn(
        { reportId: event.reportId, attempt: event.attempt, status: event.status },
        'a lost report was taken back',
      )
      deps.onEvent(event)
    }
    for (const { event, key } of await expireDocuments(database)) {
      deps.onEvent(event)
      // What stays is no document any more: the sweep of leftovers comes by again.
      await store
        .remove(key)
        .catch((error: unknown) =>
          log.warn({ err: error, reportId: event.reportId }, 'bytes of an expired document are left to the sweep'),
        )
    }
    for (const { id, key } of await expireUploads(database)) {
      if (key === null) continue
      await store
        .remove(key)
        .catch((error: unknown) => log.warn({ err: error, uploadId: id }, 'bytes of an upload are left to the sweep'))
    }
    await countAttempts(database)
    await countSlots(database)
    await countDeliveries(database)
    if (steps % REMOVED_TYPES_EVERY === 0) {
      const removed = await failRemovedTypes(database)
      for (const event of removed) deps.onEvent(event)
      if (removed.length > 0) await countFailures(database, 'TYPE_REMOVED', removed.length)
    }
    if (steps % PURGE_EVERY === 0) {
      const purged = await purgeOldRows(database, deps.rowRetention, () => closed)
      if (purged > 0) log.info({ purged }, 'old rows were purged')
    }
    if (steps % LEFTOVERS_EVERY === 0)
      await removeLeftovers({ ...deps, before: new Date(Date.now() - LEFTOVER_AFTER), closing: () => closed })
  }

  async function step(): Promise<void> {
    try {
      await sweep()
      outage = false
    } catch (error) {
      if (!outage || !(error instanceof Unavailable)) log.warn({ err: error }, 'a sweep was not finished')
      outage = true
    } finally {
      // Also after a fault: one that stays would have the slow steps done with every step.
      steps += 1
    }
  }

  function next(): void {
    if (closed) return
    timer = setTimeout(() => (sweeping = step().then(next)), every * (0.75 + Math.random() / 2))
  }
  next()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await sweeping
    },
  }
}

/** Removes what attempts and uploads have written that ended without a word, and bytes whose removal was cut off. */
export async function removeLeftovers(
  deps: Pick<Dependencies, 'database' | 'store' | 'log'> & { before: Date; closing?(): boolean },
): Promise<number> {
  const { database, store, log } = deps
  let batch: NonNullable<ReturnType<typeof readDocumentKey>>[] = []
  let seen = 0
  let removed = 0
  let failed = 0
  const remove = async (key: string) => {
    try {
      await store.remove(key)
      removed += 1
    } catch (error) {
      failed += 1
      if (failed === 1) log.warn({ err: error, key }, 'bytes that no report names can not be removed')
      if (failed >= MOST_FAILURES) throw error
    }
  }
  let uploads: string[] = []
  const flush = async () => {
    const used = await keysInUse(database, batch)
    for (const { key } of batch) if (!used.has(key)) await remove(key)
    batch = []
  }
  const flushUploads = async () => {
    const used = await uploadKeysInUse(database, uploads)
    for (const key of uploads) if (!used.has(key)) await remove(key)
    uploads = []
  }
  for await (const key of store.olderThan('', deps.before)) {
    const parts = readDocumentKey(key)
    if (parts) batch.push(parts)
    else if (isUploadKey(key)) uploads.push(key)
    if (batch.length >= KEYS_AT_ONCE) await flush()
    if (uploads.length >= KEYS_AT_ONCE) await flushUploads()
    if (++seen >= MOST_KEYS || deps.closing?.()) break
  }
  if (batch.length > 0) await flush()
  if (uploads.length > 0) await flushUploads()
  if (removed > 0) log.info({ removed }, 'bytes that no report names were removed')
  return removed
}
