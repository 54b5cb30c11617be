import type { Log } from '../src/log.ts'
import type { ProgressEvent } from '../src/progress/event.ts'
import type { Publisher } from '../src/progress/publisher.ts'
import type { Claimed } from '../src/claim/claim.ts'
import type { Holding } from '../src/claim/holding.ts'
import type { Failure } from '../src/report/report.entity.ts'
import type { Json } from '../src/report-type/define.ts'
import type { Store } from '../src/stores/store.ts'
import { timeOf, type Span, type Tracer } from '../src/tracing/tracer.ts'
import type { Finished, Order, Step } from './attempt-messages.ts'
import type { ChildAttempt, Outcome } from './attempt.ts'
import type { Children } from './children.ts'
import type { createDefinitions, KeptDefinition } from './definitions.ts'
import { documentKey } from './document-key.ts'
import { failureOf } from './failure.ts'
import type { Held } from './held.ts'
import type { Holder } from './holder.ts'

interface Dependencies {
  holder: Holder
  holding: Holding
  children: Children
  definitions: ReturnType<typeof createDefinitions>
  /** What a report on last_slot runs with; null where it is not ours any more. */
  resolveOpen(claimed: Claimed, definition: KeptDefinition): Promise<{ [name: string]: Json } | null>
  /** The files that it names; rejects where one can't be read. */
  uploadsOf(claimed: Claimed): Promise<Order['uploads']>
  store: Store
  publisher: Publisher
  tracer: Tracer
  log: Log
}

/**
 * A source notices within half a second that the client of a running query is gone, in milliseconds and with a margin: only then may
 * the report be claimed again, or be called CANCELED.
 */
const QUERY_ENDS_WITHIN = 700

const TIMEOUT: Failure = { code: 'TIMEOUT', message: 'The report took longer than its type allows.', retryable: true }

/**
 * One claimed report from its claim to the commit that ends the attempt. What is written is guarded twice: here by the lease's
 * age, and in the database by worker and attempt. A crash between any two steps leaves a report that is taken back, and at most
 * bytes that no report names, which the sweep removes.
 */
