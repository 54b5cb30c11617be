import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CSV_DIALECTS, type CsvDialect, type RowBatch } from '../../src/formats/format.ts'
import { FORMATS, formatNamed } from '../../src/formats/index.ts'
import type { Cell, Column, SourceClient } from '../../src/report-type/define.ts'
import { createPostgresSource } from '../../src/sources/postgres.ts'
import type { Handed } from '../../src/sources/sent-row.ts'
import type { Source } from '../../src/sources/source.ts'
import { rowBatches } from '../../worker/row-batches.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { log } from '../support/source-scene.ts'
import { HOSTILE_TEXTS, textOf } from '../support/rows.ts'

type AuthorRow = Record<string, Cell>

/** Name, Postgres' type, type in the report, values beside null. */
const TYPES = [
  ['place', 'int', 'Int', []],
  ['text', 'text', 'String', HOSTILE_TEXTS],
  ['small', 'smallint', 'Int', ['0', '-32768', '7']],
  ['whole', 'int', 'Int', ['2147483647', '-2147483648', '0']],
  ['large', 'bigint', 'BigInt', ['9223372036854775807', '-1', '0']],
  ['money', 'numeric', 'Decimal', ['12.50', '-0.000001', 'NaN', '1e40', 'Infinity']],
  ['real', 'real', 'Float', ['0.1', '1e6', 'NaN', '-0', '1.5e-10']],
  ['double', 'double precision', 'Float', ['0.1', '1e15', '-Infinity', '1e-5']],
  ['yes', 'boolean', 'Boolean', ['t', 'f']],
  ['day', 'date', 'Date', ['2026-02-28', 'infinity', '0044-03-15 BC', '12026-01-01']],
  ['at', 'timestamptz', 'DateTime', ['2026-01-01 10:00:00+00', '2026-06-01 10:00:00.120+00', '2026-02-30'.replace('30', '28'), 'infinity', '0044-03-15 10:00:00+00 BC', '12026-01-01 00:00:00+00', '0001-01-01 00:00:00+00']],
  ['at_text', 'timestamptz', 'String', ['2026-01-01 10:00:00.5+00']],
  ['text_at', 'text', 'DateTime', ['2026-01-01T10:00:00.50Z', '2026-01-01 10:00:00+00', 'soon', '2026-01-01T10:00:00+01:00']],
  ['local', 'timestamp', 'LocalDateTime', ['2026-01-01 10:00:00', '2026-01-01 10:00:00.123456']],
  ['time', 'time', 'Time', ['10:00:00', '23:59:59.5']],
  ['id', 'uuid', 'ID', ['01a200a7-7ecc-757c-945a-d8340e22274f']],
  ['json', 'jsonb', 'JSON', ['{"a": [1, "x,y"], "b": null}', '"text"', 'null', '1.50']],
  ['json_text', 'json', 'String', ['{"a":  1}']],
  ['text_json', 'text', 'JSON', ['a "b"']],
  ['list', 'text[]', 'List', ['{a,"b c",NULL}', '{}']],
  ['bytes', 'bytea', 'Bytes', ['\\x00ff']],
  ['__proto__', 'text', 'String', ['a,b']],
] as const // prettier-ignore
const columns: Column[] = TYPES.map(([name, , type]) => ({ name, type }))
const QUERY = 'select * from everything order by place'

let database: SourceDatabase
let source: Source
beforeAll(async () => {
  database = await createSourceDatabase(
    `create table everything (${TYPES.map(([name, type]) => `"${name}" ${type}`).join(', ')})`,
  )
  let place = 0
  for (const [name, , , values] of TYPES) {
    for (const value of values)
      await database.sql(`insert into everything (place, "${name}") values ($1, $2)`, [place++, value])
  }
  await database.sql(`insert into everything (place, text, money, json) select i, repeat('Ž', i % 200), i, to_jsonb(i) from generate_series(1000, 4000) i`) // prettier-ignore
  source = createPostgresSource('main', database.url, { log, maxConnections: 2 })
})
afterAll(async () => {
  await source?.close()
  await database?.drop()
})

type Author = (client: SourceClient) => AsyncIterable<AuthorRow | readonly Cell[]>
const passOn: Author = (client) => client.query(QUERY) as AsyncIterable<AuthorRow>
/** The same rows, made anew: nothing is known of them but their values. */
async function* madeAnew(client: SourceClient) {
  for await (const row of passOn(client)) yield { ...(row as AuthorRow) }
}

