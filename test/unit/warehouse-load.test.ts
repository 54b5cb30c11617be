import { readFileSync } from 'node:fs'
import { to as copyTo } from 'pg-copy-streams'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { csv } from '../../src/formats/csv.ts'
import { batchesOf, bytesOf, HOSTILE_ROWS, TEXT_COLUMNS } from '../support/rows.ts'
import { createSourceScene } from '../support/source-scene.ts'
import { createWarehouseScene, documentOf, GRANTS, TIGHT, type WarehouseScene } from '../support/warehouse-scene.ts'

let scene: WarehouseScene
beforeAll(async () => {
  scene = await createWarehouseScene()
})
afterAll(() => scene.drop())

const ROWS = 'id,name\n1,one\n2,"two, ""quoted"" and\nbroken"\n3,Grüße\n'
const rows = (more = {}) => documentOf(['id', 'name'], ROWS, { rowCount: 3, ...more })
const table = (name: string, columns: string) => scene.sql(`create table loads.${name} (${columns})`)

test('the grants of the documentation are those that this suite runs under', () => {
  const page = readFileSync(new URL('../../docs/deliveries.md', import.meta.url), 'utf8')
  expect(page).toContain(GRANTS.trim())
  expect(page.replaceAll('loads.', 'tight.')).toContain(TIGHT.trim())
})

