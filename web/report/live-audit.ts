import type { Connection } from '../api/connection.ts'
import type { Failure } from '../api/failure.ts'
import { createStore, type Store } from '../api/store.ts'
import { createTurns } from '../api/turns.ts'
import { ReportAuditDocument, type ReportAuditQuery } from '../generated/graphql.ts'

type Entry = NonNullable<ReportAuditQuery['report']>['events']['nodes'][number]

export interface Audited {
  /** Oldest first, as far as they were read. */
  readonly entries: readonly Entry[]
  readonly more: boolean
  readonly failure: Failure | null
}

export interface LiveAudit {
  readonly audited: Pick<Store<Audited>, 'get' | 'listen'>
  /** There may be new ones; nothing is asked where older ones wait to be shown. */
  look(): void
  readMore(): void
  close(): void
}

const PAGE = 20

/** Entries are never changed and come at the end: what was read stays, and the next reading begins behind it. */
export function createLiveAudit(connection: Connection, id: string): LiveAudit {
  const audited = createStore<Audited>({ entries: [], more: false, failure: null })
  let after: string | null = null
  const turns = createTurns(
    async () => {
      const { report } = await connection.ask(ReportAuditDocument, { id, first: PAGE, after })
      if (!report) return
      const { nodes, pageInfo } = report.events
      after = pageInfo.endCursor ?? after
      audited.set({ entries: [...audited.get().entries, ...nodes], more: pageInfo.hasNextPage, failure: null })
    },
    (failure) => audited.set({ ...audited.get(), failure }),
  )
  return {
    audited,
    look() {
      if (!audited.get().more) turns.ask()
    },
    readMore: () => turns.ask('at once'),
    close: turns.close,
  }
}
