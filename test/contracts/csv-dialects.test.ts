import { Readable } from 'node:stream'
import { writeToString } from 'fast-csv'
import { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { csv } from '../../src/formats/csv.ts'
import { CSV_DIALECTS, type CsvDialect } from '../../src/formats/format.ts'
import type { Cell, Column, ColumnType, Row } from '../../src/report-type/define.ts'
import { batchesOf, bytesOf, HOSTILE_TEXTS } from '../support/rows.ts'

/** SQL type, our type, values as SQL text. Every value stands once; the rest of each row is null. */
const TYPES: readonly [sql: string, type: ColumnType, values: readonly string[]][] = [
  ['text', 'String', HOSTILE_TEXTS.map((text) => text)],
  ['integer', 'Int', ['0', '-2147483648', '2147483647']],
  ['bigint', 'BigInt', ['9223372036854775807', '-1', '0']],
  ['double precision', 'Float', ['0', '-0', '0.1', '1e14', '1e15', '123456789012345680', '0.0001', '0.00001', '1e-7', '5e-324', '1.7976931348623157e308', '-1.5', 'NaN', 'Infinity', '-Infinity', '1234567.125']],
  ['numeric', 'Decimal', ['0', '-12.50', '0.000000001', '123456789012345678901234567890.12', 'NaN']],
  ['boolean', 'Boolean', ['t', 'f']],
  ['date', 'Date', ['2026-11-21', '1999-12-31', 'infinity', '-infinity']],
  ['timestamptz', 'DateTime', ['2026-11-21 09:00:00+00', '2026-11-21 09:00:00.1+00', '2026-11-21 09:00:00.12+00', '1999-12-31 23:59:59.999+00', '0044-03-15 10:00:00 BC', '12026-01-01 00:00:00+00']],
  ['timestamp', 'LocalDateTime', ['2026-11-21 09:00:00', '2026-11-21 09:00:00.5']],
  ['time', 'Time', ['09:00:00', '23:59:59.25']],
  ['uuid', 'ID', ['7b1c3f0e-0000-4000-8000-000000000001']],
  ['json', 'JSON', ['{"a":1,"b":["x, y",null]}', '[]', '"=1"', '-5', '1.5', 'true']],
  ['text[]', 'List', ['{a,b}', '{}', '{"",NULL,"null","a b","x,y","q\\"q","b\\\\s","{}"}', '{{a,b},{c,d}}', '{"\v"}']],
  ['bytea', 'Bytes', ['\\x', '\\x00ff10']],
] // prettier-ignore

const columns: readonly Column[] = TYPES.map(([, type], index) => ({
  name: ['-first', 'say "hi"', 'with space', '', '=1+1'][index] || `c${index}`,
  type,
}))
let client: Client

beforeAll(async () => {
  client = new Client(inject('postgresUrl'))
  await client.connect()
  await client.query(`set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set client_encoding = 'UTF8'`)
  await client.query(
    `create temp table everything (${TYPES.map(([sql], index) => `${quotedName(index)} ${sql}`).join(', ')})`,
  )
  for (const [index, [, , values]] of TYPES.entries()) {
    for (const value of values) await client.query(`insert into everything (${quotedName(index)}) values ($1)`, [value])
  }
  await client.query('insert into everything default values')
})
afterAll(() => client.end())

function quotedName(index: number): string {
  return `"${columns[index]!.name.replaceAll('"', '""')}"`
}

async function copied(query: string): Promise<Buffer> {
  return bytesOf(client.query(copyTo(`copy (${query}) to stdout (format csv, header)`)))
}

/** The same rows as an author would give them: typed values where JavaScript has a type. */
async function typedRows(): Promise<Row[]> {
  const text = { getTypeParser: () => (value: string) => value }
  const { rows } = await client.query<(string | null)[]>({
    text: 'select * from everything',
    rowMode: 'array',
    types: text,
  })
  return rows.map((row) => row.map((value, index) => (value === null ? null : typed(columns[index]!.type, value))))
}

function typed(type: ColumnType, value: string): Cell {
  if (type === 'Int' || type === 'Float') return Number(value)
  if (type === 'BigInt') return BigInt(value)
  if (type === 'Boolean') return value === 't'
  if (type === 'JSON') return JSON.parse(value) as Cell
  if (type === 'DateTime') return new Date(iso(value))
  if (type === 'LocalDateTime') return new Date(`${value.replace(' ', 'T')}Z`)
  if (type === 'Date' && value.startsWith('2')) return new Date(`${value}T12:00:00Z`)
  if (type === 'Bytes') return Buffer.from(value.slice(2), 'hex') as unknown as Cell
  if (type === 'List' && value.startsWith('{"",')) return ['', null, 'null', 'a b', 'x,y', 'q"q', 'b\\s', '{}']
  if (type === 'List' && value.startsWith('{{')) return [['a', 'b'], ['c', 'd']] // prettier-ignore
  if (type === 'List' && value === '{}') return []
  if (type === 'List' && value === '{"\v"}') return ['\v']
  return value
}
function iso(value: string): string {
  if (value.endsWith(' BC')) return `-000043${value.slice(4, 10)}T${value.slice(11, 19)}Z`
  return `${value.startsWith('12026') ? '+0' : ''}${value.replace(' ', 'T').replace('+00', 'Z')}`
}

const encoded = (rows: readonly Row[], csvDialect: CsvDialect, of = columns) =>
  bytesOf(csv.encode(batchesOf([rows]).batches, { columns: of, csvDialect, timeZone: 'UTC' }))
const converted = (
  bytes: Buffer,
  csvDialect: CsvDialect,
  cuts: (bytes: Buffer) => Buffer[] = (whole) => [whole],
  of = columns,
) =>
  bytesOf(
    csv.fromCopy!(Readable.from(cuts(bytes), { objectMode: false }), { columns: of, csvDialect, timeZone: 'UTC' }),
  )

describe('POSTGRES', () => {
  test('typed values of every type give the bytes of COPY', async () => {
    const copy = await copied('select * from everything')
    expect((await encoded(await typedRows(), 'POSTGRES')).toString()).toBe(copy.toString())
  })

  test('a document of one column quotes what COPY quotes, in the header too', async () => {
    const values = ['\\.', '', null, '\\.x', ' ']
    const copy = await copied(`select * from unnest(array['\\.', '', null, '\\.x', ' ']) as x ("\\.")`)
    const column: Column = { name: '\\.', type: 'String' }
    expect(
      (
        await encoded(
          values.map((value) => [value]),
          'POSTGRES',
          [column],
        )
      ).toString(),
    ).toBe(copy.toString())
  })

  test("COPY's stream is handed on itself", () => {
    const copy = Readable.from([])
    expect(csv.fromCopy!(copy, { columns, csvDialect: 'POSTGRES', timeZone: 'UTC' })).toBe(copy)
  })

  test('numbers given for decimals and instants given as text are written as Postgres has them', async () => {
    const of: Column[] = [{ name: 'd', type: 'Decimal' }, { name: 'e', type: 'Decimal' }, { name: 't', type: 'DateTime' }, { name: 'j', type: 'JSON' }] // prettier-ignore
    const row: Row = [1.5e21, 2.5e-7, '2026-11-21T11:00:00.120+02:00', { n: 10n }]
    expect((await encoded([row], 'POSTGRES', of)).toString()).toBe(
      'd,e,t,j\n1500000000000000000000,0.00000025,2026-11-21 09:00:00.12+00,"{""n"":""10""}"\n',
    )
  })
})

describe.each(['RFC4180', 'EXCEL'] as const)('%s', (csvDialect) => {
  test("from COPY's bytes and from typed values: the same document", async () => {
    const copy = await copied('select * from everything')
    expect((await converted(copy, csvDialect)).toString()).toBe(
      (await encoded(await typedRows(), csvDialect)).toString(),
    )
  })

  test('chunks may end anywhere', async () => {
    const copy = await copied('select * from everything')
    const whole = await converted(copy, csvDialect)
    const singly = await converted(copy, csvDialect, (bytes) => Array.from(bytes, (byte) => Buffer.from([byte])))
    expect(singly.equals(whole)).toBe(true)
    const short = await copied(
      `select * from everything where c5 is not null or length("-first") between 1 and 9 or c11 is not null`,
    )
    const shortWhole = await converted(short, csvDialect)
    for (let cut = 1; cut < short.length; cut++) {
      const pieces = await converted(short, csvDialect, (bytes) => [bytes.subarray(0, cut), bytes.subarray(cut)])
      if (!pieces.equals(shortWhole)) expect(`cut at ${cut}: ${pieces.toString()}`).toBe(shortWhole.toString())
    }
  })

  test('no rows: a header', async () => {
    const copy = await copied('select * from everything limit 0')
    expect((await converted(copy, csvDialect)).toString()).toBe((await encoded([], csvDialect)).toString())
  })

  test('an error of COPY is an error of the document; the reader that leaves ends COPY', async () => {
    const failure = new Error('terminated')
    const broken = Readable.from((async function* () { yield Buffer.from('a,b\n'); throw failure })(), { objectMode: false }) // prettier-ignore
    await expect(bytesOf(csv.fromCopy!(broken, { columns, csvDialect, timeZone: 'UTC' }))).rejects.toBe(failure)
    const endless = new Readable({ read() { this.push(Buffer.from('1,2\n')) } }) // prettier-ignore
    const document = csv.fromCopy!(endless, { columns, csvDialect, timeZone: 'UTC' })
    const closed = new Promise((resolve) => endless.once('close', resolve))
    document.destroy()
    await closed
  })
})

test('RFC4180 is POSTGRES with other ends of lines, breaks within cells untouched', async () => {
  const of: Column[] = [{ name: 'a', type: 'String' }, { name: 'b', type: 'Boolean' }] // prettier-ignore
  expect((await encoded([['x\ny', true], ['', null]], 'RFC4180', of)).toString()).toBe('a,b\r\n"x\ny",t\r\n"",\r\n') // prettier-ignore
})

test('EXCEL: text that would be evaluated gets an apostrophe, numbers and dates never do', async () => {
  const of: Column[] = [{ name: '=head', type: 'String' }, { name: 'n', type: 'Decimal' }, { name: 'b', type: 'Boolean' }, { name: 'd', type: 'Date' }] // prettier-ignore
  const rows: Row[] = [
    ['=1+1', '-12.5', true, '-infinity'],
    ['-a,"b"', -3, false, '2026-11-21'],
    [' \u3000＠x', '=cmd', null, '@x'],
    ["'", 1e-7, null, null],
    ['\tx', '-1+1', null, null],
    ['\u00a0x-', null, null, null],
  ]
  expect((await encoded(rows, 'EXCEL', of)).toString()).toBe(
    '\ufeff\'=head,n,b,d\r\n\'=1+1,-12.5,true,-infinity\r\n"\'-a,""b""",-3,false,2026-11-21\r\n' +
      "' \u3000＠x,'=cmd,,'@x\r\n',0.0000001,,\r\n'\tx,'-1+1,,\r\n\u00a0x-,,,\r\n",
  )
})

test('each dialect of the contract is covered here', () => {
  expect(CSV_DIALECTS).toEqual(['POSTGRES', 'RFC4180', 'EXCEL'])
})

test('where fast-csv can write the same, it does', async () => {
  const of: Column[] = [{ name: 'text, or "so"', type: 'String' }, { name: 'n', type: 'Int' }] // prettier-ignore
  // It writes null and empty text alike, drops NUL, and quotes at a bar, which Postgres does not.
  const rows: Row[] = HOSTILE_TEXTS.filter((text) => text !== '' && !text.includes('|')).map((text, index) => [
    text,
    index,
  ])
  const oracle = await writeToString(rows as unknown[][], {
    headers: of.map(({ name }) => name),
    includeEndRowDelimiter: true,
  })
  expect((await encoded(rows, 'POSTGRES', of)).toString()).toBe(oracle)
})
