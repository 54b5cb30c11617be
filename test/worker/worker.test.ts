// Long because all of it is one worker process, which takes seconds to start, with one set of report files.
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { decodeChange, reportChannel, type ProgressEvent } from '../../src/progress/event.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { reportsIn, type ReportAsked } from '../support/reports.ts'
import { startWorker, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'

let database: TestDatabase
let source: SourceDatabase
let directory: string
let worker: RunningProcess
let reports: ReturnType<typeof reportsIn>

const FILES: Record<string, string> = {
  'lines.sql': `/*---
title: Lines
source: main
tenancy: shared
parameters:
  most: { type: Int! }
columns: { title: What it says }
summary: select count(*) as lines, sum(amount) as total from rows
file_name: "lines-{most}"
---*/
select id, title, amount, flag from lines where id <= :most order by id`,
  'limited.sql': `/*---
title: Limited
source: main
tenancy: shared
max_rows: 10
---*/
select id from lines`,
  'slow.sql': `/*---
title: Slow
source: main
tenancy: shared
---*/
select id, pg_sleep(0.01)::text as nap, repeat('x', 1000) as filler from lines`,
  'late.sql': `/*---
title: Late
source: main
tenancy: shared
timeout: PT1S
---*/
select id, pg_sleep(0.05)::text as nap from lines`,
  'broken.sql': `/*---
title: Broken
source: main
tenancy: shared
---*/
select 1 / (id - 500) as nothing from lines`,
  'numbers.ts': `import { defineReport, ReportError } from 'broadsheet/define'
export default defineReport({
  title: 'Numbers',
  parameters: { most: { type: 'Int!' }, how: { type: 'String', default: 'well' } },
  columns: { n: 'Int', square: 'BigInt', word: 'String' },
  async *rows({ parameters, progress, summary, signal, tenantId, sources }) {
    for (let n = 1; n <= parameters.most; n++) {
      if (parameters.how === 'slow') await new Promise((resolve) => setTimeout(resolve, 5))
      if (parameters.how === 'column' && n === 3) yield { n, cube: 1 } as never
      if (parameters.how === 'cells' && n === 3) yield [n] as never
      if (parameters.how === 'midway') {
        progress(n, parameters.most)
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (n === 150) throw new ReportError('So far and no further.')
      }
      if (parameters.how === 'final') throw new ReportError('No such account.')
      if (parameters.how === 'retryable') throw new ReportError('Come back later.', { retryable: true })
      if (parameters.how === 'bug') throw new TypeError('secret detail')
      if (parameters.how === 'hangs') for (;;) {}
      if (parameters.how === 'memory') { const all = []; for (;;) all.push(new Array(100_000).fill(n)) }
      if (parameters.how === 'environment') yield { n, square: 1n, word: Object.keys(process.env).join() }
      else if (n % 2) yield { n, square: BigInt(n) * BigInt(n), word: tenantId + '\\0' }
      else yield [n, BigInt(n) ** 2n, 'from source']
      if (n % 100 === 0) progress(n, parameters.most, 'at ' + n)
    }
    if (parameters.how === 'source') for await (const row of sources.main.query('select id from lines where id = $1', [42])) yield { n: row.id as number, word: 'row' }
    summary({ rows: parameters.most, note: 'a\\0b' })
  },
})`,
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-worker-'))
  await Promise.all(Object.entries(FILES).map(([name, text]) => writeFile(join(directory, name), text)))
  ;[database, source] = await Promise.all([
    createDatabase(),
    createSourceDatabase(
      `create table lines as select i as id, 'line "' || i || E'"\\n' as title, i / 4.0 as amount, i % 2 = 0 as flag from generate_series(1, 20000) i; analyze lines`,
    ),
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
afterAll(async () => {
  worker.kill('SIGTERM')
  expect(await worker.stopped).toBe(0)
  expect(await database.sql('select from broadsheet.worker')).toEqual([])
  await reports.close()
  await database.drop()
  await source.drop()
  await rm(directory, { recursive: true })
})

const bytesOf = (key: string) => readFile(join(directory, 'documents', key))
/** The report after its first attempt has ended; a second one is not awaited. */
async function firstAttempt(id: string) {
  const report = await until(async () => {
    const found = await reports.read(id)
    return found.attempts[0]?.outcome ? found : null
  }, { timeout: 20_000, what: 'the first attempt has ended' }) // prettier-ignore
  await database.sql(
    `update broadsheet.report set available_at = now() + interval '1 day' where id = $1 and status = 'QUEUED'`,
    [id],
  )
  return report!
}
const pending = () => readdir(join(directory, 'documents', '.pending'))

const lines = (asked: ReportAsked = {}) => reports.ask('lines.sql', { parameters: { most: 1_000_000 }, ...asked })

describe('a report on SQL', () => {
  test('becomes a document whose facts hold', async () => {
    const report = await reports.reached(await lines(), 'SUCCEEDED')
    const { document } = report
    const bytes = await bytesOf(document!.key)
    const [expected] = await source.sql<{ text: string }>(
      `select string_agg(id || ',"line ""' || id || '""' || E'\\n",' || amount || ',' || case when flag then 't' else 'f' end || E'\\n', '' order by id) as text from lines`,
    )
    expect(bytes.toString()).toBe(`id,title,amount,flag\n${expected!.text}`)
    expect(document).toMatchObject({
      fileName: 'lines-1000000.csv',
      contentType: 'text/csv; charset=utf-8',
      rowCount: 20000,
      byteSize: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      columns: [
        { name: 'id', type: 'Int' },
        { name: 'title', type: 'String', description: 'What it says' },
        { name: 'amount', type: 'Decimal' },
        { name: 'flag', type: 'Boolean' },
      ],
      summary: { lines: '20000' },
    })
    expect(report).toMatchObject({
      percent: 100,
      stage: 'DONE',
      rowsWritten: 20000,
      rowsTotal: 20000,
      bytesWritten: bytes.length,
      attempt: 1,
      charged: 1,
    })
    expect(report.attempts).toEqual([{ number: 1, outcome: 'SUCCEEDED', failure: null }])
    expect(report.preview).toHaveLength(100)
    expect(report.preview![0]).toEqual([1, 'line "1"\n', '0.25000000000000000000', false])
    expect(await pending()).toEqual([])
  })

  test.each(['GZIP', 'ZSTD'])('compressed with %s', async (compression) => {
    const { document } = await reports.reached(await lines({ compression }), 'SUCCEEDED')
    const bytes = await bytesOf(document!.key)
    const text = (compression === 'GZIP' ? gunzipSync : zstdDecompressSync)(bytes).toString()
    expect(text.match(/^\d+,/gm)).toHaveLength(20000)
    expect(document).toMatchObject({
      fileName: `lines-1000000.csv.${compression === 'GZIP' ? 'gz' : 'zst'}`,
      byteSize: bytes.length,
    })
  })

  test('as NDJSON, JSON and for a spreadsheet', async () => {
    const ids = [
      await lines({ format: 'NDJSON' }),
      await lines({ format: 'JSON' }),
      await lines({ csvDialect: 'EXCEL' }),
    ]
    const [ndjson, json, excel] = await Promise.all(
      ids.map(async (id) => (await bytesOf((await reports.reached(id, 'SUCCEEDED')).document!.key)).toString()),
    )
    expect(
      ndjson!
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ).toEqual(JSON.parse(json!))
    expect(JSON.parse(json!)).toHaveLength(20000)
    expect(excel!.startsWith('\ufeffid,title,amount,flag\r\n1,')).toBe(true)
  })

  test('with no rows it has a header line', async () => {
    const { document } = await reports.reached(await lines({ parameters: { most: 0 } }), 'SUCCEEDED')
    expect((await bytesOf(document!.key)).toString()).toBe('id,title,amount,flag\n')
    expect(document!.rowCount).toBe(0)
  })

  test('more rows than its type allows are a failure, not a shorter document', async () => {
    const { failure, document, attempts } = await reports.reached(await reports.ask('limited.sql'), 'FAILED')
    expect(failure).toMatchObject({ code: 'ROW_LIMIT', retryable: false })
    expect(document).toBeNull()
    expect(attempts).toHaveLength(1)
    expect(await pending()).toEqual([])
  })

  test('an error of the query is final and says what Postgres says', async () => {
    const { failure } = await reports.reached(await reports.ask('broken.sql'), 'FAILED')
    expect(failure).toEqual({
      code: 'SOURCE_QUERY_FAILED',
      message: 'The query failed: division by zero (22012).',
      retryable: false,
    })
  })

  test('one that takes too long is called off, and tried again', async () => {
    const id = await reports.ask('late.sql')
    const report = await firstAttempt(id)
    expect(report).toMatchObject({ failure: null })
    expect(report.attempts[0]).toMatchObject({ outcome: 'FAILED', failure: { code: 'TIMEOUT', retryable: true } })
    await until(async () => !(await source.running()).includes(`broadsheet ${id}`))
  })

  test('a cancel ends its query on the source and leaves nothing', async () => {
    const id = await reports.ask('slow.sql')
    await until(async () => (await source.running()).includes(`broadsheet ${id}`))
    await reports.cancel(id)
    const report = await reports.reached(id, 'CANCELED')
    expect(report.attempts).toEqual([{ number: 1, outcome: 'CANCELED', failure: null }])
    await until(async () => !(await source.running()).includes(`broadsheet ${id}`), { timeout: 2_000 })
    expect((await pending()).filter((name) => name.includes(id))).toEqual([])
  })

  test('whoever listens hears it begin, go on in order and end', async () => {
    const subscriber = new Redis(inject('redisUrl'))
    const heard: { kind: string; event: ProgressEvent }[] = []
    subscriber.on('message', (_, text) => heard.push(decodeChange(text)!))
    await database.sql('begin; lock table broadsheet.priority_turn in exclusive mode') // No claim before we listen.
    const id = await reports.ask('slow.sql')
    await subscriber.subscribe(reportChannel(id))
    await database.sql('commit')
    await until(() => heard.filter(({ kind }) => kind === 'PROGRESSED').length > 10)
    await reports.cancel(id)
    await until(() => heard.at(-1)?.event.status === 'CANCELED')
    subscriber.disconnect()
    expect(heard[0]).toMatchObject({
      kind: 'CHANGED',
      event: { status: 'RUNNING', attempt: 1, rowsWritten: 0, percent: null },
    })
    const progressed = heard.filter(({ kind }) => kind === 'PROGRESSED')
    for (const [index, { event }] of progressed.entries()) {
      const next = progressed[index + 1]
      if (!next) break
      // Null until the source has said how many rows it expects; never again after that.
      expect(next.event.percent ?? -1).toBeGreaterThanOrEqual(event.percent ?? -1)
      expect(next.event.at - event.at).toBeGreaterThanOrEqual(88)
    }
    const sequences = heard.map(({ event }) => event.sequence)
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
    // The claim's range, and that of the end; the cancel opened the one between.
    expect(sequences[0]).toBe(2 * 2 ** 20)
    expect(sequences.at(-1)).toBe(4 * 2 ** 20)
  })

  test('a document whose time is over is taken away', async () => {
    const { document, reportId } = await reports.reached(await lines(), 'SUCCEEDED')
    await database.sql(`update broadsheet.report set expires_at = now() where id = $1`, [reportId])
    expect(await reports.reached(reportId, 'EXPIRED')).toMatchObject({ document: null, preview: null })
    await until(() => bytesOf(document!.key).then(() => false, (error: NodeJS.ErrnoException) => error.code === 'ENOENT')) // prettier-ignore
  })

  test('the row follows its progress', async () => {
    const id = await reports.ask('slow.sql')
    const report = await until(async () => {
      const found = await reports.read(id)
      return found.rowsWritten > 100 && found.etaSeconds !== null ? found : null
    })
    expect(report).toMatchObject({ stage: 'WRITING', rowsTotal: 20000, status: 'RUNNING' })
    expect(report!.percent).toBeGreaterThan(0)
    expect(report!.percent).toBeLessThan(10)
    expect(report!.etaSeconds).toBeGreaterThan(60)
    await reports.cancel(id)
    await reports.reached(id, 'CANCELED')
  })
})

describe('a report in TypeScript', () => {
  const numbers = (how: string, most = 1000) => reports.ask('numbers.ts', { parameters: { most, how } })

  test('its rows, objects or arrays, become the document', async () => {
    const { document, preview } = await reports.reached(await numbers('source'), 'SUCCEEDED')
    const lines = (await bytesOf(document!.key)).toString().split('\n')
    expect(lines.slice(0, 3)).toEqual(['n,square,word', '1,1,default\0', '2,4,from source'])
    expect(lines.at(-2)).toBe('42,,row')
    expect(document).toMatchObject({ rowCount: 1001, summary: { rows: 1000, note: 'a\ufffdb' } })
    expect(preview![0]).toEqual([1, '1', 'default\ufffd'])
  })

  test('sees nothing of the settings that the service runs with', async () => {
    const { preview } = await reports.reached(await numbers('environment', 1), 'SUCCEEDED')
    expect(preview).toEqual([[1, '1', '']])
  })

  test.each([
    ['column', 'INTERNAL', /Row 3 has a cell "cube"/],
    ['cells', 'INTERNAL', /Row 3 has 1 cells, but the report has 3 columns/],
    ['final', 'SOURCE_QUERY_FAILED', /^No such account\.$/],
    ['bug', 'INTERNAL', /^Something unforeseen/],
  ])('%s: fails for good', async (how, code, message) => {
    const { failure, attempts } = await reports.reached(await numbers(how), 'FAILED')
    expect(failure).toMatchObject({ code, retryable: false, message: expect.stringMatching(message) })
    expect(attempts).toHaveLength(1)
  })

  test('its end says no less than watchers were told, though the row is up to a second behind', async () => {
    const id = await reports.ask('numbers.ts', { parameters: { most: 300, how: 'midway' } })
    const subscriber = new Redis(inject('redisUrl'))
    const heard: ProgressEvent[] = []
    subscriber.on('message', (_, text) => heard.push(decodeChange(text)!.event))
    await subscriber.subscribe(reportChannel(id))
    const ended = (await until(() => heard.find(({ status }) => status === 'FAILED')))!
    await subscriber.quit()
    const percent = Math.max(...heard.filter(({ status }) => status === 'RUNNING').map((event) => event.percent ?? 0))
    expect(percent).toBeGreaterThan(30)
    expect(ended.percent).toBeGreaterThanOrEqual(percent)
    expect((await reports.read(id)).percent).toBe(ended.percent)
  })

  test('an error that may pass is tried three times', async () => {
    const { failure, attempts } = await reports.reached(await numbers('retryable'), 'FAILED', 30_000)
    expect(failure).toEqual({ code: 'SOURCE_QUERY_FAILED', message: 'Come back later.', retryable: true })
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['FAILED', 'FAILED', 'FAILED'])
  }, 40_000)

  test('an author who never looks up is ended when somebody cancels', async () => {
    const id = await numbers('hangs')
    await reports.reached(id, 'RUNNING')
    await reports.cancel(id)
    await reports.reached(id, 'CANCELED', 6_000)
    const next = await reports.reached(await numbers('well', 10), 'SUCCEEDED')
    expect(next.document!.rowCount).toBe(10)
  })

  test('running out of memory ends the attempt, not the worker', async () => {
    const id = await numbers('memory')
    const report = await firstAttempt(id)
    expect(report.attempts[0]).toMatchObject({ outcome: 'FAILED', failure: { code: 'WORKER_LOST', retryable: true } })
    expect(worker.process.exitCode).toBeNull()
  }, 30_000)
})
