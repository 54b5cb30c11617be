import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { ownRedis } from '../support/own-redis.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let operator: Person
const sql: Ground['database']['sql'] = (text, values) => ground.database.sql(text, values)

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  operator = await ground.person('ADMIN', { scopes: ['system:read', 'reports:read', 'reports:write'] })
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})
beforeEach(async () => {
  for (const table of ['report', 'worker']) await sql(`delete from broadsheet.${table}`)
})

const addWorker = async (seen = '0 seconds') => {
  const id = crypto.randomUUID()
  await sql(
    `insert into broadsheet.worker (id, host, pid, concurrency, types, last_seen_at) values ($1, 'somewhere', 1, 2, array['sales'], clock_timestamp() - $2::interval)`,
    [id, seen],
  )
  return id
}
const seenNow = (id: string) => sql(`update broadsheet.worker set last_seen_at = clock_timestamp() where id = $1`, [id])
const set = (id: string, change: string) => sql(`update broadsheet.report set ${change} where id = $1`, [uuidOf(id)])
const hold = (id: string, worker: string, lease = '10 seconds') =>
  set(id, `status = 'RUNNING', worker_id = '${worker}', attempt = attempt + 1, lease_expires_at = clock_timestamp() + interval '${lease}'`) // prettier-ignore
const DOCUMENT = `document = '{"key": "k"}'`
const ended = (id: string, ago: string, change: string) =>
  set(id, `${change}, worker_id = null, lease_expires_at = null, finished_at = date_trunc('minute', clock_timestamp()) - interval '${ago}'`) // prettier-ignore
const FIELDS = `stuck workers { id lost running { id } } queues { priority waiting active }
  lastHour { at succeeded failed canceled rows }`
const read = async (fields = FIELDS, token = operator.token) => {
  const { body } = await api.post(`{ system { ${fields} } }`, { token })
  expect(body.errors).toBeUndefined()
  return body.data.system
}

describe('System', () => {
  test('lastHour: sixty minutes, oldest first, over all tenants, each with what has ended in it', async () => {
    const stranger = await ground.person('MEMBER', { tenant: 'elsewhere' })
    const ids = await Promise.all([operator, operator, stranger, stranger, operator, operator].map(({ token }) => api.ask(token))) // prettier-ignore
    await ended(ids[0]!, '0 s', `status = 'SUCCEEDED', rows_written = 3000000000, ${DOCUMENT}`)
    await ended(ids[1]!, '59 minutes', `status = 'EXPIRED', rows_written = 5`)
    await ended(ids[2]!, '59 minutes', `status = 'SUCCEEDED', rows_written = 2, ${DOCUMENT}`)
    await ended(ids[3]!, '30 minutes', `status = 'FAILED', rows_written = 7, failure = '{"code": "TIMEOUT"}'`)
    await ended(ids[4]!, '30 minutes', `status = 'CANCELED', rows_written = 7`)
    await ended(ids[5]!, '60 minutes', `status = 'SUCCEEDED', rows_written = 9, ${DOCUMENT}`)
    const { lastHour } = await read()
    expect(lastHour).toHaveLength(60)
    const starts = lastHour.map(({ at }: any) => Date.parse(at))
    expect(starts).toEqual(starts.map((_: unknown, index: number) => starts[0] + index * 60_000))
    expect(Math.abs(Date.now() - starts.at(-1))).toBeLessThan(120_000)
    const none = { succeeded: 0, failed: 0, canceled: 0, rows: 0 }
    // The minute may have ended between the writing and the reading.
    const shift = lastHour[0].succeeded === 2 ? 0 : 1
    const minute = (index: number) => lastHour[index - shift]
    if (shift === 0) expect(minute(0)).toMatchObject({ ...none, succeeded: 2, rows: 7 })
    expect(minute(29)).toMatchObject({ ...none, failed: 1, canceled: 1 })
    expect(minute(59)).toMatchObject({ ...none, succeeded: 1, rows: 3_000_000_000 })
    expect(lastHour.filter(({ succeeded, failed }: any) => succeeded + failed > 0).length).toBe(3 - shift)
  })

  test('stuck: held beyond its lease, or left waiting by a free worker; all else only waits', async () => {
    const stranger = await ground.person('MEMBER', { tenant: 'elsewhere' })
    const [held, waiting] = [await api.ask(stranger.token), await api.ask(operator.token)]
    await set(waiting, `available_at = clock_timestamp() - interval '2 minutes'`)
    await hold(held, crypto.randomUUID(), '-29 seconds')
    expect((await read('stuck')).stuck).toBe(0)
    await hold(held, crypto.randomUUID(), '-31 seconds')
    expect((await read('stuck')).stuck).toBe(1)
    await addWorker()
    expect((await read('stuck')).stuck).toBe(2)
    await set(waiting, `available_at = clock_timestamp() - interval '50 seconds'`)
    expect((await read('stuck')).stuck).toBe(1)
  })

  test('a worker is lost that was not seen for as long as a lease holds', async () => {
    const [there, gone] = [await addWorker('14 seconds'), await addWorker('16 seconds')]
    expect((await read('workers { id lost }')).workers).toEqual([
      { id: there, lost: false },
      { id: gone, lost: true },
    ])
  })
})

