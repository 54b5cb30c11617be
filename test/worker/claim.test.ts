import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../src/db/orm.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { claimReport, type Claimed } from '../../src/claim/claim.ts'
import { createHolding } from '../../src/claim/holding.ts'
import type { DocumentFacts } from '../../src/report/report.entity.ts'
import { expireDocuments, failRemovedTypes, keysInUse, takeBackLost } from '../../src/claim/upkeep.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { reportsIn } from '../support/reports.ts'

let owner: TestDatabase
let database: Database
let directory: string
let reports: ReturnType<typeof reportsIn>
const workerId = uuid()
const holding = () => createHolding({ database, workerId })
const claim = (more: { types?: string[]; tenantMaxRunning?: number; workerId?: string } = {}) =>
  claimReport(database, { workerId, types: ['plain'], tenantMaxRunning: null, ...more })
const claimed = async () => (await claim())!
const FACTS: DocumentFacts = {
  key: 'default/x/1',
  fileName: 'x.csv',
  contentType: 'text/csv',
  rowCount: 3,
  byteSize: 30,
  sha256: 'ab',
  columns: [{ name: 'a', type: 'Int' }],
  summary: null,
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-claim-'))
  await writeFile(join(directory, 'plain.sql'), 'select 1')
  owner = await createDatabase()
  database = await owner.open(WORKER_ROLE)
  reports = reportsIn(owner, directory)
})
afterAll(async () => {
  await owner.drop()
  await rm(directory, { recursive: true })
})
beforeEach(() =>
  owner.sql(
    'delete from broadsheet.report; delete from broadsheet.tenant_turn; delete from broadsheet.worker; update broadsheet.priority_turn set served = 0',
  ),
)

/** As if the lease had run out. */
const loseLease = (id: string) =>
  owner.sql(`update broadsheet.report set lease_expires_at = now() - interval '1 second' where id = $1`, [id])

describe('claiming', () => {
  test('gives the whole report once, with a new attempt and a new range', async () => {
    const id = await reports.ask('plain.sql', { parameters: { a: 1 }, timeZone: 'Europe/Vilnius' })
    expect(await claim()).toMatchObject({
      id,
      tenantId: 'default',
      typeName: 'plain',
      attempt: 1,
      charged: 1,
      epoch: 2,
      resolvedParameters: { a: 1 },
      timeZone: 'Europe/Vilnius',
      createdAt: expect.any(Date),
    })
    expect(await claim()).toBeNull()
    expect(await reports.read(id)).toMatchObject({
      status: 'RUNNING',
      stage: 'READING',
      sequence: 2 * 2 ** 20,
      attempts: [{ number: 1, outcome: null }],
    })
  })

  test('only types that the worker has, and only what is due', async () => {
    const id = await reports.ask('plain.sql')
    expect(await claim({ types: [] })).toBeNull()
    expect(await claim({ types: ['other'] })).toBeNull()
    await owner.sql(`update broadsheet.report set available_at = now() + interval '1 hour' where id = $1`, [id])
    expect(await claim()).toBeNull()
  })

  test('many at once never take one twice', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => reports.ask('plain.sql')))
    const taken = await Promise.all(Array.from({ length: 20 }, () => claim({ workerId: uuid() })))
    expect(
      taken
        .filter((one) => one !== null)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(ids.sort())
  })

  test('priorities are served by weight 8:4:2:1, and nothing starves', async () => {
    for (const priority of ['LOW', 'NORMAL', 'HIGH', 'URGENT'])
      for (let i = 0; i < 20; i++) await reports.ask('plain.sql', { priority })
    const order: string[] = []
    for (let i = 0; i < 30; i++) order.push((await claimed()).priority)
    expect(
      Object.fromEntries(
        ['URGENT', 'HIGH', 'NORMAL', 'LOW'].map((name) => [name, order.filter((one) => one === name).length]),
      ),
    ).toEqual({ URGENT: 16, HIGH: 8, NORMAL: 4, LOW: 2 })
    expect(order[0]).toBe('URGENT')
  })

  test('within a priority tenants take turns, and each its oldest first', async () => {
    const first = await reports.ask('plain.sql', { tenantId: 'big' })
    for (let i = 0; i < 5; i++) await reports.ask('plain.sql', { tenantId: 'big' })
    await reports.ask('plain.sql', { tenantId: 'small' })
    const taken = [await claimed(), await claimed(), await claimed()]
    expect(
      taken
        .slice(0, 2)
        .map(({ tenantId }) => tenantId)
        .sort(),
    ).toEqual(['big', 'small'])
    expect(taken.map(({ id }) => id)).toContain(first)
    expect(taken[2]!.tenantId).toBe('big')
  })

  test('a tenant at its most waits while others go on', async () => {
    for (let i = 0; i < 3; i++) await reports.ask('plain.sql', { tenantId: 'big' })
    expect(await claim({ tenantMaxRunning: 1 })).not.toBeNull()
    expect(await claim({ tenantMaxRunning: 1 })).toBeNull()
    await reports.ask('plain.sql', { tenantId: 'small' })
    expect(await claim({ tenantMaxRunning: 1 })).toMatchObject({ tenantId: 'small' })
  })
})

