import type { Connection } from '../api/connection.ts'
import type { Failure } from '../api/failure.ts'
import { createStore, type Store } from '../api/store.ts'
import { createTurns } from '../api/turns.ts'
import {
  OneReportDocument,
  OneReportMovesDocument,
  PlaceInLineDocument,
  type ProgressFactsFragment,
  type ReportEventKind,
  type WholeReportFragment,
} from '../generated/graphql.ts'
import { isOver } from '../parts/status.tsx'

export interface OneReport {
  /** Undefined until it is read; null: there is none, or it is not the viewer's to see. */
  readonly report: WholeReportFragment | null | undefined
  /** Newer than the report's own where it moves. */
  readonly progress: ProgressFactsFragment | null
  readonly failure: Failure | null
  /** How often it was read whole. */
  readonly readings: number
}

export interface LiveReport {
  readonly one: Pick<Store<OneReport>, 'get' | 'listen'>
  /** What the list of reports hears, which is open beside it: of deliveries, of expiry, of others' retries nothing else tells. */
  hear(kind: ReportEventKind, reportId: string | null): void
  /** Somebody has done something to it here. */
  look(): void
  close(): void
}

/** Milliseconds between two looks at the place in the line. */
const BETWEEN_PLACES = 1_000

/** One report as it is now: followed while it is under way, and read whole again when more than its progress has changed. */
export function createLiveReport(connection: Connection, id: string): LiveReport {
  const one = createStore<OneReport>({ report: undefined, progress: null, failure: null, readings: 0 })
  let leave: (() => void) | undefined
  let closed = false

  function set(change: Partial<OneReport>): void {
    if (!closed) one.set({ ...one.get(), ...change })
  }
  const fail = (failure: Failure) => set({ failure })

  const turns = createTurns(async () => {
    const { report } = await connection.ask(OneReportDocument, { id })
    if (closed) return
    const { progress, readings } = one.get()
    const newer = report && (!progress || report.progress.sequence >= progress.sequence) ? report.progress : progress
    set({ report, progress: newer, failure: null, readings: readings + 1 })
    if (report && !isOver(report.status)) follow()
  }, fail)

  /** Others that start or come make it move up or wait longer; nothing tells of that by itself. */
  const place = createTurns(
    async () => {
      const found = await connection.ask(PlaceInLineDocument, { id })
      const { report } = one.get()
      if (report && found.report?.status === 'QUEUED' && report.status === 'QUEUED')
        set({ report: { ...report, queuePosition: found.report.queuePosition }, failure: null })
      else set({ failure: null })
    },
    fail,
    BETWEEN_PLACES,
  )

  /** Until it has ended; what was told is kept where the report is read again. */
  function follow(): void {
    leave ??= connection.follow(
      OneReportMovesDocument,
      { id },
      ({ reportProgress }) => heard(reportProgress),
      (failure) => {
        leave = undefined
        // Deleted between the reading and this: another reading says so.
        if (failure.code === 'NOT_FOUND') turns.ask()
        else fail(failure)
      },
    )
  }

  function heard(progress: ProgressFactsFragment): void {
    const { report, progress: known } = one.get()
    if (!known || progress.sequence > known.sequence) set({ progress })
    if (isOver(progress.status)) unfollow()
    if (report && report.status !== progress.status && report.progress.sequence < progress.sequence) turns.ask()
  }

  function unfollow(): void {
    leave?.()
    leave = undefined
  }

  turns.ask('at once')

  return {
    one,
    hear(kind, reportId) {
      if (kind === 'READY' || kind === 'RESYNC') turns.ask()
      else if (reportId === id && kind !== 'PROGRESSED') turns.ask()
      else if (one.get().report?.status === 'QUEUED' && kind !== 'PROGRESSED') place.ask()
    },
    look: () => turns.ask('at once'),
    close() {
      closed = true
      turns.close()
      place.close()
      unfollow()
    },
  }
}