describe.each(['sse', 'ws'] as const)('Subscription.system over %s', (door) => {
  const watch = (fields = FIELDS, person = operator) =>
    api[door](`subscription { system { ${fields} } }`, { token: person.token })
  const last = (watched: ReturnType<typeof watch>) => watched.events.at(-1)?.system

  test('the state now, then each change: a worker that comes, takes, ends, and is lost', async () => {
    const id = await api.ask(operator.token)
    const watched = watch()
    await until(() => watched.events.length === 1)
    expect(last(watched)).toMatchObject({ stuck: 0, workers: [] })
    expect(last(watched).queues[2]).toEqual({ priority: 'NORMAL', waiting: 1, active: 0 })
    expect(last(watched).lastHour).toHaveLength(60)
    const told = async (what: string, is: (system: any) => unknown) => {
      const began = performance.now()
      await until(() => is(last(watched)), { timeout: 3_000, what })
      expect(performance.now() - began, what).toBeLessThan(2_500)
    }
    const worker = await addWorker()
    await told('it came', ({ workers }) => workers.length === 1)
    await hold(id, worker)
    await told('it took', ({ workers, queues }) => workers[0].running[0]?.id === id && queues[2].active === 1)
    await ended(id, '0 s', `status = 'SUCCEEDED', rows_written = 12, ${DOCUMENT}`)
    await told('it ended', ({ lastHour, workers }) =>
      lastHour.some(({ rows }: any) => rows === 12) && workers[0].running.length === 0) // prettier-ignore
    await sql(`update broadsheet.worker set last_seen_at = clock_timestamp() - interval '16 seconds'`)
    await told('it is lost', ({ workers }) => workers[0].lost)
    await sql(`delete from broadsheet.worker`)
    await told('it went', ({ workers }) => workers.length === 0)
    watched.leave()
    await until(() => api.systemWatch.watching === 0, { timeout: 1_000 })
  })

  test('a change of hands that leaves all numbers as they were is told', async () => {
    const [one, other] = [await api.ask(operator.token), await api.ask(operator.token)]
    const [first, second] = [await addWorker(), await addWorker()]
    await hold(one, first)
    await hold(other, second)
    const watched = watch('workers { id running { id } }')
    await until(() => watched.events.length === 1)
    const began = performance.now()
    await sql(`update broadsheet.report set worker_id = case worker_id when $1 then $2 else $1 end::uuid`, [first, second]) // prettier-ignore
    await until(() => last(watched).workers.find(({ id }: any) => id === first).running[0].id === other)
    expect(performance.now() - began).toBeLessThan(3_000)
    watched.leave()
  })

  test('at most once a second however much changes, and at least every five when nothing does', async () => {
    const worker = await addWorker()
    const watched = watch('workers { lastSeenAt } queues { waiting }')
    await until(() => watched.events.length === 1)
    const times = [performance.now()]
    let seen = 1
    const stop = performance.now() + 4_000
    while (performance.now() < stop) {
      await api.ask(operator.token)
      if (watched.events.length > seen) {
        expect(watched.events.length).toBe(seen + 1)
        seen += 1
        times.push(performance.now())
      }
    }
    const gaps = times.slice(1).map((time, index) => time - times[index]!)
    expect(gaps.length).toBeGreaterThanOrEqual(2)
    // When it was seen here says it to within the journeys of both.
    for (const gap of gaps.slice(1)) expect(gap).toBeGreaterThan(700)

    const before = watched.events.length
    await until(() => watched.events.length > before, { timeout: 3_000, what: 'the last change' })
    const quiet = performance.now()
    const count = watched.events.length
    await seenNow(worker)
    await until(() => watched.events.length > count, { timeout: 6_000, what: 'a sign of life' })
    expect(performance.now() - quiet).toBeLessThan(5_500)
    expect(performance.now() - quiet).toBeGreaterThan(2_000)
    watched.leave()
  })

  test('needs the scope system:read', async () => {
    const admin = await ground.person('ADMIN')
    const member = await ground.person('MEMBER', { scopes: ['system:read', 'reports:read'] })
    for (const person of [admin, member]) {
      const refused = watch('stuck', person)
      await until(() => refused.done)
      expect([refused.codes, refused.events]).toEqual([['FORBIDDEN'], []])
    }
    expect(api.systemWatch.watching).toBe(0)
  })

  test('shows running reports of the own tenant only, to each watcher its own', async () => {
    const stranger = await ground.person('ADMIN', { tenant: 'elsewhere', scopes: ['system:read', 'reports:read', 'reports:write'] }) // prettier-ignore
    const [mine, theirs] = [await api.ask(operator.token), await api.ask(stranger.token)]
    const worker = await addWorker()
    for (const id of [mine, theirs]) await hold(id, worker)
    const [here, there] = [watch('workers { running { id } }'), watch('workers { running { id } }', stranger)]
    await until(() => here.events.length > 0 && there.events.length > 0)
    expect(last(here).workers[0].running).toEqual([{ id: mine }])
    expect(last(there).workers[0].running).toEqual([{ id: theirs }])
    for (const one of [here, there]) one.leave()
  })

  test('ends with its credential', async () => {
    const leaving = await ground.person('ADMIN', { scopes: ['system:read'] })
    const watched = watch('stuck', leaving)
    await until(() => watched.events.length === 1)
    await sql(`update broadsheet.api_token set revoked_at = now() where id = $1`, [leaving.tokenId])
    await until(() => watched.done, { timeout: 7_000 })
    expect(door === 'ws' ? watched.closeCode : watched.codes).toEqual(door === 'ws' ? 4403 : ['UNAUTHENTICATED'])
    await until(() => api.systemWatch.watching === 0)
  })
})