describe('what goes in', () => {
  test('every type of the source’s comes to the same row', async () => {
    const source = await createSourceScene()
    try {
      // A value of each kind, the hard ones of each, and one row of nulls.
      const columns = `i2 smallint, i4 int, i8 bigint, n numeric, f4 real, f8 double precision, b boolean, t text, v varchar(20), c char(5), d date, ts timestamp, tz timestamptz,
        tm time, tmz timetz, iv interval, u uuid, j json, jb jsonb, by bytea, ia int[], ta text[], ip inet, r int4range, m money, x xml, bit_ bit(3), pt point`
      await source.owner.query(`create table data.kinds (id int primary key, ${columns})`)
      await source.owner.query(
        `insert into data.kinds values
        (1, -32768, 2147483647, -9223372036854775808, 12345678901234567890.000100, 'NaN', '-Infinity', true, E'a,"b"\\n\\\\.', 'ü', 'ab', '2026-02-28', '2026-03-29 02:30:00.123456', '2026-10-25 02:30:00.5+02',
         '23:59:59.999999', '12:00+05:30', '1 year -3 days 04:05:06.7', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, null]}', '{"b": "x\\"y"}', '\\x00ff22', '{1,null,3}', array['a,b', '"', '', null, 'NULL'], '10.0.0.0/8', '[1,5)', 12.5, '<a>é</a>', b'101', '(1.5,-2)'),
        (2, 0, 0, 0, 'NaN', 1e-20, 1.7976931348623157e308, false, '', '', '', '4713-01-01 BC', 'infinity', '-infinity', '00:00', '00:00-12', '-1 mon', '00000000-0000-0000-0000-000000000000', 'null', '[]', '', '{}', '{}', '::1', 'empty', -0.01, '', b'000', '(0,0)')`,
      )
      await source.owner.query('insert into data.kinds (id) values (3)')
      await table('kinds', `${columns.replaceAll('\n', ' ')}, id int primary key`)
      const fields = (await source.owner.query('select * from data.kinds limit 0')).fields.map(({ name }) => name)
      const bytes = await bytesOf(
        source.owner.query(copyTo('copy (select * from data.kinds order by id) to stdout (format csv, header)')),
      )
      await scene.load('kinds', await documentOf(fields, bytes, { rowCount: 3 }))
      const look = `set timezone = 'UTC'; select ${fields.map((name) => `"${name}"::text`).join()} from SCHEMA.kinds order by id::int`
      const inSource = (await source.owner.query(look.replace('SCHEMA', 'data'))) as unknown as { rows: unknown[] }[]
      const here = (await scene.owner.query(look.replace('SCHEMA', 'loads'))) as unknown as { rows: unknown[] }[]
      expect(inSource[1]!.rows).toHaveLength(3)
      expect(here[1]!.rows).toEqual(inSource[1]!.rows)
    } finally {
      await source.drop()
    }
  })

  test('computed rows with text that breaks writers, null and empty apart', async () => {
    await table('hostile', 'flag boolean, text text, id int')
    const bytes = await bytesOf(
      csv.encode(batchesOf([HOSTILE_ROWS]).batches, { columns: TEXT_COLUMNS, csvDialect: 'POSTGRES', timeZone: 'UTC' }),
    )
    await scene.load('hostile', await documentOf(['id', 'text', 'flag'], bytes, { rowCount: HOSTILE_ROWS.length }))
    expect(
      (await scene.sql<{ id: number; text: unknown; flag: unknown }>('select * from loads.hostile order by id')).map(
        ({ id, text, flag }) => [id, text, flag],
      ),
    ).toEqual(HOSTILE_ROWS)
  })

  test('one column alone, with the texts that once meant something', async () => {
    await table('alone', 'text text')
    const columns = [{ name: 'text', type: 'String' as const }]
    const texts = ['\\.', '\\N', '', 'NULL', null, ' ']
    const bytes = await bytesOf(
      csv.encode(batchesOf([texts.map((text) => [text])]).batches, {
        columns,
        csvDialect: 'POSTGRES',
        timeZone: 'UTC',
      }),
    )
    await scene.load('alone', await documentOf(['text'], bytes, { rowCount: texts.length }))
    expect((await scene.sql<{ text: unknown }>('select * from loads.alone')).map(({ text }) => text)).toEqual(texts)
  })

  test.each(['NONE', 'GZIP', 'ZSTD'] as const)(
    '%s, by the names of the columns and not their order, beside columns that fill themselves',
    async (compression) => {
      const name = `ordered_${compression.toLowerCase()}`
      await table(
        name,
        `loaded timestamptz not null default now(), name text, n int generated always as identity, twice int generated always as (id * 2) stored, id int not null`,
      )
      await scene.load(name, await rows({ compression }))
      expect(
        await scene.sql(`select id, name, twice, n, loaded is not null as loaded from loads.${name} order by id`),
      ).toEqual([
        { id: 1, name: 'one', twice: 2, n: 1, loaded: true },
        { id: 2, name: 'two, "quoted" and\nbroken', twice: 4, n: 2, loaded: true },
        { id: 3, name: 'Grüße', twice: 6, n: 3, loaded: true },
      ])
    },
  )

  test('names that need quotes', async () => {
    await table('quotes', '"Amount, €" numeric, "a""b" text, "select" int')
    const document = await documentOf(['select', 'a"b', 'Amount, €'], 'select,"a""b","Amount, €"\n1,x,2.50\n', {
      rowCount: 1,
    })
    await scene.load('quotes', document)
    expect(await scene.sql('select * from loads.quotes')).toEqual([{ 'Amount, €': '2.50', 'a"b': 'x', select: 1 }])
  })

  test('no rows: an APPEND changes nothing, a REPLACE empties', async () => {
    await table('zero', 'id int, name text')
    await scene.load('zero', await rows())
    const none = await documentOf(['id', 'name'], 'id,name\n', { rowCount: 0 })
    await scene.load('zero', none)
    expect(await scene.count('zero')).toBe(3)
    await scene.load('zero', none, { mode: 'REPLACE' })
    expect(await scene.count('zero')).toBe(0)
  })

  test('times without a zone are the report’s own', async () => {
    await table('times', 'at timestamptz')
    await scene.load('times', await documentOf(['at'], 'at\n2026-11-21 10:00:00\n', { rowCount: 1 }))
    expect(await scene.sql(`select at from loads.times`)).toEqual([{ at: new Date('2026-11-21T09:00:00Z') }])
  })

  test('APPEND adds, REPLACE leaves the new rows alone; a partitioned table takes them, too', async () => {
    await scene.sql('create table loads.parts (id int, name text) partition by list (id)')
    await scene.sql('create table loads.parts_rest partition of loads.parts default')
    for (const mode of ['APPEND', 'APPEND'] as const) await scene.load('parts', await rows(), { mode })
    expect(await scene.count('parts')).toBe(6)
    await scene.load('parts', await rows(), { mode: 'REPLACE' })
    expect(await scene.count('parts')).toBe(3)
  })
})
