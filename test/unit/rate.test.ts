import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { isAbove, readRate, writeRate } from '../../src/limits.ts'
import { createLog } from '../../src/log.ts'
import { createBuckets } from '../../src/rate/buckets.ts'
import { createRateLimit, type RateLimit } from '../../src/rate/rate-limit.ts'
import { ownRedis, type OwnRedis } from '../support/own-redis.ts'
import { until } from '../support/until.ts'

const log = createLog({ level: 'fatal', process: 'test' })
const TEN_A_SECOND = { most: 10, seconds: 1 }

describe('a rate as it is written', () => {
  test.each([
    ['50', { most: 50, seconds: 1 }, '50/s'],
    ['50/s', { most: 50, seconds: 1 }, '50/s'],
    [' 600/m ', { most: 600, seconds: 60 }, '600/m'],
    ['100000/h', { most: 100_000, seconds: 3_600 }, '100000/h'],
  ])('%s', (text, rate, written) => {
    expect(readRate(text)).toEqual(rate)
    expect(writeRate(rate)).toBe(written)
  })

  test.each(['', '0', '-1', '1.5', '10/d', '10 / s', 'ten', '99999999', '1e3', 'Infinity'])('%j is none', (text) => {
    expect(readRate(text)).toBeNull()
  })

  test('is above another at once or in the long run', () => {
    const rate = { most: 600, seconds: 60 }
    expect(isAbove({ most: 600, seconds: 60 }, rate)).toBe(false)
    expect(isAbove({ most: 10, seconds: 1 }, rate)).toBe(false)
    expect(isAbove({ most: 11, seconds: 1 }, rate)).toBe(true)
    expect(isAbove({ most: 601, seconds: 3_600 }, rate)).toBe(true)
  })
})

describe('buckets of a process', () => {
  test('let so many through at once, then so many in a time, and tell the wait', () => {
    let now = 0
    const buckets = createBuckets(() => now)
    const take = () => buckets.take('a', TEN_A_SECOND)
    expect(Array.from({ length: 11 }, take)).toEqual([...Array.from({ length: 10 }, () => 0), 100])
    now += 60
    expect(take()).toBe(40)
    now += 40
    expect([take(), take()]).toEqual([0, 100])
    now += 3_600_000
    expect(Array.from({ length: 11 }, take).filter((wait) => wait > 0)).toEqual([100])
    expect(buckets.take('b', TEN_A_SECOND)).toBe(0)
  })

  test('take back, and are never fuller than full', () => {
    const buckets = createBuckets(() => 0)
    buckets.giveBack('a', TEN_A_SECOND)
    for (let n = 0; n < 10; n++) expect(buckets.take('a', TEN_A_SECOND)).toBe(0)
    buckets.giveBack('a', TEN_A_SECOND)
    expect(buckets.take('a', TEN_A_SECOND)).toBe(0)
    expect(buckets.take('a', TEN_A_SECOND)).toBe(100)
  })

  test('forget who was silent longest', () => {
    const buckets = createBuckets(() => 0)
    const once = { most: 1, seconds: 60 }
    expect(buckets.take('first', once)).toBe(0)
    for (let n = 0; n < 9_999; n++) buckets.take(`one of many ${n}`, once)
    expect(buckets.take('first', once)).toBeGreaterThan(0)
    for (let n = 0; n < 10_000; n++) buckets.take(`one of more ${n}`, once)
    expect(buckets.take('first', once)).toBe(0)
  })
})

describe('a rate over all processes', () => {
  const caller = () => `test ${crypto.randomUUID()}`
  let one: RateLimit
  let other: RateLimit
  beforeAll(async () => {
    const redisUrl = inject('redisUrl')
    ;[one, other] = [createRateLimit({ redisUrl, log }), createRateLimit({ redisUrl, log })]
    // Until both are connected each decides alone.
    await until(async () => {
      const who = caller()
      const waits = [await one.take(who, { most: 1, seconds: 60 }), await other.take(who, { most: 1, seconds: 60 })]
      return waits[1]! > 0
    })
  })
  afterAll(() => {
    one.close()
    other.close()
  })

  test('is one bucket, and tells when there is a token again', async () => {
    const who = caller()
    const rate = { most: 10, seconds: 60 }
    const waits = await Promise.all(Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? one : other).take(who, rate)))
    expect(waits.filter((wait) => wait === 0)).toHaveLength(10)
    for (const wait of waits.filter((each) => each > 0)) {
      expect(wait).toBeGreaterThan(4_000)
      expect(wait).toBeLessThanOrEqual(6_000)
    }
    expect(await one.take(caller(), rate)).toBe(0)
  })

  test('fills up again, at its own pace', async () => {
    const who = caller()
    for (let n = 0; n < 20; n++) await one.take(who, { most: 5, seconds: 1 })
    const start = performance.now()
    let passed = 0
    await until(async () => (passed += (await other.take(who, { most: 5, seconds: 1 })) === 0 ? 1 : 0) >= 3)
    const took = performance.now() - start
    // The first of the three was on its way already.
    expect(took).toBeGreaterThan(350)
    expect(took).toBeLessThan(2_000)
  })
})

describe('without Redis', () => {
  let redis: OwnRedis
  beforeAll(async () => void (redis = await ownRedis({ started: false })))
  afterAll(() => redis.stop())

  test('a process goes on by itself, within the same bounds, and takes turns with others again when Redis is back', async () => {
    const rate = { most: 10, seconds: 60 }
    const [one, other] = [createRateLimit({ redisUrl: redis.url, log }), createRateLimit({ redisUrl: redis.url, log })]
    try {
      const start = performance.now()
      const waits = await Promise.all(Array.from({ length: 30 }, () => one.take('alone', rate)))
      expect(waits.filter((wait) => wait === 0)).toHaveLength(10)
      expect(performance.now() - start).toBeLessThan(500)

      await redis.start()
      await until(async () => {
        const who = crypto.randomUUID()
        await one.take(who, { most: 1, seconds: 60 })
        return (await other.take(who, { most: 1, seconds: 60 })) > 0
      })

      // Frozen: connected, and no answer. One wait at most for all that come, and then none for a second.
      redis.freeze()
      const frozen = performance.now()
      const answers = await Promise.all(Array.from({ length: 30 }, () => one.take('frozen', rate)))
      expect(answers.filter((wait) => wait === 0)).toHaveLength(10)
      expect(performance.now() - frozen).toBeLessThan(400)
      const after = performance.now()
      expect(await one.take('another', rate)).toBe(0)
      expect(performance.now() - after).toBeLessThan(50)
      redis.thaw()
      await until(async () => {
        const who = crypto.randomUUID()
        await one.take(who, { most: 1, seconds: 60 })
        return (await other.take(who, { most: 1, seconds: 60 })) > 0
      })
    } finally {
      one.close()
      other.close()
    }
  })
})
