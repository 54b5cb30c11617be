import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import type { TracingSettings } from '../config-tracing.ts'
import type { Log } from '../log.ts'
import { createSpanSender, type Attributes, type SpanKind } from './span-sender.ts'
import { parseTraceparent, traceparentOf, type TraceContext } from './traceparent.ts'

interface SpanOptions {
  /** A traceparent; null: a trace begins here; left out: the span that is under way, if any. */
  parent?: string | null
  kind?: SpanKind
  attributes?: Attributes
  /** Milliseconds since 1970; now unless told. */
  at?: number
}

/** Something that takes time, from start() to end(). */
export interface Span {
  /** For what goes on elsewhere: a row, another process. Null where tracing is off. */
  readonly traceparent: string | null
  set(attributes: Attributes): void
  /** Marks it as failed, by a code. */
  fail(code: string): void
  /** Once. With an error the span is marked as failed, by the error's code or name alone. */
  end(error?: unknown, at?: number): void
}

export interface Tracer {
  start(name: string, options?: SpanOptions): Span
  /** Runs `work` under way in a span of its own, which ends with it. */
  inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => T | Promise<T>): Promise<T>
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>
}

const underWay = new AsyncLocalStorage<string>()

/** The span that this turn of events belongs to, for a row; null where there is none. */
export function activeTraceparent(): string | null {
  return underWay.getStore() ?? null
}

/** Milliseconds since 1970, finer than the wall clock tells. `monotonic`: of performance.now(). */
export function timeOf(monotonic = performance.now()): number {
  return performance.timeOrigin + monotonic
}

const NO_SPAN: Span = { traceparent: null, set: () => undefined, fail: () => undefined, end: () => undefined }
/** What runs where tracing is off: no context, no span, no timer. */
export const NO_TRACER: Tracer = {
  start: () => NO_SPAN,
  inSpan: async (_name, _options, work) => work(NO_SPAN),
  close: () => Promise.resolve(),
}

/** The spans of one process, sent to a collector over OTLP. Null settings: tracing is off, and costs nothing. */
export function createTracer(
  settings: TracingSettings | null,
  { process, log }: { process: string; log: Log },
): Tracer {
  if (settings === null) return NO_TRACER
  const sender = createSpanSender(settings, { process, log })

  function contextOf(parent: TraceContext | null): TraceContext {
    const spanId = randomBytes(8).toString('hex')
    if (parent) return { traceId: parent.traceId, spanId, sampled: parent.sampled }
    return { traceId: randomBytes(16).toString('hex'), spanId, sampled: Math.random() < settings!.ratio }
  }

  function start(name: string, { parent, kind = 'INTERNAL', attributes = {}, at = timeOf() }: SpanOptions = {}): Span {
    const above = parseTraceparent(parent === undefined ? activeTraceparent() : parent)
    const context = contextOf(above)
    let known = attributes
    let fault: string | null = null
    let ended = false
    return {
      traceparent: traceparentOf(context),
      set(more) {
        known = { ...known, ...more }
      },
      fail(code) {
        fault = code
      },
      end(error, until = timeOf()) {
        if (ended) return
        ended = true
        if (!context.sampled) return
        sender.add({ name, kind, context, parentSpanId: above?.spanId ?? null, attributes: known, from: at, until, fault: faultOf(error) ?? fault }) // prettier-ignore
      },
    }
  }

  return {
    start,
    async inSpan(name, options, work) {
      const span = start(name, options)
      try {
        const result = await underWay.run(span.traceparent as string, () => work(span))
        span.end()
        return result
      } catch (error) {
        span.end(error)
        throw error
      }
    },
    close: sender.close,
  }
}

/** No message: it may hold what a log is careful with. */
function faultOf(error: unknown): string | null {
  if (error === undefined || error === null) return null
  if (typeof error === 'string') return error
  const { code, name } = error as { code?: unknown; name?: unknown }
  return String(code ?? name ?? 'error').slice(0, 100)
}
