import type { Log } from '../log.ts'
import { isTerminal } from '../report/status.ts'
import { encodeChange, reportChannel, tenantChannel, type ReportChange } from './event.ts'
import { openPubSub } from './redis.ts'
import { encodeScheduleChange, schedulesChannel, type ScheduleChange } from './schedule-change.ts'
import { createThrottle } from './throttle.ts'

/** Messages that Redis has not answered yet; above it, further ones are dropped. Some 600 bytes each. */
const MOST_UNANSWERED = 5_000
/** A tenant's dashboards hear of one report's progress at most once in so many milliseconds. */
const TENANT_INTERVAL = 500
/** Longest wait for what is under way when closing, in milliseconds. */
const CLOSE_WAIT = 500

export interface Publisher {
  /** Tells whoever watches; call it after the commit. Never throws, never waits: what Redis can't take now is lost. */
  publish(change: ReportChange): void
  /** The same for what happens to a schedule. */
  publishSchedule(change: ScheduleChange): void
  /** Rejects with Unavailable unless Redis answers within a second. */
  ping(): Promise<void>
  /** Waits at most half a second for what is under way. */
  close(): Promise<void>
}

/**
 * The worker's and the mutations' side of progress. A lost message costs a watcher at most 3 s, as the API reads the rows
 * too; so nothing is kept for later.
 */
export function createPublisher(options: { redisUrl: string; log: Log }): Publisher {
  const pubSub = openPubSub(options)
  const { redis } = pubSub
  const forTenant = createThrottle(TENANT_INTERVAL)
  const underWay = new Set<Promise<void>>()
  let waiting: [channel: string, message: string][] = []
  let unanswered = 0
  let dropping = false

  function send(channel: string, message: string): void {
    if (unanswered >= MOST_UNANSWERED) {
      if (!dropping) options.log.warn('Redis does not keep up: progress messages are dropped')
      dropping = true
      return
    }
    dropping = false
    unanswered += 1
    if (waiting.push([channel, message]) === 1) setImmediate(() => waiting.length > 0 && flush())
  }

  /** What one turn of the event loop has to tell goes in one journey. */
  function flush(): void {
    const together = redis.pipeline()
    const count = waiting.length
    for (const [channel, message] of waiting) together.publish(channel, message)
    waiting = []
    // A failure needs no more than this: the connection's own errors are logged, once for each outage.
    const answered = () => {
      unanswered -= count
      underWay.delete(sent)
    }
    const sent: Promise<void> = together.exec().then(answered, answered)
    underWay.add(sent)
  }

  return {
    publish(change) {
      if (redis.status !== 'ready') return
      const { reportId, tenantId, status } = change.event
      const message = encodeChange(change)
      const progressed = change.kind === 'PROGRESSED'
      if (!progressed && (change.kind === 'DELETED' || isTerminal(status))) forTenant.forget(reportId)
      const dashboards = !progressed || forTenant.pass(reportId, Date.now())
      send(reportChannel(reportId), message)
      if (dashboards) send(tenantChannel(tenantId), message)
    },
    publishSchedule(change) {
      if (redis.status === 'ready') send(schedulesChannel(change.tenantId), encodeScheduleChange(change))
    },
    ping: pubSub.ping,
    async close() {
      let timer: NodeJS.Timeout | undefined
      const enough = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_WAIT)))
      if (waiting.length > 0) flush()
      await Promise.race([Promise.all(underWay), enough])
      clearTimeout(timer)
      pubSub.close()
    },
  }
}
