import type { TracingSettings } from '../config-tracing.ts'
import type { Log } from '../log.ts'
import type { TraceContext } from './traceparent.ts'

export type SpanKind = 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER'
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>

/** A span that has ended. Moments in milliseconds since 1970. */
interface EndedSpan {
  readonly name: string
  readonly kind: SpanKind
  readonly context: TraceContext
  readonly parentSpanId: string | null
  readonly attributes: Attributes
  readonly from: number
  readonly until: number
  readonly fault: string | null
}

/** Numbers of OTLP. */
const KINDS: Readonly<Record<SpanKind, number>> = { INTERNAL: 1, SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 }
/** Spans of one message, and those that may wait: what comes beyond is lost, and counted. */
const MOST_AT_ONCE = 512
const MOST_WAITING = 4_096
/** How long the collector may take, in milliseconds; and while closing. */
const LONGEST_SEND = 10_000
const LONGEST_CLOSE = 2_000

/** Sends ended spans in bundles, as OTLP over HTTP in JSON. A collector that is away costs spans, and nothing else. */
export function createSpanSender(settings: TracingSettings, { process, log }: { process: string; log: Log }) {
  let waiting: EndedSpan[] = []
  let lost = 0
  let outage = false
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> = Promise.resolve()
  let closed = false
  const resource = { attributes: attributesOf({ 'service.name': settings.serviceName, 'service.instance.process': process, ...settings.resource }) } // prettier-ignore

  function add(span: EndedSpan): void {
    if (waiting.length >= MOST_WAITING) {
      lost += 1
      return
    }
    waiting.push(span)
    if (closed) return
    if (waiting.length >= MOST_AT_ONCE) flush()
    else timer ??= setTimeout(flush, settings.delay).unref()
  }

  /** One message at a time; each what waits by then. */
  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    sending = sending.then(() => sendAll(LONGEST_SEND))
  }

  async function sendAll(within: number): Promise<void> {
    while (waiting.length > 0) {
      const spans = waiting.slice(0, MOST_AT_ONCE)
      waiting = waiting.slice(MOST_AT_ONCE)
      if (!(await send(spans, within))) lost += spans.length
    }
  }

  async function send(spans: readonly EndedSpan[], within: number): Promise<boolean> {
    const scope = { name: 'broadsheet' }
    try {
      const answer = await fetch(settings.endpoint, {
        method: 'POST',
        headers: { ...settings.headers, 'content-type': 'application/json' },
        body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(otlpOf) }] }] }),
        signal: AbortSignal.timeout(within),
        redirect: 'error',
      })
      await answer.body?.cancel()
      if (!answer.ok) throw new Error(`The collector answers ${answer.status}.`)
      if (outage) log.info({ lost }, 'the collector takes spans again')
      outage = false
      lost = 0
      return true
    } catch (error) {
      if (!outage) log.warn({ err: error }, 'spans can not be sent to the collector: they are lost until it answers')
      outage = true
      return false
    }
  }

  return {
    add,
    async close(): Promise<void> {
      closed = true
      clearTimeout(timer)
      let late: NodeJS.Timeout | undefined
      const over = new Promise<void>((resolve) => (late = setTimeout(resolve, LONGEST_CLOSE)))
      await Promise.race([sending.then(() => sendAll(LONGEST_CLOSE)), over]).finally(() => clearTimeout(late))
    },
  }
}

function otlpOf({ name, kind, context, parentSpanId, attributes, from, until, fault }: EndedSpan) {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId !== null && { parentSpanId }),
    flags: 1,
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(from),
    endTimeUnixNano: nanoseconds(Math.max(from, until)),
    attributes: attributesOf(attributes),
    status: fault === null ? {} : { code: 2, message: fault },
  }
}

const nanoseconds = (milliseconds: number) => `${Math.round(milliseconds * 1_000)}000`

function attributesOf(attributes: Attributes): { key: string; value: object }[] {
  return Object.entries(attributes).flatMap(([key, value]): { key: string; value: object }[] => {
    if (value === null || value === undefined) return []
    if (typeof value === 'boolean') return [{ key, value: { boolValue: value } }]
    if (typeof value === 'string') return [{ key, value: { stringValue: value } }]
    return [{ key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }]
  })
}