test('counts among a caller’s subscriptions', async () => {
  const narrow = await startApi(ground, { USER_SUBSCRIPTIONS: '1' })
  try {
    const watched = narrow.sse('subscription { system { stuck } }', { token: operator.token })
    await until(() => watched.events.length === 1)
    expect((await narrow.once('SSE', 'subscription { system { stuck } }', { token: operator.token })).codes).toEqual([
      'RATE_LIMITED',
    ])
    watched.leave()
    await until(async () => {
      const again = narrow.sse('subscription { system { stuck } }', { token: operator.token })
      await until(() => again.events.length + again.codes.length > 0)
      return again.events.length === 1
    })
  } finally {
    await narrow.close()
  }
})

test('goes on without Redis, and a shutdown completes it', async () => {
  const redis = await ownRedis()
  const own = await startApi(ground, { REDIS_URL: redis.url })
  try {
    const watched = [
      own.sse('subscription { system { queues { waiting } } }', { token: operator.token }),
      own.ws('subscription { system { queues { waiting } } }', { token: operator.token }),
    ]
    await until(() => watched.every(({ events }) => events.length > 0))
    await redis.stop()
    await own.ask(operator.token)
    await until(() => watched.every(({ events }) => events.at(-1).system.queues[2].waiting === 1), { timeout: 3_000 })
    const began = performance.now()
    await own.close()
    expect(performance.now() - began).toBeLessThan(4_000)
    await until(() => watched.every(({ done }) => done))
    expect(watched[0]!.codes).toEqual([])
  } finally {
    await own.close()
    await redis.stop()
  }
})
