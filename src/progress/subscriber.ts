import type { Log } from '../log.ts'
import { decodeChange, reportChannel, tenantChannel, type ProgressEvent, type ReportChange } from './event.ts'
import { createProgressMailbox } from './mailbox.ts'
import { createNewsMailbox, type TenantNews } from './news.ts'
import { createReading, type ReadProgress } from './reading.ts'
import { openPubSub } from './redis.ts'
import { isSchedulesChannel } from './schedule-change.ts'
import { createScheduleNews, type ReadSchedules, type ScheduleNews } from './schedule-news.ts'
import { createStream } from './stream.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createTopics } from './topics.ts'

export type { TenantNews } from './news.ts'

/** Longest wait for Redis to acknowledge a subscription, in milliseconds; then the readings alone must do. */
const ACK_WAIT = 1_000
/** How often the rows of all watched reports are read, in milliseconds. */
const READ_EVERY = 2_000

export interface ProgressSubscriber {
  /**
   * Where a report stands now, then newer events in order, and completion behind a terminal one, or when the report is
   * gone; an id without a row completes at once. A slow reader gets the latest, and never misses the terminal one. With
   * `after`, events up to that sequence are left out, except a terminal one. Nothing happens before the first next().
   * The first next() rejects with what `readProgress` rejects with. It does not authorise: that comes before.
   */
  watch(reportId: string, options?: { after?: number; signal?: AbortSignal }): AsyncIterableIterator<ProgressEvent>
  /**
   * What happens to a tenant's reports: READY first, then changes, merged for each report where the reader is slow.
   * RESYNC where some may have been missed: after a reconnect, and in place of more than 1,000 pending reports.
   */
  listen(tenantId: string, options?: { signal?: AbortSignal }): AsyncIterableIterator<TenantNews>
  /** What happens to a tenant's schedules, as for reports; a lost message is made good from the rows, within some seconds. */
  listenSchedules(tenantId: string, options?: { signal?: AbortSignal }): AsyncIterableIterator<ScheduleNews>
  /** Streams of `watch` that are under way. */
  readonly watching: number
  /** Rejects with Unavailable unless Redis answers within a second. */
  ping(): Promise<void>
  /** Completes all streams and ends the connection. */
  close(): Promise<void>
}

/** Who reads a channel. What it does must be quick: it runs in the fan-out. */
interface Reader {
  /** Of a watcher: the report whose row is read for it. */
  readonly reportId?: string
  /** The highest sequence that it needs no news of. */
  newest(): number
  hear(change: ReportChange): void
  /** The row as it was read, undefined where it is missing. */
  row?(row: ProgressEvent | undefined): void
  /** Redis has acknowledged the channel, the first time or again. */
  live(): void
  close(): void
}

/**
 * The API's side of progress: one Redis connection for all streams of the process. Redis makes it fast; the rows, read in
 * one statement every two seconds and after each reconnect, make it true. `readProgress` answers one statement for all
 * ids, and must settle (a statement timeout).
 */
export function createSubscriber(deps: {
  redisUrl: string
  log: Log
  readProgress: ReadProgress
  readSchedules: ReadSchedules
  /** Called with each event that comes through Redis, before those who watch hear of it. Must be quick and not throw. */
  onEvent?(event: ProgressEvent): void
  /** Milliseconds; 2,000 unless told, and 3,000 for schedules. */
  readEvery?: number
}): ProgressSubscriber {
  const { log } = deps
  const pubSub = openPubSub(deps)
  const subscriptions = createSubscriptions({ pubSub, log, onMessage, onLive })
  const topics = createTopics<Reader>({ log, onFirst: subscriptions.want, onLast: subscriptions.drop })
  const reading = createReading({
    log,
    readProgress: deps.readProgress,
    onRow: (row) => topics.each(reportChannel(row.reportId), (reader) => reader.row?.(row)),
    onMissing: (reportId) => topics.each(reportChannel(reportId), (reader) => reader.row?.(undefined)),
  })
  const schedules = createScheduleNews({
    log,
    subscriptions,
    readSchedules: deps.readSchedules,
    ackWait: ACK_WAIT,
    readEvery: deps.readEvery,
  })
  const timer = setInterval(() => reading.again(watched()), deps.readEvery ?? READ_EVERY)
  timer.unref()
  let watching = 0
  /** On a connection that is still open a stream may be asked for until the end: nobody would end it. */
  let closed = false

  /** One decoding for all readers of a channel. */
  function onMessage(channel: string, text: string): void {
    if (isSchedulesChannel(channel)) return schedules.hear(channel, text)
    const change = decodeChange(text)
    if (!change) return
    deps.onEvent?.(change.event)
    topics.each(channel, (reader) => reader.hear(change))
  }

  function onLive(channels: readonly string[]): void {
    for (const channel of channels)
      if (isSchedulesChannel(channel)) schedules.live(channel)
      else topics.each(channel, (reader) => reader.live())
  }

  /** Each watched report, and the sequence that all of its readers are past. */
  function watched(): Map<string, number> {
    const known = new Map<string, number>()
    for (const { reportId, newest } of topics.all())
      if (reportId !== undefined) known.set(reportId, Math.min(newest(), known.get(reportId) ?? Infinity))
    return known
  }

  return {
    watch(reportId, { after, signal } = {}) {
      const channel = reportChannel(reportId)
      const box = createProgressMailbox(after)
      let asked = false
      const reader: Reader = {
        reportId,
        newest: () => box.newest,
        hear({ kind, event }) {
          if (kind === 'DELETED') box.close()
          else box.offer(event)
          leaveIfDone()
        },
        row(row) {
          if (row) box.offer(row)
          // Before the first event, missing is for the one who asked to find.
          else if (box.begun) box.close()
          leaveIfDone()
        },
        live() {
          if (asked) reading.again([[reportId, box.newest]])
        },
        close: () => box.close('at once'),
      }
      // A slow reader with its last event still to take is no watcher any more.
      function leaveIfDone(): void {
        if (box.closed) leave()
      }
      let joined = false
      function leave(): void {
        if (!joined) return
        joined = false
        watching -= 1
        topics.leave(channel, reader)
      }
      async function start(): Promise<void> {
        if (closed) return box.close('at once')
        joined = true
        watching += 1
        topics.join(channel, reader)
        await subscriptions.live(channel, ACK_WAIT)
        if (box.closed) return
        asked = true
        const row = await reading.row(reportId)
        if (row) box.begin(row)
        else box.close('at once')
        leaveIfDone()
      }
      return createStream({ box, start, end: leave, signal })
    },

    listen(tenantId, { signal } = {}) {
      const channel = tenantChannel(tenantId)
      const box = createNewsMailbox()
      const reader: Reader = {
        newest: () => Infinity,
        hear: (change) => box.offer(change),
        live: () => box.live(),
        close: () => box.close('at once'),
      }
      async function start(): Promise<void> {
        if (closed) return box.close('at once')
        topics.join(channel, reader)
        await subscriptions.live(channel, ACK_WAIT)
        // With Redis away too: a dashboard shows what there is, and reads again when it is back.
        box.ready()
      }
      return createStream({ box, start, end: () => topics.leave(channel, reader), signal })
    },

    listenSchedules: schedules.listen,

    get watching() {
      return watching
    },
    ping: pubSub.ping,
    async close() {
      closed = true
      clearInterval(timer)
      reading.close()
      schedules.close()
      for (const reader of topics.all()) reader.close()
      subscriptions.close()
      pubSub.close()
    },
  }
}
