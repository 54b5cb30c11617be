import type { Log } from '../log.ts'
import type { ProgressEvent } from './event.ts'

/** Ids in one statement at most. */
const CHUNK = 5_000
/** Below every sequence: whoever asks for a row gets it, whatever it says. */
const UNKNOWN = -1

/**
 * News of these reports beyond the sequence that is known of each, in one statement: rows that say more, and the ids that have
 * no row. What is neither stands where it was known to stand.
 */
export type ReadProgress = (known: ReadonlyMap<string, number>) => Promise<{ rows: ProgressEvent[]; gone: string[] }>

interface Asker {
  resolve(row: ProgressEvent | undefined): void
  reject(error: unknown): void
}

export interface Reading {
  /** The row as it is after this call, undefined where there is none. Rejects with what the reading rejected with. */
  row(reportId: string): Promise<ProgressEvent | undefined>
  /** Reads what is new of these soon, for `onRow` and `onMissing`; a failure is logged, once for each outage. */
  again(known: Iterable<readonly [reportId: string, sequence: number]>): void
  close(): void
}

/**
 * Reads rows, one statement at a time: whoever asks meanwhile shares the next one. So a row that was seen and is then
 * missing is gone: no older reading can say so.
 */
export function createReading(deps: {
  log: Log
  readProgress: ReadProgress
  onRow(row: ProgressEvent): void
  onMissing(reportId: string): void
}): Reading {
  const due = new Map<string, { known: number; askers: Asker[] }>()
  let running = false
  let closed = false
  let outage = false

  function add(reportId: string, known: number, asker?: Asker): void {
    const entry = due.get(reportId) ?? { known, askers: [] }
    entry.known = Math.min(entry.known, known)
    if (asker) entry.askers.push(asker)
    due.set(reportId, entry)
    if (running) return
    running = true
    // Not at once, so that all who ask in this turn of the event loop share the statement.
    setImmediate(run)
  }

  async function run(): Promise<void> {
    while (due.size > 0 && !closed) await readSome()
    running = false
  }

  async function readSome(): Promise<void> {
    const batch = new Map(due.entries().take(CHUNK))
    for (const id of batch.keys()) due.delete(id)
    try {
      const { rows, gone } = await deps.readProgress(new Map([...batch].map(([id, { known }]) => [id, known])))
      if (closed) return
      if (outage) deps.log.info('progress can be read again')
      outage = false
      for (const row of rows) {
        for (const asker of batch.get(row.reportId)?.askers ?? []) asker.resolve(row)
        deps.onRow(row)
      }
      for (const id of gone) {
        for (const asker of batch.get(id)?.askers ?? []) asker.resolve(undefined)
        deps.onMissing(id)
      }
    } catch (error) {
      if (!outage) deps.log.error({ err: error }, 'progress cannot be read; trying again')
      outage = true
      for (const { askers } of batch.values()) for (const asker of askers) asker.reject(error)
    }
  }

  return {
    row(reportId) {
      if (closed) return Promise.resolve(undefined)
      return new Promise((resolve, reject) => add(reportId, UNKNOWN, { resolve, reject }))
    },
    again(known) {
      if (closed) return
      for (const [id, sequence] of known) add(id, sequence)
    },
    close() {
      closed = true
      for (const { askers } of due.values()) for (const asker of askers) asker.resolve(undefined)
      due.clear()
    },
  }
}
