import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parquet } from '../../src/formats/parquet.ts'
import type { Cell, Column, ColumnType, Row } from '../../src/report-type/define.ts'
import { formatOracles } from '../support/format-oracles.ts'
import { batchesOf, bytesOf, HOSTILE_ROWS, TEXT_COLUMNS } from '../support/rows.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-parquet-'))
})
// Installed on first use, which is no part of what the tests take.
beforeAll(async () => void (await formatOracles()), 130_000)
afterAll(() => rm(directory, { recursive: true }))

const encode = (columns: readonly Column[], batches: readonly (readonly Row[])[]) =>
  bytesOf(parquet.encode(batchesOf(batches).batches, { columns, csvDialect: 'POSTGRES', timeZone: 'Europe/Vilnius' }))

let files = 0
/** What DuckDB makes of a document. */
async function asked(bytes: Buffer, query: string): Promise<(string | null)[][]> {
  const path = join(directory, `${files++}.parquet`)
  await writeFile(path, bytes)
  return (await formatOracles()).duckdb(query, path)
}
async function column(of: Column, values: readonly Cell[]) {
  const bytes = await encode([of], [values.map((value) => [value])])
  const cells = await asked(bytes, 'select it::varchar from ? ')
  const [[type] = []] = await asked(bytes, 'select column_type from (describe select * from ?)')
  return { type, cells: cells.map(([cell]) => cell) }
}
const it = (type: ColumnType, more: Partial<Column> = {}): Column => ({ name: 'it', type, ...more })

describe('DuckDB reads each column as what it is', () => {
  test.each<[Column, string, Cell[], (string | null)[]]>([
    [it('Int'), 'INTEGER', [1, -2147483648, 2147483647, null, '42', 7n], ['1', '-2147483648', '2147483647', null, '42', '7']],
    [it('BigInt'), 'BIGINT', ['9223372036854775807', '-9223372036854775808', '9007199254740993', 5, 6n, null], ['9223372036854775807', '-9223372036854775808', '9007199254740993', '5', '6', null]],
    [it('Float'), 'DOUBLE', [1.5, 0.1, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, null], ['1.5', '0.1', 'nan', 'inf', '5e-324', null]],
    [it('Boolean'), 'BOOLEAN', [true, null, false], ['true', null, 'false']],
    [it('Date'), 'DATE', ['2026-11-21', '1850-01-01', '0044-03-15 BC', '10000-01-01', new Date('2026-11-21T23:00:00Z')], ['2026-11-21', '1850-01-01', '0044-03-15 (BC)', '10000-01-01', '2026-11-21']],
    [it('LocalDateTime'), 'TIMESTAMP', ['2026-11-21 09:30:00.123456', '1850-01-01 00:00:00', null], ['2026-11-21 09:30:00.123456', '1850-01-01 00:00:00', null]],
    [it('ID'), 'VARCHAR', ['00000000-0000-4000-8000-000000000001'], ['00000000-0000-4000-8000-000000000001']],
    [it('Time'), 'VARCHAR', ['09:30:00+02', '24:00:00'], ['09:30:00+02', '24:00:00']],
    [it('List'), 'VARCHAR', ['{1,2}', ['a', 'b c']], ['{1,2}', '{a,"b c"}']],
    [it('Decimal'), 'VARCHAR', ['12345678901234567890.123456789', 'NaN', '1.50', 2.5], ['12345678901234567890.123456789', 'NaN', '1.50', '2.5']],
    [it('JSON'), 'JSON', [{ a: [1, null] }, 'text', null], ['{"a":[1,null]}', '"text"', null]],
  ])('%o is %s', async (of, type, values, expected) => {
    expect(await column(of, values)).toEqual({ type, cells: expected })
  }) // prettier-ignore

  test.each([
    [9, 2, ['1234567.89', '-0.01', '0', '12', 1.5], ['1234567.89', '-0.01', '0.00', '12.00', '1.50']],
    [18, 0, ['999999999999999999', '-999999999999999999', '5.000'], ['999999999999999999', '-999999999999999999', '5']],
    [38, 10, ['1234567890123456789012345678.0123456789', '-0.0000000001'], ['1234567890123456789012345678.0123456789', '-0.0000000001']],
    [5, 5, ['0.12345', '-0.99999'], ['.12345', '-.99999']],
  ])('numeric(%i, %i)', async (precision, scale, values, expected) => {
    const { type, cells } = await column(it('Decimal', { precision, scale }), values)
    expect([type, cells]).toEqual([`DECIMAL(${precision},${scale})`, expected])
  }) // prettier-ignore

  test('instants, in UTC to the microsecond', async () => {
    const instants = ['2026-11-21T09:00:00.123456Z', '2026-11-21 09:00:00+00', '2026-11-21T09:00:00+02:00', '1700-01-01T00:00:00Z', '10000-01-01 00:00:00+00', new Date('2026-11-21T09:00:00.5Z')]
    const bytes = await encode([it('DateTime')], [instants.map((value) => [value])])
    expect(await asked(bytes, "select column_type from (describe select * from ?)")).toEqual([['TIMESTAMP WITH TIME ZONE']])
    expect(await asked(bytes, 'select epoch_us(it)::varchar from ?')).toEqual(
      ['1795251600123456', '1795251600000000', '1795244400000000', '-8520336000000000', '253402300800000000', '1795251600500000'].map((micros) => [micros]),
    )
  }) // prettier-ignore

  test('JSON with whole numbers of any size', async () => {
    const { type, cells } = await column(it('JSON'), [{ id: 2n ** 70n }, [1.5, { deep: 'ž' }]])
    expect([type, cells]).toEqual(['JSON', ['{"id":"1180591620717411303424"}', '[1.5,{"deep":"ž"}]']])
  })

  test('bytes', async () => {
    const bytes = await encode([it('Bytes')], [[['\\x00ff'], [Buffer.from('hi') as never], ['\\x'], [null]]]) // prettier-ignore
    expect(await asked(bytes, 'select hex(it) from ?')).toEqual([['00FF'], ['6869'], [''], [null]])
  })

  test('hostile text, nulls told from empty', async () => {
    const bytes = await encode(TEXT_COLUMNS, [HOSTILE_ROWS])
    const rows = await asked(bytes, 'select id::varchar, hex(text), flag::varchar from ?')
    const hex = (cell: Cell) => (typeof cell === 'string' ? Buffer.from(cell).toString('hex').toUpperCase() : cell)
    expect(rows).toEqual(HOSTILE_ROWS.map((row) => row.map((cell) => (cell == null ? null : String(hex(cell))))))
  })
})

