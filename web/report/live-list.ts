import type { Connection } from '../api/connection.ts'
import type { Failure } from '../api/failure.ts'
import { createStore, type Store } from '../api/store.ts'
import { createTurns } from '../api/turns.ts'
import {
  OneRowDocument,
  ReportEventsDocument,
  ReportPageDocument,
  type ProgressFactsFragment,
  type ReportEventKind,
  type ReportEventsSubscription,
  type ReportFilter,
  type ReportRowFragment,
} from '../generated/graphql.ts'
import { onceAFrame } from '../parts/frame.ts'
import { arrivalsOf, createNovelty } from './arrivals.ts'
import { createLiveRows, type LiveRow } from './live-rows.ts'

export interface Listed {
  /** Newest first, as far as they were read. */
  readonly ids: readonly string[]
  readonly more: boolean
  /** Until the first page is there. */
  readonly reading: boolean
  readonly failure: Failure | null
}

/** What happened, and to which report; null: nobody knows to which, so look again. */
type News = (kind: ReportEventKind, reportId: string | null) => void

export interface LiveList {
  readonly listed: Pick<Store<Listed>, 'get' | 'listen'>
  /** One row, which is drawn alone when it moves. */
  row(id: string): LiveRow
  /** It came in by itself, a moment ago. */
  isNew(id: string): boolean
  /** For who looks at one report: also LEFT is news of it, as of one that the filter leaves out. Answers how to stop listening. */
  onNews(heard: News): () => void
  readMore(): void
  close(): void
}

/** Rows of one question; the API gives no more. */
const PAGE = 100
/** As far as one can scroll: who looks for older ones narrows the list. */
const MOST_ROWS = 10_000
/** Rows that may come in by events; then the list is cut to what is in sight, and the rest is read again by scrolling. */
const MOST_ARRIVED = 1_000
/** Reports that are asked for one by one at a time; where more have come, the newest page has most of them. */
const MOST_SINGLE = 8
/** Reports that events have told of and that could not be asked for yet; beyond, everything is read again. */
const MOST_STRANGERS = 200

/**
 * Reports as they are now: events are listened to first, and what READY and RESYNC call for is read then, so that nothing
 * falls between. One question at a time; what events tell while its answer is on the way is newer than the answer.
 */
