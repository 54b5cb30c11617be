import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { KEYS, TABLES } from '../../src/embedded/shop/tables.ts'
import { StartupError } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { createCatalog } from '../../src/report-type/catalog.ts'
import { createSources, type Sources } from '../../src/sources/index.ts'
import { until } from '../support/until.ts'

const log = createLog({ level: 'silent', process: 'test' })
const database = `catalog_${process.pid}_${Date.now()}`
const reader = `${database}_reader`
let owner: Client
let sources: Sources
let directory: string
let readerUrl: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-catalog-'))
  const url = new URL(inject('postgresUrl'))
  const admin = new Client(url.href)
  await admin.connect()
  await admin.query(`create database ${database}`)
  await admin.query(`create role ${reader} login password 'reader'`)
  await admin.end()
  url.pathname = `/${database}`
  owner = new Client(url.href)
  await owner.connect()
  await owner.query(
    `${TABLES}; ${KEYS.join('; ')}; grant usage on schema shop to ${reader}; grant select on all tables in schema shop to ${reader}`,
  )
  ;[url.username, url.password] = [reader, 'reader']
  readerUrl = url.href
  sources = createSources({ shop: readerUrl, away: 'postgres://x:y@127.0.0.1:1/z' }, { log, maxConnections: 2 })
})
afterAll(async () => {
  for (const source of sources.values()) await source.close()
  await owner.end()
  const admin = new Client(inject('postgresUrl'))
  await admin.connect()
  await admin.query(`drop database ${database} with (force)`)
  await admin.query(`drop role ${reader}`)
  await admin.end()
  await rm(directory, { recursive: true, force: true })
})

const write = (name: string, query: string, head = '') =>
  writeFile(join(directory, name), `/*---\ntitle: T\nsource: shop\ntenancy: shared\n${head}---*/\n${query}`)

test('the shipped types are available on the shop, with columns and their words', async () => {
  const named = { fault: (name: string) => (name === 'events' ? 'There are none.' : null) }
  const catalog = createCatalog({ directory: new URL('../../reports', import.meta.url).pathname, sources, named, log })
  await catalog.load()
  await catalog.refreshAvailability()
  expect(catalog.all().map(({ name, unavailableReason }) => [name, unavailableReason])).toEqual(
    ['analytics', 'customers', 'github_hot_repositories', 'inventory', 'orders', 'pdf_tables', 'sales', 'users'].map(
      (name) => [name, null],
    ),
  )
  const { columns } = catalog.get('sales')!
  expect(columns.find(({ name }) => name === 'amount')).toMatchObject({ type: 'Decimal' })
  expect(columns.some(({ description }) => description !== undefined)).toBe(true)
})

test('a type comes and goes with its table; its last known columns stay', async () => {
  await write('things.sql', 'select id, title from shop.things', 'columns:\n  title: What it is called\n')
  await writeFile(join(directory, 'remote.sql'), '/*---\ntitle: R\nsource: away\ntenancy: shared\n---*/ select 1 as x')
  const catalog = createCatalog({ directory, sources, log, retryEvery: 20 })
  await catalog.load()
  await catalog.refreshAvailability()
  const before = catalog.get('things')!
  expect(before).toMatchObject({
    columns: [],
    unavailableReason: expect.stringContaining('"shop.things" does not exist'),
  })
  expect(catalog.get('remote')!.unavailableReason).toBe("Its source can't be reached.")

  catalog.start()
  await owner.query(`create table shop.things (id int, title text); grant select on shop.things to ${reader}`)
  await until(() => catalog.get('things')!.unavailableReason === null)
  await catalog.close()
  const columns = [{ name: 'id', type: 'Int' }, { name: 'title', type: 'String', description: 'What it is called' }] // prettier-ignore
  expect(catalog.get('things')!.columns).toEqual(columns)
  expect(before.columns).toEqual([]) // What somebody holds does not change under him.

  await owner.query('alter table shop.things rename to other_things')
  await catalog.refreshAvailability()
  expect(catalog.get('things')).toMatchObject({ columns, unavailableReason: expect.stringContaining('does not exist') })
  await owner.query('drop table shop.other_things')
  await rm(join(directory, 'remote.sql'))
})

test('what no waiting mends stops the start, for all files at once', async () => {
  await write('things.sql', 'select frm where')
  await write('twice.sql', 'select 1 as a, 2 as a')
  await write('words.sql', 'select 1 as amount', 'columns:\n  amuont: Money\n')
  await write('sums.sql', 'select 1 as a', 'summary: select sum( from rows\n')
  const catalog = createCatalog({ directory, sources, log })
  await catalog.load()
  const error = await catalog.refreshAvailability().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(StartupError)
  expect((error as StartupError).faults).toEqual([
    expect.stringMatching(/^sums\.sql: summary: .*syntax error/),
    expect.stringMatching(/^things\.sql: .*syntax error/),
    expect.stringMatching(/^twice\.sql: the query has two columns called "a"/),
    expect.stringMatching(/^words\.sql: columns: the query has no column "amuont"\. Did you mean "amount"\?/),
  ])
  for (const name of ['twice', 'words', 'sums']) await rm(join(directory, `${name}.sql`))
})

test('a source whose role is too mighty is named as the reason, with the remedy', async () => {
  await write('things.sql', 'select 1 as a')
  const mighty = createSources({ shop: inject('postgresUrl') }, { log, maxConnections: 1 })
  const catalog = createCatalog({ directory, sources: mighty, log })
  await catalog.load()
  await catalog.refreshAvailability()
  expect(catalog.get('things')!.unavailableReason).toMatch(/^Source "shop" can't be used: its role .* owns something/)
  for (const source of mighty.values()) await source.close()
})
