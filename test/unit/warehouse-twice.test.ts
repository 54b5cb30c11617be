import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createWarehouse } from '../../src/channels/warehouse.ts'
import { until } from '../support/until.ts'
import {
  createWarehouseScene,
  documentOf,
  handoverOf,
  log,
  targetOf,
  TIGHT,
  type WarehouseScene,
} from '../support/warehouse-scene.ts'

let scene: WarehouseScene
let table: string
let count = 0
beforeAll(async () => {
  scene = await createWarehouseScene()
})
afterAll(() => scene.drop())
afterEach(() => until(async () => (await scene.sessions()).length === 0, { what: 'every session has ended' }))

const create = async () => {
  table = `lines_${count++}`
  await scene.sql(`create table loads.${table} (id int, text text)`)
}
const text = (rows: number, from = 1) =>
  `id,text\n${Array.from({ length: rows }, (_, index) => `${index + from},row ${index + from}\n`).join('')}`
const rows = (number: number, from = 1) => documentOf(['id', 'text'], text(number, from), { rowCount: number })
const ledger = (deliveryId: string) =>
  scene.sql('select table_name, row_count::int from loads.broadsheet_delivery where delivery_id = $1', [deliveryId])
/** Rows that have gone in so far, in transactions that are open. */
const underWay = async () =>
  (await scene.sql<{ n: number }>('select tuples_processed::int as n from pg_stat_progress_copy'))[0]?.n ?? 0
const retryable = { name: 'DeliveryFailed', retryable: true }

/** A document of which the second half comes when it is told to. */
async function gated(number: number) {
  const gate = Promise.withResolvers<void>()
  const bytes = Buffer.from(text(number))
  async function* halves() {
    yield bytes.subarray(0, bytes.length / 2)
    await gate.promise
    yield bytes.subarray(bytes.length / 2)
  }
  return { document: { ...(await rows(number)), open: async () => Readable.from(halves()) }, go: gate.resolve }
}

describe('a second time is harmless', () => {
  test('a worker killed after the commit, before it could say so', async () => {
    await create()
    const deliveryId = randomUUID()
    const worker = scene.child({ table, deliveryId, rows: 1000 })
    expect(await worker.told()).toMatchObject({ delivered: true })
    await worker.kill()
    expect(await scene.count(table)).toBe(1000)
    await scene.load(table, await rows(1000), { deliveryId })
    expect(await scene.count(table)).toBe(1000)
    await scene.load(table, await rows(7), { deliveryId, mode: 'REPLACE' })
    expect(await scene.count(table)).toBe(1000)
    expect(await ledger(deliveryId)).toEqual([{ table_name: table, row_count: 1000 }])
    await scene.load(table, await rows(1000))
    expect(await scene.count(table)).toBe(2000)
  })

  test.each(['APPEND', 'REPLACE'] as const)('a worker killed in the middle of an %s leaves nothing', async (mode) => {
    await create()
    await scene.load(table, await rows(3))
    const deliveryId = randomUUID()
    const worker = scene.child({ table, mode, deliveryId, rows: 20_000, stallAfter: 10_000 })
    expect(await worker.told()).toEqual({ stalled: true })
    await until(async () => (await underWay()) > 5_000, { what: 'rows have gone in' })
    await worker.kill()
    await until(async () => (await scene.sessions()).length === 0, { what: 'its session has ended' })
    expect(await scene.count(table)).toBe(3)
    expect(await ledger(deliveryId)).toEqual([])
    await scene.load(table, await rows(20_000), { deliveryId, mode })
    expect(await scene.count(table)).toBe(mode === 'APPEND' ? 20_003 : 20_000)
  })

  test('a worker that froze in the middle does not hold up its successor, nor writes when it comes back', async () => {
    await create()
    const deliveryId = randomUUID()
    const worker = scene.child({ table, deliveryId, rows: 20_000, stallAfter: 10_000 })
    expect(await worker.told()).toEqual({ stalled: true })
    await until(async () => (await underWay()) > 5_000, { what: 'rows have gone in' })
    worker.signal('SIGSTOP')
    await scene.load(table, await rows(20_000), { deliveryId })
    expect(await scene.count(table)).toBe(20_000)
    const end = worker.told()
    worker.signal('SIGCONT')
    expect(await end).toEqual({
      failed: 'The warehouse did not answer, or the connection to it was lost.',
      retryable: true,
    })
    await worker.kill()
    expect(await scene.count(table)).toBe(20_000)
  })

  test('tries at once load it once', async () => {
    await create()
    const deliveryId = randomUUID()
    const document = await rows(2_000)
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => scene.load(table, document, { deliveryId })))
    for (const one of tries) if (one.status === 'rejected') expect(one.reason).toMatchObject(retryable)
    await scene.load(table, document, { deliveryId })
    expect(await scene.count(table)).toBe(2_000)
  })

  test.each(['commit', 'rollback'])('who finds the key taken waits for the other’s %s', async (end) => {
    await create()
    const deliveryId = randomUUID()
    await scene.load(table, await rows(1))
    const other = new pg.Client(scene.url)
    await other.connect()
    await other.query('begin')
    await other.query(`insert into loads.broadsheet_delivery values ($1, 'r', $2, 1)`, [deliveryId, table])
    const waiting = scene.load(table, await rows(10), { deliveryId })
    await until(async () => (await scene.sessions()).some(({ wait }) => wait === 'transactionid'), { what: 'it waits' })
    await other.query(end)
    await other.end()
    await waiting
    expect(await scene.count(table)).toBe(end === 'commit' ? 1 : 11)
  })
})

