import { DeliveryFailed, type ChannelName } from '../src/channels/channel.ts'
import type { Channels } from '../src/channels/index.ts'
import type { Fate } from '../src/delivery/fate.ts'
import { outcomeOf } from '../src/delivery/outcome.ts'
import { pauseAfter, type Tries } from '../src/delivery/pauses.ts'
import type { Secrets } from '../src/delivery/secrets.ts'
import { LEASE_SECONDS, type Taken } from '../src/delivery/take.ts'
import type { Links } from '../src/document/links.ts'
import { NotFound, Unavailable } from '../src/errors.ts'
import { mayManage } from '../src/identity/policy.ts'
import type { Log } from '../src/log.ts'
import type { ProgressEvent } from '../src/progress/event.ts'
import type { Publisher } from '../src/progress/publisher.ts'
import type { Store } from '../src/stores/store.ts'
import type { Tracer } from '../src/tracing/tracer.ts'

/** Longest try by channel, in milliseconds; each channel has bounds of its own below these. */
const LONGEST_TRY: Readonly<Record<ChannelName, number>> = {
  WEBHOOK: 20_000,
  EMAIL: 130_000,
  BUCKET: 1_800_000,
  WAREHOUSE: 1_800_000,
}
/** A channel that does not end after the signal is not waited for, in milliseconds. */
const GRACE = 2_000
/** A refusal that comes within this is an answer, in milliseconds. */
const SOON = 1_000
/** A worker stops so long before its lease is over on the database's clock, and asks it so often, in milliseconds. */
const MARGIN = 2_500
const AGAIN_AFTER = 300

/** LOST: somebody else may try it by now, so nothing is written any more. */
type Stop = 'TIMEOUT' | 'DRAIN' | 'LOST'

export interface TryParts {
  channels: Channels
  secrets: Secrets
  store: Pick<Store, 'read' | 'objectUrl'>
  links: Links
  publisher: Pick<Publisher, 'publish'>
  fate: Fate
  tries: Tries
  tracer: Tracer
  log: Log
}

interface Failed {
  readonly why: string
  readonly retryable: boolean
}

export interface Try {
  readonly taken: Taken
  /** Never rejects. Whether the destination answers in good time; null: nothing was learned of it. */
  run(): Promise<boolean | null>
  stop(reason: Stop): void
  /** The lease was renewed at this monotonic moment. */
  confirmed(at: number): void
  isHeld(): boolean
}

/** One try at one delivery, from the claim to the word that ends it. @param since the monotonic moment before the claim. */
export function createTry(taken: Taken, since: number, parts: TryParts): Try {
  const { fate, publisher, tries } = parts
  const log = parts.log.child({ deliveryId: taken.id, reportId: taken.reportId, attempt: taken.attempt })
  const abort = new AbortController()
  let heldSince = since
  let begun = since
  let stopped: Stop | null = null
  const isHeld = () => performance.now() - heldSince < LEASE_SECONDS * 1000 - MARGIN

  function stop(reason: Stop): void {
    if (stopped === reason || stopped === 'LOST' || (stopped !== null && reason !== 'LOST')) return
    stopped = reason
    abort.abort(new DeliveryFailed('The try was called off.', { retryable: true }))
  }

  async function run(): Promise<boolean | null> {
    const timer = setTimeout(() => stop('TIMEOUT'), LONGEST_TRY[taken.channel])
    begun = performance.now()
    try {
      return await parts.tracer.inSpan('delivery', spanOf(taken), async (span) => {
        const failed = await handOver(taken, abort.signal, parts)
        if (failed) span.fail('DELIVERY_FAILED')
        return conclude(failed)
      })
    } catch (error) {
      log.error({ err: error }, 'the delivery is left to its lease')
      return null
    } finally {
      clearTimeout(timer)
    }
  }

  async function conclude(failed: Failed | null): Promise<boolean | null> {
    if (stopped === 'LOST') return null
    if (!failed) {
      await write(() => fate.succeed(taken))
      return true
    }
    if (stopped === 'DRAIN') {
      await write(() => fate.handBack(taken))
      return null
    }
    const why = stopped === 'TIMEOUT' ? 'The try took too long and was called off.' : failed.why
    const retryable = failed.retryable || stopped === 'TIMEOUT'
    const pause = retryable ? pauseAfter(taken.charged, tries, Math.random()) : null
    log.info({ channel: taken.channel, why, pause }, pause === null ? 'the delivery has failed' : 'the try has failed')
    const soon = performance.now() - begun < SOON
    await write(() => fate.fail(taken, why, pause))
    // Who says no at once keeps nobody waiting: one bad path of a host is no reason to set all the others aside.
    return retryable && soon ? null : !retryable
  }

  /** Asks the database until it answers or the lease is over: then somebody else tries it, with the same id. */
  async function write(work: () => Promise<ProgressEvent | null>): Promise<void> {
    for (;;) {
      try {
        const event = await work()
        if (event) publisher.publish({ kind: 'CHANGED', event })
        else log.warn('somebody else has the delivery by now')
        return
      } catch (error) {
        if (!(error instanceof Unavailable) || !isHeld()) throw error
        log.debug({ err: error }, 'the database is asked again')
      }
      await new Promise((again) => setTimeout(again, AGAIN_AFTER))
    }
  }

  return {
    taken,
    run,
    stop,
    isHeld,
    confirmed(at) {
      heldSince = Math.max(heldSince, at)
    },
  }
}

