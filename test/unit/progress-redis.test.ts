import { afterEach, describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { tenantChannel, type ChangeKind, type ProgressEvent } from '../../src/progress/event.ts'
import { createPublisher } from '../../src/progress/publisher.ts'
import type { TenantNews } from '../../src/progress/subscriber.ts'
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
      // On a connection that is kept alive one may still be asked for.
      const late = [subscriber.watch(id), subscriber.listen('tenant'), subscriber.listenSchedules('tenant')]
      for (const stream of late) expect(await stream.next()).toEqual({ done: true, value: undefined })
      expect(subscriber.watching).toBe(0)
    }
  })
})

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'TCPConnectWrap').length
}