describe('beside others', () => {
  test('who reads during a REPLACE sees the old rows, at once, and a longer reader to its end', async () => {
    await create()
    await scene.load(table, await rows(100))
    const { document, go } = await gated(5_000)
    const replacing = scene.load(table, document, { mode: 'REPLACE' })
    await until(async () => (await underWay()) > 0, { what: 'new rows have gone in' })
    const reader = new pg.Client(scene.server.url('broadsheet'))
    await reader.connect()
    await reader.query('begin isolation level repeatable read; set local statement_timeout = 1000')
    const look = async () =>
      (await reader.query<{ n: number }>(`select count(*)::int as n from loads.${table}`)).rows[0]!.n
    expect(await look()).toBe(100)
    go()
    await replacing
    expect(await look()).toBe(100)
    await reader.query('commit')
    expect(await look()).toBe(5_000)
    await reader.end()
  })

  test('of REPLACEs at once the last stands alone; of APPENDs each', async () => {
    await create()
    const documents = await Promise.all([0, 1, 2, 3].map((index) => rows(500, index * 1_000)))
    await Promise.all(documents.map((document) => scene.load(table, document, { mode: 'REPLACE' })))
    const [{ n, spread }] = (await scene.sql(
      `select count(*)::int as n, max(id) - min(id) as spread from loads.${table}`,
    )) as [{ n: number; spread: number }]
    expect([n, spread]).toEqual([500, 499])
    await Promise.all(documents.map((document) => scene.load(table, document)))
    expect(await scene.count(table)).toBe(2_500)
  })

  test('the first loads of a schema make the ledger between them', async () => {
    await scene.sql('create schema fresh; grant usage, create on schema fresh to loader')
    await scene.sql('create table fresh.lines (id int, text text); grant insert on fresh.lines to loader')
    const channel = createWarehouse({ warehouses: { main: { ...scene.reach, tables: ['fresh.lines'] } }, log })
    const target = { ...targetOf('lines'), schema: 'fresh' }
    const document = await rows(10)
    await Promise.all(Array.from({ length: 6 }, () => channel.deliver(target, handoverOf(document))))
    expect(await scene.sql('select count(*)::int as n from fresh.lines')).toEqual([{ n: 60 }])
  })

  test('a loader that may not create waits for the operator’s ledger, and needs no more than to insert', async () => {
    await scene.sql('create schema tight; grant usage on schema tight to loader')
    await scene.sql('create table tight.lines (id int, text text); grant insert on tight.lines to loader')
    const channel = createWarehouse({ warehouses: { main: { ...scene.reach, tables: ['tight.*'] } }, log })
    const target = { ...targetOf('lines'), schema: 'tight' }
    await expect(channel.deliver(target, handoverOf(await rows(1)))).rejects.toMatchObject({
      retryable: false,
      message:
        'The warehouse has no table "tight.broadsheet_delivery", and the service may not make it: the operator has to.',
    })
    for (const statement of TIGHT.split(';\n')) await scene.sql(statement)
    const handover = handoverOf(await rows(1))
    await channel.deliver(target, handover)
    await channel.deliver(target, handover)
    expect(await scene.sql('select count(*)::int as n from tight.lines')).toEqual([{ n: 1 }])
  })
})