/** In the trace of who asked for the report. */
function spanOf({ id, reportId, channel, attempt, report }: Taken) {
  return {
    kind: 'CLIENT',
    parent: report.traceparent,
    attributes: {
      'broadsheet.report.id': reportId,
      'broadsheet.delivery.id': id,
      'broadsheet.delivery.channel': channel,
      'broadsheet.attempt': attempt,
    },
  } as const
}

/** Null: it has arrived. */
async function handOver(taken: Taken, signal: AbortSignal, parts: TryParts): Promise<Failed | null> {
  const { channels, secrets, tries } = parts
  const channel = channels.get(taken.channel)
  if (!channel) return { why: 'The worker does not know this channel.', retryable: true }
  if (taken.charged > tries.most) return { why: 'The workers that tried it were lost.', retryable: false }
  if (taken.role === null) return { why: 'Who asked for this delivery was removed.', retryable: false }
  if (!mayManage({ tenantId: taken.tenantId, userId: taken.createdBy, role: taken.role }, taken))
    return { why: 'Who asked for this delivery may not manage the report any more.', retryable: false }
  if (channel.allows?.(taken.target, taken.role, taken.email) === false)
    return { why: 'Who asked for this delivery may not reach its target any more.', retryable: false }
  const outcome = outcomeOf(taken, parts)
  if (!outcome) return { why: GONE, retryable: false }
  const secret = taken.secret && secrets.open(taken.secret, taken.tenantId)
  if (taken.secret && secret === null)
    return { why: 'Its secret can not be read: BROADSHEET_SECRET was changed.', retryable: true }
  try {
    await orAborted(channel.deliver(taken.target, { deliveryId: taken.id, outcome, secret, signal }), signal)
    return null
  } catch (error) {
    if (error instanceof DeliveryFailed) {
      parts.log.debug({ err: error, deliveryId: taken.id }, 'a try has failed')
      return { why: error.message, retryable: error.retryable }
    }
    if (error instanceof NotFound) return { why: GONE, retryable: false }
    if (error instanceof Unavailable) return { why: error.message, retryable: true }
    parts.log.error({ err: error, deliveryId: taken.id }, 'a channel failed in a way that nobody foresaw')
    return { why: 'Something went wrong here; it is tried again.', retryable: true }
  }
}

const GONE = 'The document had ended before it was delivered.'

/** The work, or the signal's reason a moment after it was given, where the work does not end with it. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const late = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const onAbort = () => void (timer = setTimeout(() => late.reject(signal.reason), GRACE))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([work, late.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(timer)
    void work.catch(() => undefined) // what was left behind was told by the signal
  }
}