describe('row groups', () => {
  const counted = (bytes: Buffer) => parquetMetadata(new Uint8Array(bytes).buffer).row_groups.map(({ num_rows }) => Number(num_rows)) // prettier-ignore

  test('end after 16,384 rows, in mid-batch too, and nothing is lost', async () => {
    const rows = Array.from({ length: 150_000 }, (_, index): Row => [index, `t${index % 7}`, index % 2 === 0])
    const bytes = await encode(TEXT_COLUMNS, [rows.slice(0, 100_000), rows.slice(100_000)])
    expect(counted(bytes)).toEqual([...Array<number>(9).fill(16_384), 2_544])
    expect(await asked(bytes, 'select count(*), sum(id), count(distinct text) from ?')).toEqual([['150000', '11249925000', '7']])
  }) // prettier-ignore

  test('end after 8 MiB of text, so that wide rows are not all held', async () => {
    const wide = Array.from({ length: 40 }, (_, index): Row => [index, String(index % 10).repeat(1024 * 1024), null])
    const bytes = await encode(TEXT_COLUMNS, wide.map((row) => [row])) // prettier-ignore
    expect(Math.max(...counted(bytes))).toBe(8)
    expect(await asked(bytes, 'select count(*), sum(length(text)) from ?')).toEqual([['40', String(40 * 1024 * 1024)]])
  })

  test('the same with another reader', async () => {
    const bytes = await encode([it('BigInt'), { name: 'money', type: 'Decimal', precision: 12, scale: 2 }], [[['9007199254740993', '12.50'], [null, null]]]) // prettier-ignore
    expect(await parquetReadObjects({ file: new Uint8Array(bytes).buffer })).toEqual([
      { it: 9007199254740993n, money: 12.5 },
      { it: null, money: null },
    ])
    expect(parquetMetadata(new Uint8Array(bytes).buffer).created_by).toBe('Broadsheet')
  })
})

describe('a value that its column has no room for is a failure that names it', () => {
  test.each<[Column, Cell, RegExp]>([
    [it('Int'), 3_000_000_000, /Row 2, column "it": "3000000000" is no Int of 32 bits/],
    [it('Int'), 1.5, /is no Int/],
    [it('Int'), 'many', /"many" is no Int/],
    [it('BigInt'), '9223372036854775808', /is no BigInt of 64 bits/],
    [it('BigInt'), 1.5, /is no BigInt/],
    [it('Float'), '1,5', /is no Float/],
    [it('Boolean'), 'yes', /is no Boolean/],
    [it('Date'), 'infinity', /"infinity" is no date/],
    [it('Date'), '2026-02-30', /is no date/],
    [it('DateTime'), '-infinity', /is no instant/],
    [it('LocalDateTime'), 'infinity', /is no date and time/],
    [it('Bytes'), 'hi', /is no bytes/],
    [it('Decimal', { precision: 5, scale: 2 }), '1000', /is no decimal of 5 digits, 2 of them after the point/],
    [it('Decimal', { precision: 5, scale: 2 }), '1.005', /is no decimal/],
    [it('Decimal', { precision: 5, scale: 2 }), 'NaN', /is no decimal/],
  ])('%o: %s', async (of, cell, message) => {
    await expect(encode([of], [[[null], [cell]]])).rejects.toMatchObject({
      code: 'FORMAT_LIMIT',
      retryable: false,
      message: expect.stringMatching(message) as string,
    })
  })
})
