import type { Connection } from '../api/connection.ts'
import type { Failure } from '../api/failure.ts'
import { createStore, type Store } from '../api/store.ts'
import {
  OneRowDocument,
  ReportEventsDocument,
  ReportPageDocument,
  type ProgressFactsFragment,
  type ReportEventsSubscription,
  type ReportFilter,
  type ReportRowFragment,
} from '../generated/graphql.ts'

export interface Listed {
  /** Newest first, as far as they were read. */
  readonly ids: readonly string[]
  readonly more: boolean
  /** Until the first page is there, and after a loss until it was read again. */
  readonly reading: boolean
  readonly failure: Failure | null
}

export interface LiveList {
  readonly listed: Pick<Store<Listed>, 'get' | 'listen'>
  /** One row, which is drawn alone when it moves. */
  row(id: string): Pick<Store<ReportRowFragment | undefined>, 'get' | 'listen'>
  readMore(): void
  close(): void
}

const PAGE = 100
/** The API's own limit of a page. */
const MOST_AT_ONCE = 100
/** Rows that are asked for one by one at a time; more of them come with the newest page, which is one question. */
const MOST_SINGLE = 8
/** Milliseconds between two readings of the list, however many events call for one. */
const BETWEEN_READINGS = 500

/**
 * Reports as they are now: events are listened to first, and what READY and RESYNC call for is read then, so that nothing
 * falls between. Events change rows at once and are drawn once in a frame, however many come.
 */
