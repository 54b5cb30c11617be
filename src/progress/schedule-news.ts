import type { Log } from '../log.ts'
import { createPendingNews, type PendingNews } from './news.ts'
import {
  decodeScheduleChange,
  schedulesChannel,
  type ScheduleChange,
  type ScheduleChangeKind,
} from './schedule-change.ts'
import { createScheduleLedger, type ScheduleLedger, type ScheduleRows } from './schedule-ledger.ts'
import { createStream } from './stream.ts'
import type { Subscriptions } from './subscriptions.ts'
import { createTopics } from './topics.ts'

/** READY: nothing more can be missed, read now. RESYNC: something may have been missed, read again. */
export type ScheduleNews = { readonly kind: 'READY' } | { readonly kind: 'RESYNC' } | ScheduleChange

/** What the rows of these tenants say of the last so many milliseconds. It must settle (a statement timeout). */
export type ReadSchedules = (tenantIds: readonly string[], lookBack: number) => Promise<Map<string, ScheduleRows>>

/** How often the rows of all watched tenants are read, in milliseconds. */
const READ_EVERY = 3_000
/** How far back a reading looks, in milliseconds: over the time between two, and over transactions that took long to commit. */
const LOOK_BACK = 45_000
/** After so long without a reading some of what happened lies beyond that look. */
const BLIND_AFTER = 25_000

/** Of two things that happened to one schedule, which one a reader that missed the first must hear. Slots go by themselves. */
const WEIGHT: Record<ScheduleChangeKind, number> = { DELETED: 3, CREATED: 2, CHANGED: 1, SLOT: 0 }

interface Reader {
  readonly box: PendingNews<ScheduleChange>
  /** It was told READY. */
  begun: boolean
}

/** A tenant that somebody watches. */
interface Watched {
  readers: number
  /** Undefined until its rows were read a first time. */
  ledger?: ScheduleLedger
}

/**
 * What happens to schedules. Redis makes it fast; the rows, read in one statement every three seconds while somebody watches,
 * make it true: what was lost on the way is told from them.
 */
export function createScheduleNews(deps: {
  log: Log
  subscriptions: Pick<Subscriptions, 'want' | 'drop' | 'live'>
  readSchedules: ReadSchedules
  /** Longest wait for Redis to acknowledge a subscription, in milliseconds. */
  ackWait: number
  /** Milliseconds; 3,000 unless told. */
  readEvery?: number | undefined
}) {
  const { log, subscriptions } = deps
  const tenants = new Map<string, Watched>()
  const topics = createTopics<Reader>({ log, onFirst: subscriptions.want, onLast: subscriptions.drop })
  let reading: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let lastRead = performance.now()
  let closed = false
  let outage = false

  function readLater(): void {
    clearTimeout(timer)
    if (closed || tenants.size === 0) return
    timer = setTimeout(() => void again().then(readLater), deps.readEvery ?? READ_EVERY)
    timer.unref()
  }

  function tell(tenantId: string, news: ScheduleChange | 'RESYNC'): void {
    topics.each(schedulesChannel(tenantId), ({ box, begun }) => {
      if (begun && news === 'RESYNC') box.live()
      else if (news !== 'RESYNC') box.offer(news)
    })
  }

  async function again(): Promise<void> {
    try {
      await read()
      if (outage) log.info('schedules can be read again for those who watch them')
      outage = false
    } catch (error) {
      if (!outage) log.warn({ err: error }, 'schedules can not be read for those who watch them; trying again')
      outage = true
    }
  }

  /** Reads the rows of all watched tenants; who asks while that is being done shares the reading after it. */
  function read(): Promise<void> {
    if (!next) {
      const turn = reading.then(() => {
        next = undefined
        return readAll()
      })
      next = turn
      reading = turn.catch(() => undefined)
    }
    return next
  }

  async function readAll(): Promise<void> {
    const ids = [...tenants.keys()]
    if (ids.length === 0 || closed) return
    const began = performance.now()
    const rows = await deps.readSchedules(ids, LOOK_BACK)
    const blind = began - lastRead > BLIND_AFTER
    lastRead = began
    for (const id of ids) take(id, rows.get(id), blind)
  }

  function take(tenantId: string, rows: ScheduleRows | undefined, blind: boolean): void {
    const watched = tenants.get(tenantId)
    if (!watched || !rows) return
    if (!watched.ledger || blind) {
      const late = watched.ledger !== undefined
      watched.ledger = createScheduleLedger(rows)
      if (late) tell(tenantId, 'RESYNC')
      return
    }
    const missed = watched.ledger.missed(rows)
    if (missed === null) tell(tenantId, 'RESYNC')
    else for (const change of missed) tell(tenantId, change)
  }

  return {
    /** READY first, then changes, merged for each schedule where the reader is slow; RESYNC where some may have been missed. */
    listen(tenantId: string, { signal }: { signal?: AbortSignal } = {}): AsyncIterableIterator<ScheduleNews> {
      const channel = schedulesChannel(tenantId)
      const reader: Reader = { box: createPendingNews(MERGING), begun: false }
      let watched: Watched | undefined
      async function start(): Promise<void> {
        if (closed) return reader.box.close('at once')
        topics.join(channel, reader)
        watched = tenants.get(tenantId) ?? { readers: 0 }
        watched.readers += 1
        tenants.set(tenantId, watched)
        await subscriptions.live(channel, deps.ackWait)
        // What is lost from here on, the rows will tell.
        if (!watched.ledger) await read()
        if (!timer) readLater()
        reader.begun = true
        reader.box.ready()
      }
      function end(): void {
        topics.leave(channel, reader)
        if (watched && (watched.readers -= 1) === 0) tenants.delete(tenantId)
        if (tenants.size > 0) return
        clearTimeout(timer)
        timer = undefined
      }
      return createStream({ box: reader.box, start, end, signal })
    },

    /** A message of a channel of schedules. */
    hear(channel: string, text: string): void {
      const change = decodeScheduleChange(text)
      if (!change || schedulesChannel(change.tenantId) !== channel) return
      tenants.get(change.tenantId)?.ledger?.told(change)
      tell(change.tenantId, change)
    },

    /** Redis has acknowledged the channel, the first time or again. */
    live(channel: string): void {
      topics.each(channel, ({ box, begun }) => begun && box.live())
    },

    close(): void {
      closed = true
      clearTimeout(timer)
      for (const { box } of topics.all()) box.close('at once')
    },
  }
}

const MERGING = {
  keyOf: ({ kind, scheduleId }: ScheduleChange) => (kind === 'SLOT' ? `slot ${scheduleId}` : scheduleId),
  merge: (earlier: ScheduleChange, later: ScheduleChange): ScheduleChange => ({
    ...later,
    kind: WEIGHT[later.kind] > WEIGHT[earlier.kind] ? later.kind : earlier.kind,
  }),
}