describe('holding', () => {
  let held: Claimed
  beforeEach(async () => {
    await reports.ask('plain.sql')
    held = await claimed()
  })
  const standing = (sequence: number) => ({
    sequence,
    stage: 'WRITING' as const,
    percent: 40,
    rowsWritten: 4,
    rowsTotal: 10,
    bytesWritten: 44,
    message: 'on the way',
    etaSeconds: 6,
  })
  const tell = (attempt = held.attempt, by = holding(), renew = true) =>
    by.tell(new Map([[held.id, { attempt, standing: standing(held.epoch * 2 ** 20 + 5) }]]), renew)

  test('tells the row, renews the lease and hears of a cancel', async () => {
    await owner.sql(`update broadsheet.report set lease_expires_at = now() + interval '1 second'`)
    expect((await tell()).get(held.id)).toEqual({ status: 'RUNNING', epoch: 2 })
    expect(await reports.read(held.id)).toMatchObject({
      percent: 40,
      rowsWritten: 4,
      rowsTotal: 10,
      message: 'on the way',
      etaSeconds: 6,
      sequence: 2 * 2 ** 20 + 5,
    })
    const [lease] = await owner.sql<{ left: number }>(
      `select extract(epoch from lease_expires_at - now())::int as left from broadsheet.report`,
    )
    expect(lease!.left).toBeGreaterThan(12)
    await reports.cancel(held.id)
    expect((await tell()).get(held.id)).toEqual({ status: 'CANCELING', epoch: 3 })
    expect((await reports.read(held.id)).sequence).toBe(3 * 2 ** 20)
  })

  test('another attempt, another worker, a lease that is over: nothing is written', async () => {
    expect(await tell(held.attempt + 1)).toEqual(new Map())
    expect(await tell(held.attempt, createHolding({ database, workerId: uuid() }))).toEqual(new Map())
    await loseLease(held.id)
    expect(await tell()).toEqual(new Map())
    expect(await holding().succeed(held, FACTS, [], 60)).toBeNull()
    expect(await holding().fail(held, { code: 'INTERNAL', message: 'x', retryable: false })).toBeNull()
    expect(await holding().handBack(held)).toBeNull()
    expect(await reports.read(held.id)).toMatchObject({
      status: 'RUNNING',
      percent: null,
      document: null,
      attempts: [{ outcome: null }],
    })
  })

  test('success is committed with its facts, and said again to who asks again', async () => {
    const event = await holding().succeed(held, FACTS, [[1]], 60)
    expect(event).toMatchObject({
      status: 'SUCCEEDED',
      stage: 'DONE',
      percent: 100,
      rowsWritten: 3,
      bytesWritten: 30,
      sequence: 3 * 2 ** 20,
    })
    expect(await reports.read(held.id)).toMatchObject({
      document: FACTS,
      preview: [[1]],
      attempts: [{ outcome: 'SUCCEEDED' }],
    })
    expect(await holding().succeed(held, FACTS, [[1]], 60)).toEqual(event)
    expect(await holding().succeed(held, { ...FACTS, key: 'other' }, [], 60)).toBeNull()
  })

  test('a report that is being cancelled does not succeed', async () => {
    await reports.cancel(held.id)
    expect(await holding().succeed(held, FACTS, [], 60)).toBeNull()
    expect(await holding().canceled(held)).toMatchObject({ status: 'CANCELED', sequence: 4 * 2 ** 20 })
    expect(await holding().canceled(held)).toBeNull()
  })

  test('a failure that may pass is tried three times, then it is final', async () => {
    const failure = { code: 'SOURCE_UNAVAILABLE' as const, message: 'away', retryable: true }
    expect(await holding().fail(held, failure)).toMatchObject({ status: 'QUEUED', stage: 'QUEUED' })
    expect((await reports.read(held.id)).failure).toBeNull()
    for (const status of ['QUEUED', 'FAILED']) {
      await owner.sql(`update broadsheet.report set available_at = now()`)
      expect(await holding().fail(await claimed(), failure)).toMatchObject({ status })
    }
    expect(await reports.read(held.id)).toMatchObject({ failure, attempt: 3, charged: 3 })
  })

  test('a final failure is final at once', async () => {
    expect(await holding().fail(held, { code: 'ROW_LIMIT', message: 'x', retryable: false })).toMatchObject({
      status: 'FAILED',
      stage: 'DONE',
    })
  })

  test('handing back is not charged', async () => {
    expect(await holding().handBack(held)).toMatchObject({ status: 'QUEUED' })
    expect(await claimed()).toMatchObject({ attempt: 2, charged: 1 })
  })
})

