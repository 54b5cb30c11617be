import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createQueueLimit } from '../../src/claim/queue-limit.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { createLog } from '../../src/log.ts'
import { createCatalog } from '../../src/report-type/catalog.ts'
import { createScheduling } from '../../src/schedule/scheduling.ts'
import { createSources } from '../../src/sources/index.ts'
import { createScheduler } from '../../worker/scheduler.ts'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { ownRedis, type OwnRedis } from '../support/own-redis.ts'
import { until } from '../support/until.ts'

let ground: Ground
let redis: OwnRedis
let api: TestApi
let second: TestApi
let member: Person
let admin: Person
let others: Record<'another MEMBER' | 'a VIEWER' | 'an ADMIN of another tenant', Person>

beforeAll(async () => {
  ground = await createGround()
  redis = await ownRedis()
  // Two processes, as two windows may be on two of them.
  api = await startApi(ground, { REDIS_URL: redis.url })
  second = await startApi(ground, { REDIS_URL: redis.url })
  const tenant = `t${randomBytes(4).toString('hex')}`
  member = await ground.person('MEMBER', { tenant })
  admin = await ground.person('ADMIN', { tenant })
  others = {
    'another MEMBER': await ground.person('MEMBER', { tenant }),
    'a VIEWER': await ground.person('VIEWER', { tenant }),
    'an ADMIN of another tenant': await ground.person('ADMIN', { tenant: `${tenant}x` }),
  }
})
afterAll(async () => {
  await api?.close()
  await second?.close()
  await redis?.stop()
  await ground?.drop()
})

const EVENTS =
  'subscription { scheduleEvents { kind scheduleId schedule { id title paused slots { nodes { outcome } } } at } }'
type Door = 'sse' | 'ws'
type Watching = ReturnType<TestApi['ws']>
const listen = (person: Person, door: Door = 'ws', at = second): Watching => at[door](EVENTS, { token: person.token })
const ready = (...all: Watching[]) =>
  until(() => all.every(({ events }) => events.length > 0), { what: 'all are ready' })
const told = ({ events }: Watching, id?: string): any[] =>
  events.map(({ scheduleEvents }) => scheduleEvents).filter(({ scheduleId }) => !id || scheduleId === id)
const kinds = (watched: Watching, id?: string) => told(watched, id).map(({ kind }) => kind)

async function ask(operation: string, person = member, at = api): Promise<any> {
  const { body } = await at.post(operation, { token: person.token })
  const [answer] = Object.values(body.data ?? {}) as any[]
  if (!answer || answer.userErrors?.length) throw new Error(JSON.stringify(body))
  return answer
}
const make = async (person = member, more = ''): Promise<string> => {
  const input = `report: { sales: { startDate: "today", endDate: "today" } } title: "First" cadence: { every: "PT10S" } ${more}`
  return (
    await ask(`mutation { createSchedule(input: { ${input} }) { schedule { id } userErrors { message } } }`, person)
  ).schedule.id
}
const verb = (name: string, id: string, person = member) =>
  ask(`mutation { ${name}(id: "${id}") { userErrors { message } } }`, person)
const rename = (id: string, title: string) =>
  ask(`mutation { updateSchedule(input: { id: "${id}" title: "${title}" }) { userErrors { message } } }`)
/** A change of which no message tells. */
const silently = (id: string) =>
  ground.database.sql(`update broadsheet.schedule set title = 'Silent', updated_at = clock_timestamp() where id = $1`, [
    uuidOf(id),
  ])
/** A worker's scheduler, and nothing else of it. */
async function startScheduler() {
  const database = await ground.database.open(WORKER_ROLE)
  const log = createLog({ level: 'silent', process: 'test' })
  // It has no type: the slots are blocked, which is told like all else.
  const catalog = createCatalog({
    directory: ground.directory,
    sources: createSources({}, { log, maxConnections: 1 }),
    log,
  })
  const scheduling = createScheduling({ database, catalog, queueLimit: createQueueLimit(null), log })
  const { publisher } = await api.carrier.parts()
  return createScheduler({ database, scheduling, tell: () => {}, tellSchedule: publisher.publishSchedule, log })
}

describe.each(['sse', 'ws'] as const)('scheduleEvents over %s', (door) => {
  test('READY, then what happens to the schedules that one sees, whoever does it', async () => {
    const [mine, boss] = [listen(member, door), listen(admin, door)]
    const rest = Object.values(others).map((person) => listen(person, door))
    await ready(mine, boss, ...rest)
    expect(told(mine)[0]).toMatchObject({ kind: 'READY', scheduleId: null, schedule: null })
    const id = await make()
    await until(() => kinds(mine, id).includes('CREATED') && kinds(boss, id).includes('CREATED'), { timeout: 2_000 })
    await rename(id, 'Second')
    await until(() => kinds(mine, id).length === 2, { timeout: 2_000 })
    expect(told(mine, id).at(-1).schedule.title).toBe('Second')
    await verb('pauseSchedule', id, admin)
    await until(() => kinds(mine, id).length === 3, { timeout: 2_000 })
    expect(told(mine, id).at(-1).schedule.paused).toBe(true)
    await verb('pauseSchedule', id)
    await verb('resumeSchedule', id)
    await until(() => kinds(mine, id).length === 4, { timeout: 2_000 })
    await verb('deleteSchedule', id)
    await until(() => kinds(mine, id).includes('DELETED') && kinds(boss, id).includes('DELETED'), { timeout: 2_000 })
    expect(kinds(mine, id)).toEqual(['CREATED', 'CHANGED', 'CHANGED', 'CHANGED', 'DELETED'])
    expect(kinds(boss, id)).toEqual(kinds(mine, id))
    expect(told(mine, id).at(-1)).toMatchObject({ schedule: null })
    const own = await make(others['another MEMBER'])
    await until(() => kinds(rest[0]!, own).length === 1)
    expect(kinds(mine, own)).toEqual([])
    for (const one of rest) expect(JSON.stringify(one.events)).not.toContain(id)
    // The boss's own schedule is none of the member's either.
    for (const one of [mine, boss, ...rest]) one.leave()
  })

  test('without schedules:read it is FORBIDDEN', async () => {
    const refused = listen(await ground.person('ADMIN', { scopes: ['schedules:write', 'reports:read'] }), door)
    await until(() => refused.done)
    expect(refused.codes).toEqual(['FORBIDDEN'])
  })
})

