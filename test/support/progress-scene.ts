import { Redis } from 'ioredis'
import { pino } from 'pino'
import { inject } from 'vitest'
import type { ProgressEvent } from '../../src/progress/event.ts'
import { createPublisher, type Publisher } from '../../src/progress/publisher.ts'
import { createSubscriber } from '../../src/progress/subscriber.ts'
import { until } from './until.ts'

export const log = pino({ level: 'silent' })
/** What a test has opened. */
export const closers: (() => unknown)[] = []
/** After each test: closes what it has opened, the last first. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close()
}

let made = 0
/** Ids of its own for each test: the suite's Redis is everybody's. */
export function fresh(what: string): string {
  return `${what}-${process.pid}-${(made += 1)}`
}

export function event(reportId: string, sequence: number, more: Partial<ProgressEvent> = {}): ProgressEvent {
  return {
    reportId,
    tenantId: 'tenant',
    sequence,
    status: 'RUNNING',
    stage: 'WRITING',
    attempt: 1,
    percent: null,
    rowsWritten: 0,
    rowsTotal: null,
    bytesWritten: 0,
    message: null,
    etaSeconds: null,
    at: 0,
    ...more,
  }
}

/** The rows, and a subscriber that reads them. */
export function setup(options: { redisUrl?: string; readEvery?: number } = {}) {
  const redisUrl = options.redisUrl ?? inject('redisUrl')
  const rows = new Map<string, ProgressEvent>()
  const reads: (readonly string[])[] = []
  const hooks = { beforeRead: async () => {} }
  const subscriber = createSubscriber({
    redisUrl,
    log,
    readEvery: options.readEvery ?? 60_000,
    async readProgress(known) {
      reads.push([...known.keys()])
      await hooks.beforeRead()
      return {
        rows: [...known].flatMap(
          ([id, sequence]) => [rows.get(id)].filter((row) => row && row.sequence > sequence) as ProgressEvent[],
        ),
        gone: [...known.keys()].filter((id) => !rows.has(id)),
      }
    },
    readSchedules: () => Promise.resolve(new Map()),
  })
  closers.push(subscriber.close)
  return { rows, reads, hooks, subscriber, redisUrl }
}

export async function connected(redisUrl: string): Promise<{ publisher: Publisher; redis: Redis }> {
  const publisher = createPublisher({ redisUrl, log })
  const redis = new Redis(redisUrl)
  redis.on('error', () => undefined)
  closers.push(publisher.close, () => redis.disconnect())
  await until(() =>
    publisher.ping().then(
      () => true,
      () => false,
    ),
  )
  return { publisher, redis }
}

/** Reads on in the background: what came, and whether it is over. */
export function collect<T>(stream: AsyncIterable<T>) {
  const seen: T[] = []
  const state = { seen, done: false, error: undefined as unknown }
  void (async () => {
    try {
      for await (const item of stream) seen.push(item)
    } catch (error) {
      state.error = error
    }
    state.done = true
  })()
  return state
}
export const sequences = (state: { seen: ProgressEvent[] }) => state.seen.map((each) => each.sequence)
export const subscribers = async (redis: Redis, channel: string) => Number((await redis.pubsub('NUMSUB', channel))[1])