describe('upkeep', () => {
  test('a lost report is claimable at once, and fails after three charged attempts', async () => {
    const id = await reports.ask('plain.sql')
    for (const status of ['QUEUED', 'QUEUED', 'FAILED']) {
      await claimed()
      expect(await takeBackLost(database)).toEqual([])
      await loseLease(id)
      expect(await takeBackLost(database)).toMatchObject([{ reportId: id, status }])
    }
    expect(await reports.read(id)).toMatchObject({
      failure: { code: 'WORKER_LOST' },
      attempts: [{ outcome: 'LOST' }, { outcome: 'LOST' }, { outcome: 'LOST' }],
    })
  })

  test('a lost report that was to be cancelled is cancelled', async () => {
    const id = await reports.ask('plain.sql')
    await claimed()
    await reports.cancel(id)
    await loseLease(id)
    expect(await takeBackLost(database)).toMatchObject([{ reportId: id, status: 'CANCELED', stage: 'DONE' }])
  })

  test('documents end when their time is over, and only then', async () => {
    const id = await reports.ask('plain.sql')
    await holding().succeed(await claimed(), FACTS, [], 60)
    expect(await expireDocuments(database)).toEqual([])
    const key = [
      { key: FACTS.key, reportId: id, attempt: 1 },
      { key: 'default/x/2', reportId: id, attempt: 2 },
    ]
    expect(await keysInUse(database, key)).toEqual(new Set([FACTS.key]))
    await owner.sql(`update broadsheet.report set expires_at = now() - interval '1 second'`)
    expect(await expireDocuments(database)).toMatchObject([
      { key: FACTS.key, event: { reportId: id, status: 'EXPIRED' } },
    ])
    expect(await keysInUse(database, key)).toEqual(new Set())
  })

  test('a type that nobody has had for ten minutes is removed, while workers are there', async () => {
    const id = await reports.ask('plain.sql')
    const long = `now() - interval '11 minutes'`
    await owner.sql(`update broadsheet.report set created_at = ${long}, available_at = ${long}`)
    expect(await failRemovedTypes(database)).toEqual([])
    const worker = `insert into broadsheet.worker (id, host, pid, concurrency, types, started_at) values ('${uuid()}', 'h', 1, 1, `
    await owner.sql(`${worker} '{plain}', now())`)
    expect(await failRemovedTypes(database)).toEqual([])
    await owner.sql(`update broadsheet.worker set types = '{other}'`)
    expect(await failRemovedTypes(database)).toEqual([])
    await owner.sql(`update broadsheet.worker set started_at = ${long}`)
    expect(await failRemovedTypes(database)).toMatchObject([{ reportId: id, status: 'FAILED' }])
    expect((await reports.read(id)).failure).toMatchObject({ code: 'TYPE_REMOVED' })
  })
})