test('what is asked again with its key makes nothing, and tells nothing', async () => {
  const mine = listen(member)
  await ready(mine)
  const id = await make(member, 'idempotencyKey: "once"')
  expect(await make(member, 'idempotencyKey: "once"')).toBe(id)
  await rename(id, 'Last')
  await until(() => kinds(mine, id).includes('CHANGED'))
  expect(kinds(mine, id)).toEqual(['CREATED', 'CHANGED'])
  mine.leave()
})

test('a slot that has come is told, with its row in the ledger', async () => {
  const id = await make()
  const mine = listen(member)
  await ready(mine)
  await ground.database.sql(
    `update broadsheet.schedule set created_at = created_at - interval '1 minute', slots_after = created_at - interval '1 minute',
       next_slot_at = created_at - interval '50 seconds' where id = $1`,
    [uuidOf(id)],
  )
  const scheduler = await startScheduler()
  await until(() => kinds(mine, id).includes('SLOT'), { timeout: 2_000 })
  await scheduler.close()
  expect(told(mine, id).at(-1).schedule.slots.nodes.length).toBeGreaterThan(0)
  // The rows say the same, and are not told again: what only they know is told by a later reading of them.
  const other = await make()
  await silently(other)
  await until(() => kinds(mine, other).includes('CHANGED'), { timeout: 5_000 })
  expect(kinds(mine, id).filter((kind) => kind === 'SLOT')).toHaveLength(1)
  mine.leave()
})

describe('a lost message', () => {
  test('costs some seconds: what was made, changed, and came is told from the rows', async () => {
    const id = await make()
    const mine = listen(member)
    await ready(mine)
    await silently(id)
    await until(() => kinds(mine, id).includes('CHANGED'), { timeout: 5_000 })
    expect(told(mine, id).at(-1).schedule.title).toBe('Silent')
    await ground.database.sql(
      `insert into broadsheet.schedule_slot (schedule_id, scheduled_for, tenant_id, outcome) values ($1, now(), $2, 'MISSED')`,
      [uuidOf(id), member.tenant],
    )
    await until(() => kinds(mine, id).includes('SLOT'), { timeout: 5_000 })
    const copy = crypto.randomUUID()
    await ground.database.sql(
      `insert into broadsheet.schedule select (jsonb_populate_record(s, jsonb_build_object('id', $2::uuid, 'created_at', m.now, 'updated_at', m.now))).*
       from broadsheet.schedule s, (select clock_timestamp()::timestamptz(3) as now) m where s.id = $1`,
      [uuidOf(id), copy],
    )
    await until(() => told(mine).some(({ kind, schedule }) => kind === 'CREATED' && schedule && uuidOf(schedule.id) === copy), { timeout: 5_000 }) // prettier-ignore
    mine.leave()
  })

  test('of a deletion makes RESYNC', async () => {
    const id = await make()
    const mine = listen(member)
    await ready(mine)
    await ground.database.sql(`delete from broadsheet.schedule where id = $1`, [uuidOf(id)])
    await until(() => kinds(mine).includes('RESYNC'), { timeout: 9_000 })
    // Once, and not for ever: two readings later there is still one.
    const other = await make()
    for (let round = 1; round <= 2; round += 1) {
      await silently(other)
      await until(() => kinds(mine, other).filter((kind) => kind === 'CHANGED').length === round, { timeout: 5_000 })
    }
    expect(kinds(mine).filter((kind) => kind === 'RESYNC')).toHaveLength(1)
    mine.leave()
  })

  test('while Redis is away all is told from the rows, and RESYNC when it is back', async () => {
    const mine = listen(member)
    await ready(mine)
    await redis.stop()
    const id = await make()
    await until(() => kinds(mine, id).includes('CREATED'), { timeout: 6_000 })
    const late = listen(member)
    await ready(late)
    expect(kinds(late)[0]).toBe('READY')
    await redis.start()
    await until(() => kinds(mine).includes('RESYNC'), { timeout: 8_000 })
    await until(async () => {
      await rename(id, 'Back')
      return kinds(mine, id).includes('CHANGED')
    })
    for (const one of [mine, late]) one.leave()
  })
})

test('a shutdown completes it', async () => {
  const third = await startApi(ground, { REDIS_URL: redis.url })
  const watched = [listen(member, 'sse', third), listen(member, 'ws', third)]
  await ready(...watched)
  await third.close()
  await until(() => watched.every(({ done }) => done))
  expect(watched[0]!.codes).toEqual([])
})
