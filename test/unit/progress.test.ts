import { Redis } from 'ioredis'
import { pino } from 'pino'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import {
  encodeChange,
  reportChannel,
  tenantChannel,
  type ChangeKind,
  type ProgressEvent,
} from '../../src/progress/event.ts'
import { createPublisher, type Publisher } from '../../src/progress/publisher.ts'
import { openPubSub } from '../../src/progress/redis.ts'
import { createSubscriber, type TenantNews } from '../../src/progress/subscriber.ts'
import { createSubscriptions } from '../../src/progress/subscriptions.ts'
import { ownRedis } from '../support/own-redis.ts'
import { until } from '../support/until.ts'

const log = pino({ level: 'silent' })
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

let made = 0
/** Ids of its own for each test: the suite's Redis is everybody's. */
function fresh(what: string): string {
  return `${what}-${process.pid}-${(made += 1)}`
}

function event(reportId: string, sequence: number, more: Partial<ProgressEvent> = {}): ProgressEvent {
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
function setup(options: { redisUrl?: string; readEvery?: number } = {}) {
  const redisUrl = options.redisUrl ?? inject('redisUrl')
  const rows = new Map<string, ProgressEvent>()
  const reads: (readonly string[])[] = []
  const hooks = { beforeRead: async () => {} }
  const subscriber = createSubscriber({
    redisUrl,
    log,
    readEvery: options.readEvery ?? 60_000,
    async readProgress(ids) {
      reads.push(ids)
      await hooks.beforeRead()
      return ids.flatMap((id) => rows.get(id) ?? [])
    },
  })
  closers.push(subscriber.close)
  return { rows, reads, hooks, subscriber, redisUrl }
}

async function connected(redisUrl: string): Promise<{ publisher: Publisher; redis: Redis }> {
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
function collect<T>(stream: AsyncIterable<T>) {
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
const sequences = (state: { seen: ProgressEvent[] }) => state.seen.map((each) => each.sequence)
const subscribers = async (redis: Redis, channel: string) => Number((await redis.pubsub('NUMSUB', channel))[1])

describe('watching a report', () => {
  test('the row first, then newer events, the terminal one, and completion', async () => {
    const { rows, subscriber, redisUrl } = setup()
    const { publisher, redis } = await connected(redisUrl)
    const id = fresh('report')
    rows.set(id, event(id, 5))
    const state = collect(subscriber.watch(id))
    await until(() => state.seen.length === 1)
    expect(subscriber.watching).toBe(1)
    publisher.publish({ kind: 'PROGRESSED', event: event(id, 4) })
    publisher.publish({ kind: 'PROGRESSED', event: event(id, 6) })
    await until(() => state.seen.length === 2)
    publisher.publish({ kind: 'CHANGED', event: event(id, 7, { status: 'SUCCEEDED' }) })
    await until(() => state.done)
    expect(sequences(state)).toEqual([5, 6, 7])
    expect(subscriber.watching).toBe(0)
    await until(async () => (await subscribers(redis, reportChannel(id))) === 0)
  })

  test('a finished report gives one event; an id without a row none', async () => {
    const { rows, subscriber } = setup()
    const id = fresh('report')
    rows.set(id, event(id, 9, { status: 'FAILED' }))
    const finished = collect(subscriber.watch(id, { after: 100 }))
    const unknown = collect(subscriber.watch(fresh('nothing')))
    await until(() => finished.done && unknown.done)
    expect(sequences(finished)).toEqual([9])
    expect(unknown.seen).toEqual([])
  })

  test('Redis has acknowledged before the row is read: what is published during the reading is not lost', async () => {
    const { rows, hooks, subscriber, redisUrl } = setup()
    const { redis } = await connected(redisUrl)
    const id = fresh('report')
    rows.set(id, event(id, 5))
    let heardBy = -1
    hooks.beforeRead = async () => {
      heardBy = await redis.publish(reportChannel(id), encodeChange({ kind: 'PROGRESSED', event: event(id, 6) }))
    }
    const state = collect(subscriber.watch(id))
    await until(() => state.seen.length === 2)
    expect(heardBy).toBe(1)
    expect(sequences(state)).toEqual([5, 6])
  })

  test('with "after", only what is newer', async () => {
    const { rows, subscriber, redisUrl } = setup()
    const { publisher, redis } = await connected(redisUrl)
    const id = fresh('report')
    rows.set(id, event(id, 5))
    const state = collect(subscriber.watch(id, { after: 6 }))
    await until(async () => (await subscribers(redis, reportChannel(id))) === 1)
    for (const sequence of [6, 7]) publisher.publish({ kind: 'PROGRESSED', event: event(id, sequence) })
    await until(() => state.seen.length === 1)
    expect(sequences(state)).toEqual([7])
  })

  test('a slow reader gets the latest and the terminal event, and holds no subscription for it', async () => {
    const { rows, subscriber, redisUrl } = setup()
    const { redis } = await connected(redisUrl)
    const [id, other] = [fresh('report'), fresh('report')]
    rows.set(id, event(id, 0)).set(other, event(other, 0))
    const slow = subscriber.watch(id)
    const reading = subscriber.watch(other)
    expect((await slow.next()).value).toMatchObject({ sequence: 0 })
    await reading.next()
    for (let sequence = 1; sequence <= 3_000; sequence += 1) {
      void redis.publish(reportChannel(id), encodeChange({ kind: 'PROGRESSED', event: event(id, sequence) }))
    }
    // On one connection, so what comes after it in the other stream was behind it here too.
    void redis.publish(reportChannel(other), encodeChange({ kind: 'PROGRESSED', event: event(other, 1) }))
    await reading.next()
    expect((await slow.next()).value).toMatchObject({ sequence: 3_000 })
    void redis.publish(
      reportChannel(id),
      encodeChange({ kind: 'CHANGED', event: event(id, 3_001, { status: 'CANCELED' }) }),
    )
    void redis.publish(
      reportChannel(id),
      encodeChange({ kind: 'CHANGED', event: event(id, 3_002, { status: 'QUEUED' }) }),
    )
    await until(async () => (await subscribers(redis, reportChannel(id))) === 0)
    expect((await slow.next()).value).toMatchObject({ sequence: 3_001 })
    expect((await slow.next()).done).toBe(true)
  })

  test('a lost publish costs no more than the next reading, and one statement reads all', async () => {
    const { rows, reads, subscriber } = setup({ readEvery: 100 })
    const ids = [fresh('report'), fresh('report'), fresh('report')]
    for (const id of ids) rows.set(id, event(id, 1))
    const states = ids.map((id) => collect(subscriber.watch(id)))
    const again = collect(subscriber.watch(ids[0]!))
    await until(() => again.seen.length === 1 && states.every((state) => state.seen.length === 1))
    reads.length = 0
    for (const id of ids) rows.set(id, event(id, 2, { status: 'SUCCEEDED' }))
    await until(() => again.done && states.every((state) => state.done))
    expect(reads[0]!.toSorted()).toEqual(ids.toSorted())
    for (const state of states) expect(sequences(state)).toEqual([1, 2])
    const count = reads.length
    const start = performance.now()
    await until(() => performance.now() - start > 350)
    expect(reads.length, 'nobody watches, nothing is read').toBe(count)
  })

  test('readings do not overlap, and one that fails is tried again', async () => {
    const { rows, hooks, subscriber } = setup({ readEvery: 20 })
    const id = fresh('report')
    rows.set(id, event(id, 1))
    const state = collect(subscriber.watch(id))
    await until(() => state.seen.length === 1)
    let [under, most, calls] = [0, 0, 0]
    hooks.beforeRead = async () => {
      calls += 1
      most = Math.max(most, (under += 1))
      const end = performance.now() + 70
      await until(() => performance.now() > end)
      under -= 1
      if (calls < 4) throw new Error('no database')
    }
    await until(() => calls >= 4)
    rows.set(id, event(id, 2, { status: 'SUCCEEDED' }))
    await until(() => state.done)
    expect(most).toBe(1)
    expect(state.error).toBeUndefined()
  })

  test('where the row cannot be read, the reader is told', async () => {
    const { hooks, subscriber } = setup()
    hooks.beforeRead = () => Promise.reject(new Unavailable('The database does not answer.'))
    const state = collect(subscriber.watch(fresh('report')))
    await until(() => state.done)
    expect(state.error).toBeInstanceOf(Unavailable)
    expect(subscriber.watching).toBe(0)
  })

  test('a deleted report completes the stream: by message, or by its missing row', async () => {
    const { rows, subscriber, redisUrl } = setup({ readEvery: 50 })
    const { publisher } = await connected(redisUrl)
    const [told, missing] = [fresh('report'), fresh('report')]
    rows.set(told, event(told, 1)).set(missing, event(missing, 1))
    const states = [collect(subscriber.watch(told)), collect(subscriber.watch(missing))]
    await until(() => states.every((state) => state.seen.length === 1))
    publisher.publish({ kind: 'DELETED', event: event(told, 2) })
    await until(() => states[0]!.done)
    expect(states[1]!.done).toBe(false)
    rows.delete(missing)
    await until(() => states[1]!.done)
  })

  test('return() and the signal end a stream that waits, also before it began', async () => {
    const { rows, subscriber, redisUrl } = setup()
    const { redis } = await connected(redisUrl)
    const id = fresh('report')
    rows.set(id, event(id, 1))
    const returned = subscriber.watch(id)
    await returned.next()
    const waiting = returned.next()
    await returned.return?.()
    expect((await waiting).done).toBe(true)

    const aborted = new AbortController()
    const state = collect(subscriber.watch(id, { signal: aborted.signal }))
    await until(() => state.seen.length === 1)
    aborted.abort()
    await until(() => state.done)

    const never = subscriber.watch(id, { signal: AbortSignal.abort() })
    expect((await never.next()).done).toBe(true)
    const unread = subscriber.watch(id)
    await unread.return?.()
    expect((await unread.next()).done).toBe(true)
    expect(subscriber.watching).toBe(0)
    await until(async () => (await subscribers(redis, reportChannel(id))) === 0)
  })

  test('comings and goings on one channel leave it subscribed exactly while somebody watches', async () => {
    const { rows, subscriber, redisUrl } = setup()
    const { publisher, redis } = await connected(redisUrl)
    const id = fresh('report')
    rows.set(id, event(id, 1))
    for (let round = 0; round < 30; round += 1) {
      const going = subscriber.watch(id)
      const first = going.next()
      if (round % 3 === 0) await first
      if (round % 3 === 1) await new Promise(setImmediate)
      void going.return?.()
      await first
      const staying = subscriber.watch(id)
      expect((await staying.next()).value).toMatchObject({ sequence: 1 })
      publisher.publish({ kind: 'PROGRESSED', event: event(id, 2 + round) })
      expect((await staying.next()).value).toMatchObject({ sequence: 2 + round })
      void staying.return?.()
      if (round % 2 === 0) await new Promise(setImmediate)
    }
    await until(async () => (await subscribers(redis, reportChannel(id))) === 0)
  })

  test('the answer to an earlier SUBSCRIBE, taken back since, is not taken for the answer to the last', async () => {
    const own = await ownRedis()
    closers.push(own.stop)
    const pubSub = openPubSub({ redisUrl: own.url, log })
    closers.push(pubSub.close)
    const acknowledged: string[] = []
    const subscriptions = createSubscriptions({
      pubSub,
      log,
      onMessage: () => undefined,
      onLive: (channels) => void acknowledged.push(...channels),
    })
    closers.push(subscriptions.close)
    await until(() =>
      pubSub.ping().then(
        () => true,
        () => false,
      ),
    )
    own.freeze()
    subscriptions.want('a')
    await new Promise(setImmediate)
    subscriptions.drop('a')
    await new Promise(setImmediate)
    subscriptions.want('a')
    await new Promise(setImmediate)
    own.thaw()
    expect(await subscriptions.live('a', 5_000)).toBe(true)
    await pubSub.ping()
    expect(acknowledged).toEqual(['a'])
    const redis = new Redis(own.url)
    closers.push(() => redis.disconnect())
    expect(await subscribers(redis, 'a')).toBe(1)
  })

  test('what is no event of this version is passed over', async () => {
    const { rows, subscriber, redisUrl } = setup()
    const { redis, publisher } = await connected(redisUrl)
    const id = fresh('report')
    rows.set(id, event(id, 1))
    const state = collect(subscriber.watch(id))
    await until(() => state.seen.length === 1)
    await redis.publish(reportChannel(id), 'nonsense')
    await redis.publish(reportChannel(id), '[99]')
    publisher.publish({ kind: 'CHANGED', event: event(id, 2, { status: 'SUCCEEDED' }) })
    await until(() => state.done)
  })

  test('a thousand come at once: few commands, few statements', async () => {
    const own = await ownRedis()
    closers.push(own.stop)
    const { rows, reads, subscriber, redisUrl } = setup({ redisUrl: own.url })
    const { redis, publisher } = await connected(redisUrl)
    const ids = Array.from({ length: 1_000 }, () => fresh('report'))
    for (const id of ids) rows.set(id, event(id, 1))
    const states = ids.map((id) => collect(subscriber.watch(id)))
    await until(() => states.every((state) => state.seen.length === 1))
    expect(reads.length).toBeLessThan(20)
    const calls = Number(/cmdstat_subscribe:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1])
    expect(calls).toBeLessThan(10)
    for (const id of ids) publisher.publish({ kind: 'CHANGED', event: event(id, 2, { status: 'SUCCEEDED' }) })
    await until(() => states.every((state) => state.done))
    expect(subscriber.watching).toBe(0)
  })
})

describe('a tenant', () => {
  test('READY, then changes at once and progress at most twice a second', async () => {
    const { subscriber, redisUrl } = setup()
    const { publisher } = await connected(redisUrl)
    const tenantId = fresh('tenant')
    const state = collect<TenantNews>(subscriber.listen(tenantId))
    await until(() => state.seen.length === 1)
    const say = (kind: ChangeKind, sequence: number, more: Partial<ProgressEvent> = {}) =>
      publisher.publish({ kind, event: event('r', sequence, { tenantId, ...more }) })
    say('CREATED', 1, { status: 'QUEUED' })
    await until(() => state.seen.length === 2)
    const start = performance.now()
    for (let sequence = 2; performance.now() - start < 900; sequence += 1) {
      say('PROGRESSED', sequence)
      await new Promise(setImmediate)
    }
    say('CHANGED', 1_000_000, { status: 'SUCCEEDED' })
    await until(() => state.seen.some((news) => news.kind === 'CHANGED'))
    const kinds = state.seen.map((news) => news.kind)
    expect(kinds).toEqual(['READY', 'CREATED', 'PROGRESSED', 'PROGRESSED', 'CHANGED'])
    const foreign = collect<TenantNews>(subscriber.listen(fresh('tenant')))
    await until(() => foreign.seen.length === 1)
    say('DELETED', 1_000_001)
    await until(() => state.seen.at(-1)?.kind === 'DELETED')
    expect(foreign.seen).toEqual([{ kind: 'READY' }])
  })

  test('READY means subscribed', async () => {
    const { subscriber, redisUrl } = setup()
    const { redis } = await connected(redisUrl)
    const tenantId = fresh('tenant')
    const stream = subscriber.listen(tenantId)
    expect((await stream.next()).value).toEqual({ kind: 'READY' })
    expect(await subscribers(redis, tenantChannel(tenantId))).toBe(1)
    await stream.return?.()
    await until(async () => (await subscribers(redis, tenantChannel(tenantId))) === 0)
  })
})

describe('when Redis fails', () => {
  test('a restart: rows are read again, dashboards RESYNC, messages flow again', async () => {
    const own = await ownRedis()
    closers.push(own.stop)
    const { rows, subscriber } = setup({ redisUrl: own.url })
    const [id, ended] = [fresh('report'), fresh('report')]
    rows.set(id, event(id, 1)).set(ended, event(ended, 1))
    const state = collect(subscriber.watch(id))
    const endedState = collect(subscriber.watch(ended))
    const tenant = collect<TenantNews>(subscriber.listen('tenant'))
    await until(() => state.seen.length === 1 && endedState.seen.length === 1 && tenant.seen.length === 1)
    await own.stop()
    rows.set(id, event(id, 2)).set(ended, event(ended, 2, { status: 'SUCCEEDED' }))
    await own.start()
    await until(() => endedState.done && state.seen.length === 2)
    await until(() => tenant.seen.length === 2)
    expect(tenant.seen).toEqual([{ kind: 'READY' }, { kind: 'RESYNC' }])
    const { publisher } = await connected(own.url)
    publisher.publish({ kind: 'CHANGED', event: event(id, 3, { status: 'SUCCEEDED' }) })
    await until(() => state.done && tenant.seen.length === 3)
    expect(sequences(state)).toEqual([1, 2, 3])
  })

  test('away from the start: the readings alone must do; and it is used as soon as it comes', async () => {
    const own = await ownRedis({ started: false })
    closers.push(own.stop)
    const { rows, subscriber } = setup({ redisUrl: own.url, readEvery: 100 })
    const publisher = createPublisher({ redisUrl: own.url, log })
    closers.push(publisher.close)
    const id = fresh('report')
    rows.set(id, event(id, 1))
    const state = collect(subscriber.watch(id))
    const tenant = collect<TenantNews>(subscriber.listen('tenant'))
    await until(() => state.seen.length === 1, { timeout: 1_500 })
    rows.set(id, event(id, 2))
    await until(() => state.seen.length === 2)
    await expect(subscriber.ping()).rejects.toBeInstanceOf(Unavailable)
    publisher.publish({ kind: 'CHANGED', event: event(id, 3) })
    await own.start()
    await until(() =>
      subscriber.ping().then(
        () => true,
        () => false,
      ),
    )
    await until(() =>
      publisher.ping().then(
        () => true,
        () => false,
      ),
    )
    await until(() => tenant.seen.at(-1)?.kind === 'RESYNC')
    publisher.publish({ kind: 'CHANGED', event: event(id, 4, { status: 'SUCCEEDED' }) })
    await until(() => state.done)
    expect(sequences(state)).toEqual([1, 2, 4])
  })

  test('a frozen one: publishing returns at once and keeps little, ping says so, the connection is renewed', async () => {
    const own = await ownRedis()
    closers.push(own.stop)
    const { rows, subscriber } = setup({ redisUrl: own.url })
    const { publisher } = await connected(own.url)
    const id = fresh('report')
    rows.set(id, event(id, 1))
    const state = collect(subscriber.watch(id))
    await until(() => state.seen.length === 1)
    own.freeze()
    const heap = process.memoryUsage().heapUsed
    const start = performance.now()
    for (let sequence = 2; sequence < 50_000; sequence += 1)
      publisher.publish({ kind: 'PROGRESSED', event: event(id, sequence) })
    expect(performance.now() - start).toBeLessThan(2_000)
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(60 * 1024 * 1024)
    const asked = performance.now()
    await expect(subscriber.ping()).rejects.toBeInstanceOf(Unavailable)
    expect(performance.now() - asked).toBeLessThan(1_300)
    // The subscriber's connection is dropped though the server never says a word: within 15 s.
    rows.set(id, event(id, 100_000))
    const pinged = performance.now()
    await until(
      async () => {
        const refused = await subscriber.ping().then(
          () => '',
          (error: Unavailable) => String(error.cause),
        )
        return refused.includes("isn't writeable")
      },
      { timeout: 15_000 },
    )
    console.log(`silence noticed after ${Math.round(performance.now() - pinged + 1_000)} ms`)
    own.thaw()
    await until(() => state.seen.at(-1)?.sequence === 100_000)
  })

  test('closing is quick, completes the streams, and leaves no socket', async () => {
    const own = await ownRedis()
    closers.push(own.stop)
    const before = sockets()
    for (const frozen of [false, true]) {
      const { rows, subscriber } = setup({ redisUrl: own.url })
      const publisher = createPublisher({ redisUrl: own.url, log })
      const id = fresh('report')
      rows.set(id, event(id, 1))
      const state = collect(subscriber.watch(id))
      await until(() => state.seen.length === 1)
      await until(() =>
        publisher.ping().then(
          () => true,
          () => false,
        ),
      )
      if (frozen) own.freeze()
      publisher.publish({ kind: 'PROGRESSED', event: event(id, 2) })
      const start = performance.now()
      await Promise.all([subscriber.close(), publisher.close()])
      await until(() => state.done && sockets() <= before)
      expect(performance.now() - start).toBeLessThan(1_000)
    }
  })
})

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'TCPConnectWrap').length
}
