import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyStatement, withoutRedshift } from '../../src/channels/redshift.ts'
import { createWarehouse } from '../../src/channels/warehouse.ts'
import { readConfig } from '../../src/config.ts'
import {
  createWarehouseScene,
  documentOf,
  handoverOf,
  log,
  targetOf,
  type WarehouseScene,
} from '../support/warehouse-scene.ts'

const URL_ = 'redshift://loader:secret@cluster.example:5439/db'
const inBucket = (more = {}) =>
  documentOf(['id', 'name'], 'id,name\n1,a\n', { rowCount: 1, objectUrl: 's3://reports/acme/r1/1.csv', ...more })

describe('the statement', () => {
  const statement = async (url = URL_, more = {}) =>
    copyStatement({ target: targetOf('sales'), document: await inBucket(more) }, '"id", "name"', url)

  test('fetches the document from the bucket, by the columns’ names', async () => {
    expect(await statement()).toBe(
      `copy "loads"."sales" ("id", "name")
from 's3://reports/acme/r1/1.csv'
iam_role default
format as csv ignoreheader 1 null as '' dateformat 'auto' timeformat 'auto' encoding utf8 maxerror 0`,
    )
  })

  test('names the role, the region and the compression', async () => {
    const url = `${URL_}?iam_role=arn:aws:iam::123456789012:role/loader&region=eu-central-1&sslmode=require`
    const text = await statement(url, { compression: 'ZSTD' })
    expect(text.split('\n').slice(2)).toEqual([
      `iam_role 'arn:aws:iam::123456789012:role/loader'`,
      `region 'eu-central-1'`,
      expect.stringMatching(/^format as csv /),
      'zstd',
    ])
    expect(await statement(url, { compression: 'GZIP' })).toMatch(/\ngzip$/)
    expect(withoutRedshift(url)).toBe('postgres://loader:secret@cluster.example:5439/db?sslmode=require')
  })

  test('quotes what it is given', async () => {
    expect(await statement(URL_, { objectUrl: `s3://b/it's` })).toContain(`from 's3://b/it''s'`)
    await expect(statement(URL_, { objectUrl: 's3://b/a\\b' })).rejects.toThrow(RangeError)
  })

  test('is not for a document outside of S3', async () => {
    for (const objectUrl of [null, 'file:/var/lib'])
      await expect(statement(URL_, { objectUrl })).rejects.toMatchObject({ name: 'DeliveryFailed', retryable: false })
  })
})

describe('the settings', () => {
  const read = (url: string, more = {}) =>
    readConfig({
      DATABASE_URL: 'postgres://a:b@localhost/c',
      REDIS_URL: 'redis://localhost:6379',
      BROADSHEET_SECRET: 'x'.repeat(32),
      BROADSHEET_WAREHOUSES: JSON.stringify({ main: { url, tables: ['loads.*'] } }),
      ...more,
    })

  test('need a store that Redshift can read', () => {
    expect(() => read(URL_)).toThrow(/BROADSHEET_WAREHOUSES: "main" is an Amazon Redshift.*STORE_URL=s3:/)
  })

  test.each(['iam_role=loader', "iam_role=arn:aws:iam::1:role/x'", "region=eu'", 'region=moon'])(
    '%s is refused',
    (query) => {
      expect(() => read(`${URL_}?${query}`, { STORE_URL: 's3://reports/all' })).toThrow(
        /BROADSHEET_WAREHOUSES: "main" has a/,
      )
    },
  )
})

describe('against a server that has no such COPY', () => {
  let scene: WarehouseScene
  beforeAll(async () => {
    scene = await createWarehouseScene()
    await scene.sql('create table loads.sales (id int, name text)')
    // What Redshift's own words would make; its DDL is not Postgres'.
    await scene.sql(
      'create table loads.broadsheet_delivery (delivery_id text, report_id text, table_name text, row_count bigint)',
    )
    await scene.sql('grant select, insert, update on loads.broadsheet_delivery to loader')
  })
  afterAll(() => scene.drop())

  test('all up to the statement runs, its refusal is told, and nothing is left', async () => {
    await scene.sql(`insert into loads.sales values (7, 'old')`)
    const url = scene.url.replace('postgres:', 'redshift:')
    const channel = createWarehouse({ warehouses: { main: { ...scene.reach, url } }, log })
    const handover = handoverOf(await inBucket())
    await expect(channel.deliver(targetOf('sales', 'REPLACE'), handover)).rejects.toMatchObject({
      name: 'DeliveryFailed',
      retryable: false,
      message: 'The warehouse refused the load (42601). Nothing was loaded.',
      cause: { message: expect.stringContaining('"iam_role"') as string },
    })
    expect(await scene.sql('select * from loads.sales')).toEqual([{ id: 7, name: 'old' }])
    expect(await scene.count('broadsheet_delivery')).toBe(0)

    // What the ledger holds is not asked for again.
    await scene.sql(`insert into loads.broadsheet_delivery values ($1)`, [handover.deliveryId])
    await channel.deliver(targetOf('sales', 'REPLACE'), handover)
    expect(await scene.count('sales')).toBe(1)
    await expect(
      channel.deliver(targetOf('sales'), handoverOf(await inBucket({ objectUrl: null }))),
    ).rejects.toMatchObject({ message: expect.stringContaining('S3 store') as string, retryable: false })
    const renamed = await inBucket({
      columns: [
        { name: 'id', type: 'Int' },
        { name: 'nom', type: 'String' },
      ],
    })
    await expect(channel.deliver(targetOf('sales'), handoverOf(renamed))).rejects.toMatchObject({
      message: 'The table has no column "nom".',
    })
    await channel.close()
  })
})
