import type { Connection } from '../api/connection.ts'
import type { Failure } from '../api/failure.ts'
import { createStore, type Store } from '../api/store.ts'
import { createTurns } from '../api/turns.ts'
import {
  MoreSlotsDocument,
  OneScheduleDocument,
  ReportMovesDocument,
  ScheduleMovesDocument,
  type SchedulePlanFragment,
  type SlotFactsFragment,
} from '../generated/graphql.ts'

export interface OneSchedule {
  /** Undefined until it is read; null: there is none, or it is not the viewer's to see. */
  readonly schedule: SchedulePlanFragment | null | undefined
  readonly slots: readonly SlotFactsFragment[]
  readonly more: boolean
  readonly failure: Failure | null
}

export interface LiveSchedule {
  readonly one: Pick<Store<OneSchedule>, 'get' | 'listen'>
  readMore(): void
  close(): void
}

/** Rows of the ledger that are read at a time; the API's own limit of a page is 100. */
const PAGE = 20

/** One schedule and its ledger as they are now: each change of it, of a slot or of a report of its calls for a reading. */
export function createLiveSchedule(connection: Connection, id: string, reports: boolean): LiveSchedule {
  const one = createStore<OneSchedule>({ schedule: undefined, slots: [], more: false, failure: null })
  let wanted = PAGE
  let closed = false
  const fail = (failure: Failure) => closed || one.set({ ...one.get(), failure })

  const reading = createTurns(async () => {
    const { schedule } = await connection.ask(OneScheduleDocument, { id, slots: PAGE, reports })
    const slots = [...(schedule?.slots.nodes ?? [])]
    let page = schedule?.slots.pageInfo
    while (page?.hasNextPage && slots.length < wanted) {
      const first = Math.min(wanted - slots.length, 100)
      const more = await connection.ask(MoreSlotsDocument, { id, first, after: page.endCursor, reports })
      slots.push(...(more.schedule?.slots.nodes ?? []))
      page = more.schedule?.slots.pageInfo
    }
    if (!closed) one.set({ schedule, slots, more: page?.hasNextPage ?? false, failure: null })
  }, fail)

  const leave = [
    connection.follow(
      ScheduleMovesDocument,
      {},
      ({ scheduleEvents: { scheduleId } }) => (scheduleId === null || scheduleId === id) && reading.ask(),
      fail,
    ),
    ...(reports
      ? [
          connection.follow(
            ReportMovesDocument,
            { filter: { scheduleId: id } },
            // What moves within a report is shown by the list of reports.
            ({ reportEvents: { kind } }) => kind !== 'PROGRESSED' && reading.ask(),
            fail,
          ),
        ]
      : []),
  ]
  // For the eye, and for who gets no socket: what falls between this and READY comes with the reading that READY calls for.
  reading.ask('at once')

  return {
    one,
    readMore() {
      wanted = one.get().slots.length + PAGE
      reading.ask()
    },
    close() {
      closed = true
      reading.close()
      for (const stop of leave) stop()
    },
  }
}