export function createLiveList(connection: Connection, filter: ReportFilter): LiveList {
  const listed = createStore<Listed>({ ids: [], more: false, reading: true, failure: null })
  const rows = new Map<string, ReportRowFragment>()
  const listeners = new Map<string, Set<() => void>>()
  const moved = new Set<string>()
  /** Told of by an event, not read yet. */
  const unread = new Set<string>()
  let after: string | null = null
  let frame = 0
  let closed = false
  let readingPage = false

  const reading = createTurns(async () => {
    const wanted = Math.max(PAGE, listed.get().ids.length)
    const found: ReportRowFragment[] = []
    let page: Awaited<ReturnType<typeof readPage>> | undefined
    do {
      page = await readPage(page?.pageInfo.endCursor ?? null, Math.min(wanted - found.length, MOST_AT_ONCE))
      found.push(...page.nodes)
    } while (page.pageInfo.hasNextPage && found.length < wanted)
    unread.clear()
    keep(found)
    after = page.pageInfo.endCursor
    show(
      found.map(({ id }) => id),
      page.pageInfo.hasNextPage,
    )
    const shown = new Set(listed.get().ids)
    for (const id of rows.keys()) if (!shown.has(id)) rows.delete(id)
  })

  async function readPage(from: string | null, first: number) {
    return (await connection.ask(ReportPageDocument, { filter, first, after: from })).reports
  }

  function keep(found: readonly ReportRowFragment[]): void {
    for (const row of found) {
      const known = rows.get(row.id)
      // An event may have overtaken the answer.
      const progress = known && known.progress.sequence > row.progress.sequence ? known.progress : row.progress
      rows.set(row.id, { ...row, status: progress.status, progress })
      touch(row.id)
    }
  }

  function show(ids: readonly string[], more = listed.get().more): void {
    if (!closed) listed.set({ ids, more, reading: false, failure: null })
  }

  function touch(id: string): void {
    moved.add(id)
    frame ||= requestAnimationFrame(() => {
      frame = 0
      const those = [...moved]
      moved.clear()
      for (const one of those) for (const heard of listeners.get(one) ?? []) heard()
    })
  }

  function drop(id: string): void {
    unread.delete(id)
    if (!rows.delete(id)) return
    show(listed.get().ids.filter((one) => one !== id))
  }

  function move(id: string, progress: ProgressFactsFragment): boolean {
    const row = rows.get(id)
    if (!row) return false
    if (progress.sequence > row.progress.sequence) {
      rows.set(id, { ...row, status: progress.status, progress })
      touch(id)
    }
    return true
  }

  /** What is in sight, row by row; what is not known yet, row by row or, where it is much, with the newest page. */
  const readingSome = createTurns(async () => {
    const strangers = [...unread].filter((id) => !rows.has(id))
    if (strangers.length > MOST_SINGLE) {
      const page = await readPage(null, PAGE)
      for (const { id } of page.nodes) unread.delete(id)
      // Still unknown: older than that, or out of sight again.
      for (const id of strangers) if (!page.nodes.some((row) => row.id === id)) unread.delete(id)
      keep(page.nodes)
      return place(page.nodes)
    }
    const wanted = [...strangers, ...[...unread].filter((id) => listeners.has(id) && rows.has(id))].slice(
      0,
      MOST_SINGLE,
    )
    for (const id of wanted) unread.delete(id)
    const found = await Promise.all(wanted.map((id) => connection.ask(OneRowDocument, { id })))
    const there = found.flatMap(({ report }) => report ?? [])
    keep(there)
    place(there)
    if ([...unread].some((id) => listeners.has(id) || !rows.has(id))) readingSome.ask()
  })

  /** Rows of which only events told, at their places; those beyond the last page that was read come with theirs. */
  function place(found: readonly ReportRowFragment[]): void {
    const { ids, more } = listed.get()
    const shown = new Set(ids)
    const oldest = rows.get(ids.at(-1) ?? '')
    const fresh = found.filter((row) => !shown.has(row.id) && (!more || !oldest || compare(row, oldest) > 0))
    if (fresh.length > 0)
      show([...fresh.map(({ id }) => id), ...ids].toSorted((a, b) => compare(rows.get(b), rows.get(a))))
  }

  function heard({ reportEvents: { kind, reportId, progress } }: ReportEventsSubscription): void {
    if (kind === 'READY' || kind === 'RESYNC') return reading.ask()
    if (reportId === null) return
    if (kind === 'LEFT' || kind === 'DELETED') return drop(reportId)
    const known = progress !== null && move(reportId, progress)
    // A change of status brings what no event has: times, the failure, the document.
    if (known && kind === 'PROGRESSED') return
    unread.add(reportId)
    readingSome.ask()
  }

  /** One reading at a time, the next one not too soon; what is asked for meanwhile is one more. */
  function createTurns(read: () => Promise<void>) {
    let turn: Promise<void> | undefined
    let again = false
    async function go(): Promise<void> {
      do {
        again = false
        try {
          await read()
        } catch (error) {
          if (!closed) listed.set({ ...listed.get(), reading: false, failure: error as Failure })
        }
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_READINGS))
      } while (again && !closed)
      turn = undefined
    }
    return {
      ask(): void {
        if (turn) again = true
        else turn = go()
      },
    }
  }

  const leave = connection.follow(ReportEventsDocument, { filter }, heard, (failure) =>
    listed.set({ ...listed.get(), reading: false, failure }),
  )

  return {
    listed,
    row: (id) => ({
      get: () => rows.get(id),
      listen(heard) {
        const those = listeners.get(id) ?? new Set()
        listeners.set(id, those.add(heard))
        if (unread.has(id)) readingSome.ask()
        return () => {
          those.delete(heard)
          if (those.size === 0) listeners.delete(id)
        }
      },
    }),
    readMore() {
      if (readingPage || !listed.get().more) return
      readingPage = true
      readPage(after, PAGE)
        .then(({ nodes, pageInfo }) => {
          keep(nodes)
          after = pageInfo.endCursor
          const { ids } = listed.get()
          const known = new Set(ids)
          show([...ids, ...nodes.map(({ id }) => id).filter((id) => !known.has(id))], pageInfo.hasNextPage)
        })
        .catch((failure: Failure) => listed.set({ ...listed.get(), failure }))
        .finally(() => (readingPage = false))
    },
    close() {
      closed = true
      cancelAnimationFrame(frame)
      leave()
    },
  }
}

/** As the API orders CREATED_AT_DESC: by time, then by id. */
function compare(a: ReportRowFragment | undefined, b: ReportRowFragment | undefined): number {
  if (!a || !b) return 0
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1
  return a.id < b.id ? -1 : 1
}
