import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { formatOracles } from '../support/format-oracles.ts'
import { reportsIn, type ReportAsked } from '../support/reports.ts'
import { startWorker, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { readSheet } from '../support/xlsx.ts'

let database: TestDatabase
let source: SourceDatabase
let directory: string
let worker: RunningProcess
let reports: ReturnType<typeof reportsIn>

const head = (title: string, more = '') => `/*---\ntitle: ${title}\nsource: main\ntenancy: shared\n${more}---*/\n`
const COLUMNS = `id: 'BigInt', big: 'BigInt', price: { type: 'Decimal', precision: 12, scale: 2 }, free: 'Decimal', ratio: 'Float', flag: 'Boolean',
  day: 'Date', at: 'DateTime', local: 'LocalDateTime', word: 'String', key: 'ID', data: 'JSON'`
const FILES: Record<string, string> = {
  'things.sql': `${head('Things')}select * from things order by id`,
  'things_in_code.ts': `import { defineReport } from 'broadsheet/define'
export default defineReport({
  title: 'Things',
  columns: { ${COLUMNS} },
  async *rows({ sources }) {
    let count = 0
    // Some untouched, some made anew.
    for await (const row of sources.main!.query('select * from things order by id')) yield (count++ % 2 ? row : { ...row }) as never
  },
})`,
  'many.sql': `${head('Many', 'parameters:\n  most: { type: Int! }\n')}select n from generate_series(1, :most) n`,
  'long.sql': `${head('Long')}select repeat('x', 40000) as note`,
  'digits.sql': `${head('Digits')}select '{"id": 1234567890123456789012, "rates": [1.10, 0.1234567890123456789], "text": "1234567890123456789"}'::json as data`,
  'endless.sql': `${head('Endless')}select 'infinity'::timestamptz as at, 1::numeric(4, 1) as small`,
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-formats-'))
  await Promise.all(Object.entries(FILES).map(([name, text]) => writeFile(join(directory, name), text)))
  ;[database, source] = await Promise.all([
    createDatabase(),
    createSourceDatabase(`
      create table things (id bigint, big bigint, price numeric(12, 2), free numeric, ratio float8, flag boolean,
        day date, at timestamptz, local timestamp, word text, key uuid, data jsonb);
      insert into things select n, 9007199254740993 + n, n + 0.50, n / 3.0, n / 4.0, n % 2 = 0,
        date '2026-01-01' + n::int, timestamptz '2026-03-29 00:00:00.123456+00' + n * interval '30 minutes', timestamp '2026-03-29 03:30' + n * interval '1 hour',
        case n when 1 then '=1+1' when 2 then '' when 3 then null else E'žalia "' || n || E'"\\n' end, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
        jsonb_build_object('n', n) from generate_series(1, 2000) n;
      analyze things`),
  ])
  reports = reportsIn(database, directory, inject('redisUrl'))
  worker = await startWorker({
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: directory,
    sources: { main: source.url },
  })
})
// Installed on first use, which is no part of what the tests take.
beforeAll(async () => void (await formatOracles()), 130_000)
afterAll(async () => {
  worker.kill('SIGTERM')
  await worker.stopped
  await reports.close()
  await database.drop()
  await source.drop()
  await rm(directory, { recursive: true })
})

async function documentOf(file: string, asked: ReportAsked) {
  const report = await reports.reached(await reports.ask(file, asked), 'SUCCEEDED')
  const path = join(directory, 'documents', report.document!.key)
  const bytes = await readFile(path)
  expect(report.document).toMatchObject({
    byteSize: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })
  return { report, document: report.document!, bytes, path }
}