describe('an end in the middle', () => {
  /** A load that has rows in, and will not get another byte. */
  async function stuck(more: { signal?: AbortSignal; channel?: typeof scene.channel } = {}) {
    await create()
    const { document } = await gated(5_000)
    const ended = (more.channel ?? scene.channel).deliver(targetOf(table), handoverOf(document, more)).then(
      () => null,
      (error: unknown) => error,
    )
    await until(async () => (await underWay()) > 0, { what: 'rows have gone in' })
    return { ended }
  }
  const nothing = async () => {
    await until(async () => (await scene.sessions()).length === 0, { what: 'no session is left' })
    expect(await scene.count(table)).toBe(0)
  }

  test('the signal ends it soon', async () => {
    const controller = new AbortController()
    const { ended } = await stuck({ signal: controller.signal })
    const at = performance.now()
    controller.abort(new Error('too long'))
    expect(await ended).toMatchObject({ message: 'too long' })
    expect(performance.now() - at).toBeLessThan(1_000)
    await nothing()
  })

  test('also while it waits for a lock', async () => {
    await create()
    const holder = new pg.Client(scene.server.url('broadsheet'))
    await holder.connect()
    await holder.query(`begin; lock table loads.${table} in access exclusive mode`)
    const controller = new AbortController()
    const ended = scene
      .load(table, await rows(1), { signal: controller.signal, mode: 'REPLACE' })
      .catch((error: unknown) => error)
    await until(async () => (await scene.sessions()).some(({ wait }) => wait === 'relation'), { what: 'it waits' })
    controller.abort(new Error('too long'))
    expect(await ended).toMatchObject({ message: 'too long' })
    await until(async () => (await scene.sessions()).length === 0, { what: 'no session is left' })
    await holder.query('rollback')
    await holder.end()
    await nothing()
  })

  test('the channel’s close ends what is under way', async () => {
    const channel = createWarehouse({ warehouses: { main: scene.reach }, log })
    const { ended } = await stuck({ channel })
    await channel.close()
    expect(await ended).toMatchObject(retryable)
    await nothing()
  })

  test('a session that the warehouse ends is tried again', async () => {
    const { ended } = await stuck()
    await scene.sql('select pg_terminate_backend(pid) from pg_stat_progress_copy')
    expect(await ended).toMatchObject(retryable)
    await nothing()
  })
})

test('200,000 rows, 200 MB, in bounded memory', async () => {
  await create()
  const deliveryId = randomUUID()
  const worker = scene.child({ table, deliveryId, rows: 200_000, width: 512 })
  const told = (await worker.told()) as { byteSize: number; grew: number }
  await worker.kill()
  expect(told).toMatchObject({ delivered: true })
  console.log(`${Math.round(told.byteSize / 1e6)} MB loaded, memory grew by ${Math.round(told.grew / 1e6)} MB`)
  expect(told.byteSize).toBeGreaterThan(190e6)
  expect(told.grew).toBeLessThan(100e6)
  expect(await scene.count(table)).toBe(200_000)
}, 60_000)
