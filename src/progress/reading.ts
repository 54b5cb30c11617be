import type { Log } from '../log.ts'
import type { ProgressEvent } from './event.ts'

/** Ids in one statement at most. */
const CHUNK = 5_000

interface Asker {
  resolve(row: ProgressEvent | undefined): void
  reject(error: unknown): void
}

export interface Reading {
  /** The row as it is after this call, undefined where there is none. Rejects with what the reading rejected with. */
  row(reportId: string): Promise<ProgressEvent | undefined>
  /** Reads these soon, for `onRow` and `onMissing`; a failure is logged, once for each outage. */
  again(reportIds: Iterable<string>): void
  close(): void
}

/**
 * Reads rows, one statement at a time: whoever asks meanwhile shares the next one. So a row that was seen and is then
 * missing is gone: no older reading can say so.
 */
export function createReading(deps: {
  log: Log
  readProgress(ids: readonly string[]): Promise<ProgressEvent[]>
  onRow(row: ProgressEvent): void
  onMissing(reportId: string): void
}): Reading {
  const due = new Map<string, Asker[]>()
  let running = false
  let closed = false
  let outage = false

  function add(reportId: string, asker?: Asker): void {
    const askers = due.get(reportId) ?? []
    if (asker) askers.push(asker)
    due.set(reportId, askers)
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
      const rows = new Map((await deps.readProgress([...batch.keys()])).map((row) => [row.reportId, row]))
      if (closed) return
      if (outage) deps.log.info('progress can be read again')
      outage = false
      for (const [id, askers] of batch) {
        const row = rows.get(id)
        for (const asker of askers) asker.resolve(row)
        if (row) deps.onRow(row)
        else deps.onMissing(id)
      }
    } catch (error) {
      if (!outage) deps.log.error({ err: error }, 'progress cannot be read; trying again')
      outage = true
      for (const asker of [...batch.values()].flat()) asker.reject(error)
    }
  }

  return {
    row(reportId) {
      if (closed) return Promise.resolve(undefined)
      return new Promise((resolve, reject) => add(reportId, { resolve, reject }))
    },
    again(reportIds) {
      if (closed) return
      for (const id of reportIds) add(id)
    },
    close() {
      closed = true
      for (const asker of [...due.values()].flat()) asker.resolve(undefined)
      due.clear()
    },
  }
}