function batchesOf(author: Author, timeZone = 'UTC', of = columns): AsyncGenerator<RowBatch> {
  const handed: Handed = { last: null }
  const session = { reportId: 'r', settings: [], timeZone, timeoutMs: 10_000, signal: new AbortController().signal }
  return rowBatches(author(source.client(session, handed)), of, handed)
}
type How = { timeZone?: string; csvDialect?: CsvDialect; format?: string; of?: typeof columns }
function documentOf(author: Author, how: How = {}) {
  const { timeZone = 'UTC', csvDialect = 'POSTGRES', format = 'CSV', of = columns } = how
  return textOf(formatNamed(format).encode(batchesOf(author, timeZone, of), { columns: of, csvDialect, timeZone }))
}
async function sentOf(author: Author, of = columns): Promise<boolean[]> {
  const batches = await Array.fromAsync(batchesOf(author, 'UTC', of))
  return batches.flatMap((batch) => batch.map((_, index) => Boolean(batch.sent?.[index])))
}

describe('rows that an author passes on as they are', () => {
  test.each(CSV_DIALECTS.flatMap((dialect) => ['UTC', 'Asia/Kolkata'].map((zone) => [dialect, zone] as const)))(
    'are written as rows with the same values are: %s, %s',
    async (csvDialect, timeZone) => {
      const passed = await documentOf(passOn, { csvDialect, timeZone })
      expect(passed).toBe(await documentOf(madeAnew, { csvDialect, timeZone }))
      expect(passed.length).toBeGreaterThan(100_000)
    },
  )
  test.each(FORMATS.map(({ name }) => name).filter((name) => name !== 'CSV'))('also as %s', async (format) => {
    // Among the dates is infinity, which is no date in PARQUET: there they are texts.
    const dates: readonly string[] = format === 'PARQUET' ? ['Date', 'DateTime', 'LocalDateTime'] : []
    const of = columns.map((column): Column => (dates.includes(column.type) ? { ...column, type: 'String' } : column))
    expect(await documentOf(passOn, { format, of })).toBe(await documentOf(madeAnew, { format, of }))
  })

  test('are known, and are not looked at cell by cell', async () => {
    const known = await sentOf(passOn)
    // One of the texts is longer than what is kept of a row, and one cell is NaN, which equals nothing.
    expect(known.filter((is) => !is)).toHaveLength(2)
    expect((await sentOf(madeAnew)).some(Boolean)).toBe(false)
    const others = columns.map((column) => (column.name === 'text' ? { ...column, name: 'words' } : column))
    await expect(sentOf(passOn, others)).rejects.toThrow(/has a cell "text"/)
  })

  test('with rows of the author’s own between them stay in their order', async () => {
    const between = (from: Author): Author =>
      async function* (client) {
        let count = 0
        for await (const row of from(client)) {
          if (count % 3 !== 1) yield row
          if (count++ % 5 === 0) yield columns.map((_, index) => (index === 1 ? `${count}, "so far" ${'ą'.repeat(count)}` : null))
        }
      } // prettier-ignore
    expect(await documentOf(between(passOn))).toBe(await documentOf(between(madeAnew)))
  })

  test.each<[string, (row: AuthorRow) => void]>([
    ['changes a cell', (row) => void (row['text'] = 'new, "text"')],
    ['empties a cell', (row) => void (row['whole'] = null)],
    ['leaves a cell out', (row) => void delete row['money']],
    ['moves a cell to the end', (row) => void ([row['small']] = [delete row['small'] && 5])],
    ['changes what is inside a cell', (row) => void (row['json'] = { was: row['json'] })],
    ['changes JSON in its place', (row) => void (row['json'] && Object.assign(row['json'], { more: [1] }))],
  ])('but for one of which the author %s: then its values count', async (_, change) => {
    const changed = (from: Author): Author =>
      async function* (client) {
        for await (const row of from(client)) {
          change(row as AuthorRow)
          yield row
        }
      }
    const document = await documentOf(changed(passOn))
    expect(document).toBe(await documentOf(changed(madeAnew)))
    expect(document).not.toBe(await documentOf(passOn))
  })

  test('are plain objects: what is spread, listed, cloned or written as JSON has all cells, in their order', async () => {
    const query = `select 1 as b, 'x' as a, null::text as nothing, '{"k": [1]}'::jsonb as json, 'p' as "__proto__", 2 as "1", timestamptz '2026-01-01 10:00:00.5+01' as at`
    const client = source.client({ reportId: 'r', settings: [], timeZone: 'UTC', timeoutMs: 10_000, signal: new AbortController().signal }) // prettier-ignore
    const [row] = (await Array.fromAsync(client.query(query))) as [AuthorRow]
    expect(Object.keys(row)).toEqual(['1', 'b', 'a', 'nothing', 'json', '__proto__', 'at'])
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
    expect(Reflect.ownKeys(row)).toHaveLength(7)
    const whole = '{"1":2,"b":1,"a":"x","nothing":null,"json":{"k":[1]},"__proto__":"p","at":"2026-01-01T09:00:00.5Z"}'
    for (const same of [row, { ...row }, structuredClone(row), Object.fromEntries(Object.entries(row))])
      expect(JSON.stringify(same)).toBe(whole)
  })
})