describe.each(['things.sql', 'things_in_code.ts'])('%s', (file) => {
  test('as XLSX: typed cells on the clock of the report’s zone, exact', async () => {
    const { document, report, bytes } = await documentOf(file, { format: 'XLSX', timeZone: 'Europe/Vilnius' })
    expect(document).toMatchObject({
      rowCount: 2000,
      fileName: expect.stringMatching(/^things.*\.xlsx$/) as string,
      contentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    })
    expect(report.preview![0]!.slice(0, 4)).toEqual(['1', '9007199254740994', '1.50', '0.33333333333333333333'])
    const { rows, frozenRows } = readSheet(bytes)
    expect(frozenRows).toBe(1)
    expect(rows).toHaveLength(2001)
    expect(rows[1]!.map((cell) => cell?.value ?? null)).toEqual([
      1, '9007199254740994', 1.5, '0.33333333333333333333', 0.25, false, 46024, expect.closeTo(46110 + (2 * 3600 + 1800.123456) / 86_400 , 9) as number,
      46110 + 4.5 / 24, '=1+1', '00000000-0000-4000-8000-000000000001', '{"n":1}',
    ]) // prettier-ignore
    // The clock went from 03:00 to 04:00 in the night.
    expect(rows[2]![7]!.value).toBeCloseTo(46110 + (4 * 3600 + 0.123456) / 86_400, 9)
    expect([rows[2]![9]!.value, rows[3]![9]]).toEqual(['', null])
    // The same to a reader of somebody else's.
    const theirs = (await formatOracles()).sheet(bytes)
    expect(theirs).toHaveLength(2001)
    expect(theirs[1]!.map((cell) => cell!.t).join('')).toBe('nsnsnbnnnsss')
    expect([theirs[1]![1]!.v, theirs[1]![2]!.w, theirs[1]![9]!.v, theirs[1]![7]!.w]).toEqual([
      '9007199254740994', '1.50', '=1+1', '2026-03-29 02:30:00.123',
    ]) // prettier-ignore
  })

  test('as PARQUET: DuckDB finds what the table has', async () => {
    const { document, path } = await documentOf(file, { format: 'PARQUET', timeZone: 'Asia/Kolkata' })
    expect(document).toMatchObject({
      rowCount: 2000,
      fileName: expect.stringMatching(/^things.*\.parquet$/) as string,
      contentType: 'application/vnd.apache.parquet',
    })
    const { duckdb } = await formatOracles()
    const types = await duckdb('select column_type from (describe select * from ?)', path)
    expect(types.flat()).toEqual([
      'BIGINT', 'BIGINT', 'DECIMAL(12,2)', 'VARCHAR', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP', 'VARCHAR', 'VARCHAR', 'JSON',
    ]) // prettier-ignore
    const theirs = await duckdb(
      `select id::varchar, big::varchar, price::varchar, free, ratio::varchar, flag::varchar, day::varchar, epoch_us("at")::varchar,
         epoch_us(local)::varchar, word, key, data::varchar from ? order by id`,
      path,
    )
    const ours = await source.sql<{ cells: (string | null)[] }>(
      `select array[id::text, big::text, price::text, free::text, case when ratio = trunc(ratio) then ratio || '.0' else ratio::text end, flag::text, day::text,
         (extract(epoch from at) * 1000000)::bigint::text, (extract(epoch from local) * 1000000)::bigint::text, word, key::text, data::text] as cells from things order by id`,
    )
    const comparable = (rows: (string | null)[][]) =>
      rows.map((row) => [...row.slice(0, -1), row.at(-1)!.replaceAll(' ', '')])
    expect(comparable(theirs)).toEqual(comparable(ours.map(({ cells }) => cells)))
  })
})

test('numbers in JSON keep their digits', async () => {
  const exact = '{"id":1234567890123456789012,"rates":[1.10,0.1234567890123456789],"text":"1234567890123456789"}'
  const { bytes } = await documentOf('digits.sql', { format: 'XLSX' })
  expect(readSheet(bytes).rows[1]![0]!.value).toBe(exact)
  const { duckdb } = await formatOracles()
  expect(
    await duckdb('select data::varchar from ?', (await documentOf('digits.sql', { format: 'PARQUET' })).path),
  ).toEqual([[exact]])
  expect((await documentOf('digits.sql', { format: 'NDJSON' })).bytes.toString()).toBe(`{"data":${exact}}\n`)
})

describe('what does not fit fails with a clear code, and no document', () => {
  test.each([
    ['XLSX', 'many.sql', { most: 1_048_577 }, 'ROW_LIMIT', /1,048,576 rows/],
    ['XLSX', 'long.sql', {}, 'FORMAT_LIMIT', /A2 \(column "note"\) has 40,000/],
    ['PARQUET', 'endless.sql', {}, 'FORMAT_LIMIT', /Row 1, column "at": "infinity" is no instant/],
  ])('%s of %s', async (format, file, parameters, code, message) => {
    const { failure, document, attempts } = await reports.reached(
      await reports.ask(file, { format, parameters }),
      'FAILED',
    )
    expect(failure).toMatchObject({ code, retryable: false, message: expect.stringMatching(message) as string })
    expect(document).toBeNull()
    expect(attempts).toHaveLength(1)
  }, 60_000) // prettier-ignore
})