export function createLiveList(connection: Connection, filter: ReportFilter): LiveList {
  const listed = createStore<Listed>({ ids: [], more: false, reading: true, failure: null })
  let now = listed.get()
  const drawing = onceAFrame(() => listed.set(now))
  const rows = createLiveRows((id) => stale.has(id) && turns.ask())
  const novelty = createNovelty()
  const listeners = new Set<News>()
  /** Not read yet, with what was told of them last; and rows of which more than their progress has changed since. */
  const strangers = new Map<string, ProgressFactsFragment | null>()
  const stale = new Set<string>()
  /** Older than all that was read: they come when somebody scrolls so far. */
  const beyond = new Set<string>()
  /** Gone while a question was under way: its answer may still have them. */
  const gone = new Set<string>()
  let after: string | null = null
  let arrived = 0
  let wantsAll = false
  let wantsOlder = false
  let asking = false
  let closed = false

  const turns = createTurns(
    async () => {
      asking = true
      const read = wantsAll ? readAll : wantsOlder ? readOlder : readSome
      await read().finally(() => {
        asking = false
        gone.clear()
      })
    },
    (failure) => show({ failure, reading: false }),
  )

  function show(change: Partial<Listed>): void {
    if (closed) return
    now = { ...now, failure: null, ...change }
    drawing.ask()
  }

  async function readPage(from: string | null) {
    const { reports } = await connection.ask(ReportPageDocument, { filter, first: PAGE, after: from })
    return { ...reports.pageInfo, nodes: reports.nodes }
  }
  const still = (found: readonly ReportRowFragment[]) => found.filter(({ id }) => !gone.has(id))

  /** All that is in sight, and a little more. */
  async function readAll(): Promise<void> {
    wantsAll = wantsOlder = false
    const depth = now.ids.findLastIndex(rows.isInSight) + PAGE / 2
    for (const known of [strangers, stale, beyond]) known.clear()
    const found: ReportRowFragment[] = []
    try {
      let page: Awaited<ReturnType<typeof readPage>>
      do {
        page = await readPage(found.length === 0 ? null : after)
        found.push(...page.nodes)
        after = page.endCursor
      } while (page.hasNextPage && found.length < depth && !closed)
      rows.keep(still(found))
      const ids = still(found).map(({ id }) => id)
      rows.forgetOthers(ids)
      arrived = 0
      show({ ids, more: page.hasNextPage, reading: false })
    } catch (error) {
      wantsAll = true
      throw error
    }
    lookOn()
  }

  async function readOlder(): Promise<void> {
    // Before: what is told of them from now on is newer than the answer.
    beyond.clear()
    const page = await readPage(after)
    wantsOlder = false
    after = page.endCursor
    const known = new Set(now.ids)
    const found = still(page.nodes)
    rows.keep(found)
    const fresh = found.map(({ id }) => id).filter((id) => !known.has(id))
    show({ ids: [...now.ids, ...fresh], more: page.hasNextPage })
    lookOn()
  }

  /** Reports that came in, one by one or, where they are many, with the newest page; and rows in sight that have changed. */
  async function readSome(): Promise<void> {
    for (const [id, progress] of strangers) {
      if (!rows.has(id)) continue
      if (progress) rows.move(id, progress)
      strangers.delete(id)
      stale.add(id)
    }
    if (strangers.size > MOST_SINGLE) {
      const before = new Map(strangers)
      const { nodes } = await readPage(null)
      // What was told of one meanwhile is newer than the answer.
      for (const { id } of nodes) if (strangers.get(id) === before.get(id)) strangers.delete(id)
      place(still(nodes))
    }
    const wanted = [...strangers.keys(), ...[...stale].filter(rows.isInSight)].slice(0, MOST_SINGLE)
    const told = new Map(wanted.map((id) => [id, strangers.get(id) ?? null]))
    for (const id of wanted) if (!strangers.delete(id)) stale.delete(id)
    const answers = await Promise.allSettled(wanted.map((id) => connection.ask(OneRowDocument, { id })))
    place(still(answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value.report ?? []) : []))))
    for (const [index, id] of wanted.entries()) {
      if (answers[index]?.status === 'fulfilled' || gone.has(id)) continue
      if (rows.has(id)) stale.add(id)
      else if (!strangers.has(id)) strangers.set(id, told.get(id) ?? null)
    }
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
    lookOn()
  }

  /** What waits, or has come meanwhile. */
  function lookOn(): void {
    if (wantsAll || wantsOlder || strangers.size > 0 || [...stale].some(rows.isInSight)) turns.ask()
  }

  function place(found: readonly ReportRowFragment[]): void {
    const oldest = now.more ? rows.get(now.ids.at(-1) ?? '')?.createdAt : undefined
    const { ids, fresh, older } = arrivalsOf(now.ids, found, (id) => rows.get(id)?.createdAt, oldest)
    for (const id of older) beyond.add(id)
    rows.keep(found.filter(({ id }) => !older.has(id)))
    novelty.add(fresh)
    arrived += fresh.length
    if (arrived > MOST_ARRIVED || beyond.size > MOST_ROWS) wantsAll = true
    // Also without new ones: what failed before has gone well now.
    show({ ids })
  }

  function drop(id: string): void {
    if (asking) gone.add(id)
    for (const known of [strangers, stale, beyond]) known.delete(id)
    if (rows.drop(id)) show({ ids: now.ids.filter((one) => one !== id) })
  }

  function heard({ reportEvents: { kind, reportId, progress } }: ReportEventsSubscription): void {
    for (const listener of listeners) listener(kind, reportId)
    if (kind === 'READY' || kind === 'RESYNC' || strangers.size > MOST_STRANGERS) {
      wantsAll = true
      return turns.ask(kind === 'READY' ? 'at once' : undefined)
    }
    if (reportId === null) return
    if (kind === 'LEFT' || kind === 'DELETED') return drop(reportId)
    gone.delete(reportId)
    if (beyond.has(reportId)) return
    const known = progress !== null && rows.move(reportId, progress)
    if (known && kind === 'PROGRESSED') return
    // A change of status brings what no event has: times, the failure, the document.
    if (!known) strangers.set(reportId, progress)
    else stale.add(reportId)
    if (!known || rows.isInSight(reportId)) turns.ask()
  }

  const leave = connection.follow(ReportEventsDocument, { filter }, heard, (failure) =>
    show({ failure, reading: false }),
  )
  // For the eye, and for who gets no socket: what falls between this and READY comes with the reading that READY calls for.
  wantsAll = true
  turns.ask('at once')

  return {
    listed,
    row: rows.row,
    isNew: novelty.has,
    onNews(heard) {
      listeners.add(heard)
      return () => void listeners.delete(heard)
    },
    readMore() {
      if (wantsOlder || !now.more || now.ids.length >= MOST_ROWS) return
      wantsOlder = true
      turns.ask('at once')
    },
    close() {
      closed = true
      turns.close()
      rows.close()
      drawing.close()
      leave()
    },
  }
}
