import type { Connection } from '../api/connection.ts'
import type { Failure } from '../api/failure.ts'
import { createStore, type Store } from '../api/store.ts'
import { createTurns } from '../api/turns.ts'
import {
  ReportMovesDocument,
  ScheduleEventsDocument,
  ScheduleListDocument,
  type ScheduleListQuery,
  type ReportMovesSubscription,
  type ScheduleEventsSubscription,
  type ScheduleRowFragment,
} from '../generated/graphql.ts'

export interface ListedSchedules {
  /** Newest first, as far as they were read. */
  readonly rows: readonly ScheduleRowFragment[]
  readonly more: boolean
  readonly reading: boolean
  readonly failure: Failure | null
}

export interface LiveSchedules {
  readonly listed: Pick<Store<ListedSchedules>, 'get' | 'listen'>
  readMore(): void
  close(): void
}

type Moved = NonNullable<ReportMovesSubscription['reportEvents']['progress']>
const PAGE = 50
/** Reports whose last move is remembered, for schedules that are read a moment later. */
const MOST_REMEMBERED = 1_000

/**
 * Schedules as they are now: events are listened to first, and what READY and RESYNC call for is read then. `reports`: whether
 * the viewer may see how the report of a slot stands.
 */
export function createLiveSchedules(connection: Connection, reports: boolean): LiveSchedules {
  const listed = createStore<ListedSchedules>({ rows: [], more: false, reading: true, failure: null })
  const moves = new Map<string, Moved>()
  let wanted = PAGE
  let asking = false
  let closed = false

  const set = (change: Partial<ListedSchedules>) => closed || listed.set({ ...listed.get(), ...change })
  const fail = (failure: Failure) => set({ reading: false, failure })

  const reading = createTurns(async () => {
    asking = true
    try {
      await readAll()
    } finally {
      asking = false
    }
  }, fail)

  async function readAll(): Promise<void> {
    const rows: ScheduleRowFragment[] = []
    let after: string | null = null
    let more = true
    while (more && rows.length < wanted) {
      const { schedules }: ScheduleListQuery = await connection.ask(ScheduleListDocument, {
        first: PAGE,
        after,
        reports,
      })
      rows.push(...schedules.nodes)
      after = schedules.pageInfo.endCursor
      more = schedules.pageInfo.hasNextPage
    }
    set({ rows: rows.map(withMoves), more, reading: false, failure: null })
  }

  /** How its reports stand by now: an event may have overtaken the answer. */
  function withMoves(row: ScheduleRowFragment): ScheduleRowFragment {
    let changed = false
    const nodes = row.slots.nodes.map((slot) => {
      const moved = slot.report && moves.get(slot.report.id)
      if (!slot.report || !moved || moved.sequence <= slot.report.progress.sequence) return slot
      changed = true
      const progress = { ...slot.report.progress, sequence: moved.sequence }
      return { ...slot, report: { ...slot.report, status: moved.status, progress } }
    })
    return changed ? { ...row, slots: { ...row.slots, nodes } } : row
  }

  function heard({ scheduleEvents: { kind, scheduleId, schedule } }: ScheduleEventsSubscription): void {
    if (kind === 'READY' || kind === 'RESYNC') return reading.ask()
    // The answer that is on its way may be older than this.
    if (asking) reading.ask()
    const { rows } = listed.get()
    if (!schedule) return void set({ rows: rows.filter(({ id }) => id !== scheduleId) })
    const row = withMoves(schedule)
    if (rows.some(({ id }) => id === row.id)) set({ rows: rows.map((one) => (one.id === row.id ? row : one)) })
    // Of another one the list itself tells where it stands.
    else if (kind === 'CREATED') set({ rows: [row, ...rows] })
  }

  function reportMoved({ reportEvents: { kind, reportId, progress } }: ReportMovesSubscription): void {
    if (kind === 'READY' || kind === 'RESYNC') return reading.ask()
    if (!reportId || !progress) return
    const known = moves.get(reportId)
    if (known && known.sequence >= progress.sequence) return
    moves.delete(reportId)
    moves.set(reportId, progress)
    const [oldest] = moves.keys()
    if (moves.size > MOST_REMEMBERED && oldest !== undefined) moves.delete(oldest)
    // Only the status shows in a dot.
    if (known?.status === progress.status) return
    const { rows } = listed.get()
    const next = rows.map(withMoves)
    if (next.some((row, at) => row !== rows[at])) set({ rows: next })
  }

  const leave = [
    connection.follow(ScheduleEventsDocument, { reports }, heard, fail),
    ...(reports ? [connection.follow(ReportMovesDocument, {}, reportMoved, fail)] : []),
  ]
  // For the eye, and for who gets no socket: what falls between this and READY comes with the reading that READY calls for.
  reading.ask('at once')

  return {
    listed,
    readMore() {
      wanted = listed.get().rows.length + PAGE
      reading.ask()
    },
    close() {
      closed = true
      reading.close()
      for (const one of leave) one()
    },
  }
}
