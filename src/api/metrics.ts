import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Log } from '../log.ts'
import type { ProgressEvent } from '../progress/event.ts'
import type { Figures } from '../system/system.ts'
import { isFromHere } from './loopback.ts'
import { familiesOf } from './metric-families.ts'
import { SAFE_HEADERS } from './pages.ts'

/** Figures over all tenants are read at most this often, whoever asks; in milliseconds. */
const FRESH_FOR = 2_000

interface Dependencies {
  /** Null: /metrics is for this machine alone. */
  token: string | null
  version: string
  figures(): Promise<Figures>
  /** What is live in this process at the moment. */
  live(): { subscribers: number; sockets: number }
  log: Log
}

/** What this process counts, and what Postgres says of all of them, for Prometheus. */
export function createMetrics(deps: Dependencies) {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'broadsheet_info', help: 'The version of this process.', labelNames: ['version'], registers }).set(
    { version: deps.version },
    1,
  )
  new Gauge({ name: 'broadsheet_subscribers', help: 'Streams of report progress under way in this process.', registers, collect() {
    this.set(deps.live().subscribers)
  } }) // prettier-ignore
  new Gauge({ name: 'broadsheet_sockets', help: 'WebSockets open in this process.', registers, collect() {
    this.set(deps.live().sockets)
  } }) // prettier-ignore
  const lag = new Histogram({
    name: 'broadsheet_event_lag_seconds',
    help: 'From an event to its arrival in this process through Redis, by the clocks of both machines.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  })
  const requests = new Counter({
    name: 'broadsheet_http_requests_total',
    help: 'HTTP requests answered by this process.',
    labelNames: ['path', 'status'],
    registers,
  })
  const seconds = new Histogram({
    name: 'broadsheet_http_request_seconds',
    help: 'From an HTTP request to the end of its answer; event streams are left out.',
    labelNames: ['path'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers,
  })

  let asked: { at: number; figures: Promise<Figures | null> } | undefined

  /** Null where Postgres does not answer: what this process knows by itself is told all the same. */
  function figures(): Promise<Figures | null> {
    if (asked && performance.now() - asked.at < FRESH_FOR) return asked.figures
    const answer = deps.figures().catch((error: unknown) => {
      deps.log.warn({ err: error }, 'the figures for /metrics could not be read')
      return null
    })
    asked = { at: performance.now(), figures: answer }
    return answer
  }

  for (const family of familiesOf(figures)) registry.registerMetric(family)

  function mayRead(request: IncomingMessage): boolean {
    if (deps.token === null) return isFromHere(request)
    return sameText(request.headers.authorization ?? '', `Bearer ${deps.token}`)
  }

  return {
    /** Answers GET /metrics. */
    async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
      if (!mayRead(request)) {
        const status = deps.token === null ? 403 : 401
        response.writeHead(status, {
          ...SAFE_HEADERS,
          'Content-Type': 'text/plain; charset=utf-8',
          ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
        })
        response.end(
          status === 401
            ? 'Send "Authorization: Bearer" with METRICS_TOKEN.\n'
            : 'From this machine alone, unless METRICS_TOKEN is set.\n',
        )
        return
      }
      const text = await registry.metrics()
      response.writeHead(200, { ...SAFE_HEADERS, 'Content-Type': registry.contentType }).end(text)
    },

    /** An event came through Redis. */
    heard(event: ProgressEvent): void {
      lag.observe(Math.max(0, Date.now() - event.at) / 1000)
    },

    /** Counts the request when its answer has ended, also where the caller went away before. */
    watch(path: string, response: ServerResponse): void {
      const since = performance.now()
      response.once('close', () => {
        requests.inc({ path, status: String(response.statusCode) })
        if (response.getHeader('content-type') !== 'text/event-stream')
          seconds.observe({ path }, (performance.now() - since) / 1000)
      })
    },
  }
}

export type Metrics = ReturnType<typeof createMetrics>

/** In a time that tells nothing of where they differ. */
function sameText(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}
