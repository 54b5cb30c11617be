import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from 'ioredis'
import { Unavailable } from '../../src/errors.ts'
import { encodeChange, reportChannel } from '../../src/progress/event.ts'
import { openPubSub } from '../../src/progress/redis.ts'
import { createSubscriptions } from '../../src/progress/subscriptions.ts'
import { ownRedis } from '../support/own-redis.ts'
import {
  closeAll,
  closers,
  collect,
  connected,
  event,
  fresh,
  log,
  sequences,
  setup,
  subscribers,
} from '../support/progress-scene.ts'
import { until } from '../support/until.ts'

afterEach(closeAll)

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