export function createCarrying(deps: Dependencies) {
  const { holding, store, tracer } = deps

  async function carry(held: Held, span: Span): Promise<void> {
    const { claimed, log } = held
    const definition = await held.persist(() => deps.definitions.of(claimed))
    if (definition === 'LOST') return
    const parameters = claimed.resolvedParameters ?? (await held.persist(() => deps.resolveOpen(claimed, definition)))
    if (parameters === 'LOST' || parameters === null) return
    const uploads = await held.persist(() => deps.uploadsOf(claimed))
    if (uploads === 'LOST') return
    const child = await deps.children.take()
    try {
      const attempt = child.start(orderOf(claimed, definition, parameters, uploads), held.note)
      held.onStop(attempt.abort)
      const { outcome, finished } = await bringToEnd(held, attempt)
      log.debug({ outcome: outcome.kind }, 'the child is done')
      span.set({ 'broadsheet.outcome': outcome.kind })
      if (outcome.kind === 'failed') span.fail(outcome.failure.code)
      else if (outcome.kind === 'died') span.fail('WORKER_LOST')
      if (outcome.kind === 'promoted' && finished) await succeed(held, finished)
      else await giveUp(held, attempt, outcome)
    } finally {
      deps.children.giveBack(child)
    }
  }

  async function bringToEnd(held: Held, attempt: ChildAttempt): Promise<{ outcome: Outcome; finished?: Finished }> {
    const outcome = await attempt.outcome
    if ('steps' in outcome) tell(outcome.steps)
    if (outcome.kind !== 'finished') return { outcome }
    if (held.stop || attempt.timedOut || !held.mayWrite()) return { outcome: await attempt.abandon() }
    const promoted = await tracer.inSpan('promote', {}, attempt.promote)
    return { outcome: promoted, finished: outcome }
  }

  /** The child's own times, under the attempt. */
  function tell(steps: readonly Step[] = []): void {
    for (const { name, from, until } of steps)
      tracer.start(name, { at: from }).end(until === null ? 'not ended' : undefined, until ?? undefined)
  }

  async function succeed(held: Held, { document, preview, retentionSeconds }: Finished): Promise<void> {
    const { claimed } = held
    const event = await tracer.inSpan('commit', {}, () =>
      held.persist(() => holding.succeed(claimed, document, preview, retentionSeconds)),
    )
    // LOST: whether the commit came through is not known, so the bytes stay; the sweep looks at them later.
    if (event === 'LOST') return
    if (event) return publish(held, event)
    await remove(held)
    await write(held, () => holding.canceled(claimed, held.last))
  }

  async function giveUp(held: Held, attempt: ChildAttempt, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'died' && held.stop !== 'LOST')
      await Promise.all([remove(held), new Promise((ended) => setTimeout(ended, QUERY_ENDS_WITHIN))])
    await conclude(held, reasonOf(attempt, outcome))
  }

  /** The attempt has left no document: what becomes of the report. */
  async function conclude(held: Held, failure: Failure): Promise<void> {
    const { claimed, stop } = held
    if (stop === 'LOST') return
    if (stop === 'DRAIN' && (await write(held, () => holding.handBack(claimed, held.last)))) return
    if (stop === null && (await write(held, () => holding.fail(claimed, failure, held.last)))) return
    await write(held, () => holding.canceled(claimed, held.last))
  }

  function reasonOf(attempt: ChildAttempt, outcome: Outcome): Failure {
    if (attempt.timedOut) return TIMEOUT
    if (outcome.kind === 'failed') return outcome.failure
    const how = outcome.kind === 'died' ? outcome.how : outcome.kind
    return {
      code: 'WORKER_LOST',
      message: `The process that wrote the report ended (${how}): it may have run out of memory.`,
      retryable: true,
    }
  }

  /** True where the attempt's end is known now: committed and told, or not ours to tell any more. */
  async function write(held: Held, work: () => Promise<ProgressEvent | null>): Promise<boolean> {
    const event = await tracer.inSpan('commit', {}, () => held.persist(work))
    if (event && event !== 'LOST') publish(held, event)
    return event !== null
  }

  function publish({ log }: Held, event: ProgressEvent): void {
    deps.publisher.publish({ kind: 'CHANGED', event })
    log.info({ status: event.status, rows: event.rowsWritten, bytes: event.bytesWritten }, 'the attempt has ended')
  }

  async function remove({ claimed, log }: Held): Promise<void> {
    await store
      .remove(documentKey(claimed))
      .catch((error: unknown) => log.warn({ err: error }, 'bytes that no report names are left to the sweep'))
  }

  return {
    /** Never rejects. Resolves when nothing of the attempt runs any more. @param since the monotonic moment before the claim. */
    async carry(claimed: Claimed, since: number): Promise<void> {
      const held = deps.holder.hold(claimed, since)
      await tracer.inSpan('attempt', spanOf(claimed, since), async (span) => {
        const { traceparent } = span
        tracer.start('claim', { parent: traceparent, at: timeOf(since) }).end()
        try {
          await carry(held, span)
        } catch (error) {
          const failure = failureOf(error, held.log)
          await conclude(held, failure).catch((again: unknown) =>
            held.log.error({ err: again }, 'the report is left to its lease'),
          )
        } finally {
          held.release()
        }
      })
    },
  }
}

/** From the claim on, in the trace of who asked. */
function spanOf({ id, typeName, attempt, tenantId, traceparent }: Claimed, since: number) {
  return {
    kind: 'CONSUMER',
    parent: traceparent,
    at: timeOf(since),
    attributes: {
      'broadsheet.report.id': id,
      'broadsheet.report.type': typeName,
      'broadsheet.attempt': attempt,
      'broadsheet.tenant': tenantId,
    },
  } as const
}

function orderOf(
  claimed: Claimed,
  { kind, text }: KeptDefinition,
  parameters: { [name: string]: Json },
  uploads: Order['uploads'],
): Order {
  return {
    reportId: claimed.id,
    tenantId: claimed.tenantId,
    viewerId: claimed.requestedBy,
    attempt: claimed.attempt,
    key: documentKey(claimed),
    typeName: claimed.typeName,
    kind,
    definition: text,
    parameters,
    uploads,
    format: claimed.format,
    compression: claimed.compression,
    csvDialect: claimed.csvDialect,
    timeZone: claimed.timeZone,
    requestedAt: claimed.createdAt,
  }
}
