import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { ReportFailed } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { parseSqlReport } from '../../src/report-type/sql-report.ts'
import type { SqlBody } from '../../src/report-type/report-type.ts'
import { settingsOf } from '../../src/report-type/settings.ts'
import type { Json, Row } from '../../src/report-type/define.ts'
import { createPostgresSource } from '../../src/sources/postgres.ts'
import type { Reading, Source } from '../../src/sources/source.ts'
import { until } from '../support/until.ts'

const log = createLog({ level: 'silent', process: 'test' })
const database = `source_${process.pid}_${Date.now()}`
const reader = `${database}_reader`
const ASKER = {
  tenantId: 'acme',
  viewerId: 'v1',
  timeZone: 'Europe/Berlin',
  requestedAt: new Date('2026-11-21T09:00:00.123Z'),
}

/** Rows that come as they are made: in FROM, Postgres would make them all first. */
const ENDLESS = `select repeat('x', 1000) as x, generate_series(1, 100000000) as i`

let owner: Client
let source: Source
let urlOf: (user?: string) => string

beforeAll(async () => {
  const server = new URL(inject('postgresUrl'))
  const admin = new Client(server.href)
  await admin.connect()
  await admin.query(`create database ${database}`)
  await admin.query(`create role ${reader} login password 'reader'`)
  await admin.end()
  urlOf = (user) => {
    const url = new URL(server)
    url.pathname = `/${database}`
    if (user) [url.username, url.password] = [user, 'reader']
    return url.href
  }
  owner = new Client(urlOf())
  await owner.connect()
  await owner.query(`
    create schema data;
    create type data.mood as enum ('glad', 'sad');
    create domain data.positive as integer check (value > 0);
    create table data.lines as select i as id, 'line ' || i || case when i % 7 = 0 then E'\\nbroken, "quoted"' else '' end as title, i % 3 as region,
      date '2026-01-01' + i % 300 as day, i / 4.0 as amount, case when i % 2 = 0 then 'acme' else 'other' end as tenant from generate_series(1, 5000) i;
    create index on data.lines (id);
    analyze data.lines;
    grant usage on schema data to ${reader};
    grant select on all tables in schema data to ${reader}`)
  source = createPostgresSource('main', urlOf(reader), { log, maxConnections: 4 })
})
afterAll(async () => {
  await source.close()
  await owner.end()
  const admin = new Client(inject('postgresUrl'))
  await admin.connect()
  await admin.query(`drop database ${database} with (force)`)
  await admin.query(`drop role ${reader}`)
  await admin.end()
})

function typeOf(
  query: string,
  head = '',
): { body: SqlBody; parameters: ReturnType<typeof parseSqlReport>['parameters'] } {
  const type = parseSqlReport(
    'x.sql',
    `/*---\ntitle: X\n${query.includes(':tenant_id') ? '' : 'tenancy: shared\n'}${head}---*/\n${query}`,
  )
  return { body: type.body as SqlBody, parameters: type.parameters }
}
async function open(
  query: string,
  more: {
    head?: string
    resolved?: Record<string, Json>
    signal?: AbortSignal
    timeoutMs?: number
    reportId?: string
  } = {},
): Promise<Reading> {
  const type = typeOf(query, more.head)
  const settings = settingsOf(type, more.resolved ?? {}, ASKER)
  const { signal = new AbortController().signal, timeoutMs = 10_000, reportId = 'r1' } = more
  return source.openReading({ body: type.body, settings, timeZone: ASKER.timeZone, timeoutMs, signal, reportId })
}
async function rowsOf(reading: Reading): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of reading.batches()) rows.push(...batch)
  return rows
}
const one = async (query: string, more: Parameters<typeof open>[1] = {}) => {
  const reading = await open(query, more)
  const rows = await rowsOf(reading)
  await reading.close()
  return rows[0]
}
const describeOf = (query: string, head = '') => {
  const type = typeOf(query, head)
  return source.describe(type.body.statement, settingsOf(type, {}, { ...ASKER, tenantId: '', viewerId: '' }))
}
/** What Postgres says of this report's session. */
const backends = async (reportId: string) =>
  (await owner.query('select state from pg_stat_activity where application_name = $1', [`broadsheet ${reportId}`])).rows

describe('values', () => {
  const ALL = [
    'String',
    'ID',
    'Int',
    'Float',
    'Decimal',
    'Boolean',
    'BigInt',
    'Date',
    'DateTime',
    'DateExpression',
  ] as const
  test('of every type arrive as what they are, required, optional, null and in lists', async () => {
    const head = `parameters:\n${ALL.map((type) => `  r_${type.toLowerCase()}: { type: ${type}! }\n  o_${type.toLowerCase()}: { type: ${type} }\n  l_${type.toLowerCase()}: { type: "[${type}!]" }\n`).join('')}`
    const value: Record<string, Json> = { string: `a'b"\\;--:x\n{}`, id: '', int: -5, float: 1e-7, decimal: '12345678901234567890.10', boolean: false, bigint: '9223372036854775807', date: '2026-11-21', datetime: '2026-11-21T09:00:00Z', dateexpression: '2026-11-21' } // prettier-ignore
    const resolved = Object.fromEntries(Object.entries(value).flatMap(([type, one]) => [[`r_${type}`, one], [`o_${type}`, null], [`l_${type}`, [one, one]]])) // prettier-ignore
    const columns = Object.keys(value).flatMap((type) => [`:r_${type} as r_${type}`, `:o_${type} is null as o_${type}`, `pg_typeof(:r_${type})::text as t_${type}`, `cardinality(:l_${type}) as n_${type}`, `(:l_${type})[2] as l_${type}`]) // prettier-ignore
    const row = await one(`select ${columns.join(', ')}`, { head, resolved })
    const types: Record<string, string> = { string: 'text', id: 'text', int: 'integer', float: 'double precision', decimal: 'numeric', boolean: 'boolean', bigint: 'bigint', date: 'date', datetime: 'timestamp with time zone', dateexpression: 'text' } // prettier-ignore
    expect(row).toEqual(
      Object.entries(value).flatMap(([type, one]) => [
        one === '2026-11-21T09:00:00Z' ? '2026-11-21T09:00:00Z' : one,
        true,
        types[type],
        2,
        one,
      ]),
    )
  })

  test('null and empty text stay apart, defaults too', async () => {
    const head =
      'parameters:\n  a: { type: String }\n  b: { type: String }\n  c: { type: "[String!]" }\n  d: { type: "[String!]" }\n'
    const query = 'select :a is null as a, :b as b, :c is null as c, cardinality(:d) as d'
    expect(await one(query, { head, resolved: { a: null, b: '', c: null, d: [] } })).toEqual([true, '', true, 0])
  })

  test('never enter the text: what looks like SQL is data', async () => {
    const head = 'parameters:\n  a: { type: String! }\n  b: { type: "[String!]!" }\n'
    const evil = `'); drop table data.lines; --`
    const row = await one(`select :a as a, :b as b, (select count(*) from data.lines) as n`, {
      head,
      resolved: { a: evil, b: [evil, '"}'] },
    })
    expect(row).toEqual([evil, `{"${evil}","\\"}"}`, '5000'])
  })

  test('who asks, when and where is always there, as placeholder and as setting', async () => {
    const row = await one(`select :tenant_id as t, :viewer_id as v, :time_zone as z, :requested_at as r, current_setting('broadsheet.tenant_id') as s, current_setting('TimeZone') as zone, timestamptz '2026-07-01 00:00+00' as at, 'infinity'::timestamptz as never`) // prettier-ignore
    expect(row).toEqual([
      'acme',
      'v1',
      'Europe/Berlin',
      '2026-11-21T09:00:00.123Z',
      'acme',
      'Europe/Berlin',
      '2026-07-01T00:00:00Z',
      'infinity',
    ])
  })
})

describe('describe', () => {
  test('gives columns with the types of the API, without executing', async () => {
    const columns =
      await describeOf(`select 1 as i, 1::int8 as b, 1.5::float8 as f, 1.5 as d, true as bo, 'x' as t, date '2026-01-01' as da, now() as dt, now()::timestamp as l, now()::time as ti,
      gen_random_uuid() as u, '{}'::jsonb as j, array[1] as a, '\\x00'::bytea as by, 'glad'::data.mood as m, 1::data.positive as p, array['glad']::data.mood[] as ms, null as n, 1/0 as never`)
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual(
      ['i Int', 'b BigInt', 'f Float', 'd Decimal', 'bo Boolean', 't String', 'da Date', 'dt DateTime', 'l LocalDateTime', 'ti Time', 'u ID', 'j JSON', 'a List', 'by Bytes', 'm String', 'p Int', 'ms List', 'n String', 'never Int'], // prettier-ignore
    )
  })

  test.each([
    ['select 1 as a, 2 as a', 'INVALID', /two columns called "a"/],
    ['select 1', 'INVALID', /column 1 of the query has no name/],
    ['select', 'INVALID', /no columns/],
    ['select frm data.lines where', 'INVALID', /syntax error.*42601/],
    ['with gone as (delete from data.lines returning id) select id from gone', 'INVALID', /refused by its source/],
    ['select id from data.lines for update', 'INVALID', /read-only transaction/],
    ['select 1 as a into data.copy', 'INVALID', /refused by its source/],
    ["select nextval('data.nothing') as a", 'ABSENT', /does not exist/],
    ['select id from data.missing', 'ABSENT', /"data.missing" does not exist/],
    ['select missing from data.lines', 'ABSENT', /"missing" does not exist/],
    ['select id from nowhere.lines', 'ABSENT', /does not exist/],
    ['select no_such(1) as a', 'ABSENT', /does not exist/],
  ])('%s is %s', async (query, kind, message) => {
    await expect(describeOf(query)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) })
  })

  test('more than one statement is refused by the protocol itself, and so is what breaks out of the wrapping', async () => {
    for (const text of [
      'select 1 as a; delete from data.lines',
      'select 1 as a) as rows; select (1',
      'show all',
      'explain select 1',
      'copy data.lines to stdout',
      'values (1)) as x',
    ]) {
      await expect(source.describe(text, [])).rejects.toMatchObject({ kind: 'INVALID' })
    }
  })

  test('values that the author casts are no obstacle', async () => {
    expect(
      await describeOf(
        'select id from data.lines where day > :since::date and id = :id::uuid::text::int',
        'parameters:\n  since: { type: DateExpression! }\n  id: { type: ID! }\n',
      ),
    ).toHaveLength(1)
  })

  test('a source that is away is unreachable', async () => {
    const away = createPostgresSource('away', 'postgres://x:y@127.0.0.1:1/z', { log, maxConnections: 1 })
    await expect(away.describe('select 1 as a', [])).rejects.toMatchObject({
      kind: 'UNREACHABLE',
      message: expect.not.stringContaining('127.0.0.1'),
    })
    await expect(away.checkSource()).rejects.toMatchObject({ kind: 'UNREACHABLE' })
    await away.close()
  })
})

describe('the role', () => {
  const checkAs = async (prepare: string, undo: string) => {
    await owner.query(prepare)
    try {
      return await source.checkSource()
    } finally {
      await owner.query(undo)
    }
  }
  test('of a plain reader is right', async () => {
    expect(await source.checkSource()).toBeNull()
  })
  test('that owns something, itself or as a member, or sees our tables is refused, with the remedy', async () => {
    const other = `${database}_other`
    const creator = createPostgresSource('creator', urlOf(), { log, maxConnections: 1 })
    expect(await creator.checkSource()).toMatch(/owns something there .*create role broadsheet_reader/)
    await creator.close()
    await owner.query(`grant create on schema data to ${reader}; grant ${reader} to current_user`)
    expect(
      await checkAs(`create table data.mine (); alter table data.mine owner to ${reader}`, 'drop table data.mine'),
    ).toContain('owns something there (table data.mine)')
    await owner.query(`revoke create on schema data from ${reader}`)
    expect(
      await checkAs(
        `create role ${other}; grant ${other} to current_user; create schema theirs authorization ${other}; grant ${other} to ${reader}`,
        `drop schema theirs; drop role ${other}`,
      ),
    ).toContain('schema theirs')
    const own = `create schema broadsheet; create table broadsheet.report (id int)`
    expect(await checkAs(own, 'drop schema broadsheet cascade')).toBeNull()
    expect(
      await checkAs(
        `${own}; grant usage on schema broadsheet to ${reader}; grant select (id) on broadsheet.report to ${reader}`,
        'drop schema broadsheet cascade',
      ),
    ).toMatch(/Broadsheet's own tables: revoke/)
  })
})

describe('a reading', () => {
  const LINES = 'select id, title, day, amount, region from data.lines where id <= :last order by id'
  const HEAD =
    'parameters:\n  last: { type: Int! }\nsummary: select count(*) as lines, sum(amount) as total, max(day) as newest from rows\n'

  test('guesses its rows with the values known, so that a filter that is left out costs no guess', async () => {
    const reading = await open(
      `${LINES.replace('order by', 'and (:title::text is null or title = :title) order by')}`,
      {
        head: 'parameters:\n  last: { type: Int! }\n  title: { type: String }\n',
        resolved: { last: 5000, title: null },
      },
    )
    // The planner takes "a parameter is null" for one in 200.
    expect(await reading.estimate()).toBeGreaterThan(4000)
    await reading.close()
  })

  test('by COPY has the bytes of Postgres, counts rows and not line breaks, and has a summary', async () => {
    const reading = await open(LINES, { head: HEAD, resolved: { last: 5000 } })
    expect(reading.columns.map(({ name }) => name)).toEqual(['id', 'title', 'day', 'amount', 'region'])
    expect(await reading.estimate()).toBeGreaterThan(4000)
    const { stream, rows, serverRows } = reading.copy()
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    expect(rows()).toBe(5000)
    expect(await serverRows()).toBe(5000)
    const text = Buffer.concat(chunks).toString()
    expect(text.startsWith('id,title,day,amount,region\n1,line 1,2026-01-02,0.25000000000000000000,1\n')).toBe(true)
    expect(text).toContain('7,"line 7\nbroken, ""quoted""",')
    // Never one push for each row: what came with one read of the socket is one chunk.
    expect(chunks.length).toBeLessThan(500)
    expect(await reading.summary()).toEqual({
      lines: '5000',
      total: '3125625.00000000000000000000',
      newest: '2026-10-27',
    })
    await reading.close()
    await until(async () => (await backends('r1')).length === 0)
  })

  test('of nothing is a header line', async () => {
    const reading = await open(LINES, { head: HEAD, resolved: { last: 0 } })
    const { stream, rows, serverRows } = reading.copy()
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    expect([Buffer.concat(chunks).toString(), rows(), await serverRows()]).toEqual([
      'id,title,day,amount,region\n',
      0,
      0,
    ])
    await reading.close()
  })

  test('in batches has the same rows, typed, and stops when nobody wants more', async () => {
    const reading = await open(LINES, { head: HEAD, resolved: { last: 2500 } })
    let rows = 0
    let last: Row = []
    for await (const batch of reading.batches()) {
      rows += batch.length
      last = batch.at(-1)!
    }
    expect(rows).toBe(2500)
    expect(last).toEqual([2500, 'line 2500', '2026-04-11', '625.0000000000000000', 1])
    expect(await reading.summary()).toMatchObject({ lines: '2500' })
    await reading.close()

    const cutShort = await open(LINES, { head: HEAD, resolved: { last: 5000 } })
    for await (const batch of cutShort.batches()) if (batch.length > 0) break
    expect(await cutShort.summary()).toMatchObject({ lines: '5000' })
    await cutShort.close()
  })

  test('in batches keeps every character of rows that no read of the socket brings whole, and of short ones', async () => {
    const wide = `select i as id, case i % 4 when 0 then repeat('Žą🙂', 40000) when 1 then repeat('a', 300000) when 2 then 'Ž' end as title,
      '' as empty from generate_series(1, 40) i`
    const reading = await open(wide)
    const rows = await rowsOf(reading)
    await reading.close()
    expect(rows.map(([id]) => id)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    const title = (id: number) => [`${'Žą🙂'.repeat(40_000)}`, 'a'.repeat(300_000), 'Ž', null][id % 4]
    expect(rows.every(([id, text, empty]) => text === title(id as number) && empty === '')).toBe(true)
  })

  test('by COPY gives the same bytes where rows are longer than a chunk', async () => {
    const reading = await open(`select i as id, repeat('Žą🙂', 40000) as title from generate_series(1, 5) i`)
    const copy = reading.copy()
    const chunks: Buffer[] = []
    for await (const chunk of copy.stream) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toBe(
      `id,title\n${[1, 2, 3, 4, 5].map((id) => `${id},${'Žą🙂'.repeat(40_000)}\n`).join('')}`,
    )
    expect([copy.rows(), await copy.serverRows()]).toEqual([5, 5])
    await reading.close()
  })

  test('is read-only, and sees one moment', async () => {
    await expect(
      one(`select set_config('transaction_read_only', 'off', false) as a, pg_advisory_lock(1) is null as b`),
    ).rejects.toBeInstanceOf(ReportFailed)
    const reading = await open('select count(*) as n from data.lines', { head: 'summary: select n from rows\n' })
    await owner.query(`insert into data.lines (id) values (5001)`)
    try {
      expect(await rowsOf(reading)).toEqual([['5000']])
      expect(await reading.summary()).toEqual({ n: '5000' })
    } finally {
      await owner.query('delete from data.lines where id = 5001')
      await reading.close()
    }
  })

  test('reads settings once for an execution where the plan stays the same, and lets the planner see them where it does not', async () => {
    const seen = async (query: string, head: string, resolved: Record<string, Json>) => {
      const reading = await open(query, { head, resolved, reportId: 'form' })
      const { stream } = reading.copy()
      const text = await until(async () => {
        const { rows } = await owner.query<{ query: string }>(
          `select query from pg_stat_activity where application_name = 'broadsheet form'`,
        )
        return rows[0]?.query.startsWith('copy') && rows[0].query
      })
      for await (const chunk of stream) expect(chunk).toBeDefined()
      await reading.close()
      await until(async () => (await backends('form')).length === 0)
      return text
    }
    // The backend's text is read while COPY waits for its reader: the rows don't fit into the socket.
    const scan = `select title, repeat('x', 3000) as wide from data.lines where amount >= :least`
    expect(await seen(scan, 'parameters:\n  least: { type: Decimal! }\n', { least: '1' })).toContain(
      '(select current_setting(',
    )
    const indexed = `select title, repeat('x', 3000) as wide from data.lines where id > :first`
    expect(await seen(indexed, 'parameters:\n  first: { type: Int! }\n', { first: 10 })).toMatch(
      /id > \(current_setting\('broadsheet.p_first'\)::integer\)/,
    )
  })

  test('that is aborted ends at the source within a second, whatever it does there', async () => {
    for (const [id, query] of [
      ['sleeps', 'select pg_sleep(60) is null as a'],
      ['counts', 'select count(*) as n from generate_series(1, 100000000000) a'],
      ['writes', ENDLESS],
    ] as const) {
      const controller = new AbortController()
      const reading = await open(query, { signal: controller.signal, reportId: id, timeoutMs: 60_000 })
      const { stream } = reading.copy()
      const ended = new Promise<unknown>((resolve) => stream.once('error', resolve))
      if (id === 'writes') stream.once('data', () => stream.pause())
      await until(async () => (await backends(id)).some(({ state }) => state === 'active'))
      const reason = new Error('canceled')
      const at = performance.now()
      controller.abort(reason)
      expect(await ended).toBe(reason)
      await until(async () => (await backends(id)).length === 0)
      expect(performance.now() - at).toBeLessThan(1000)
      await reading.close()
    }
  })

  test('in batches that is aborted says why', async () => {
    const controller = new AbortController()
    const reading = await open('select i, pg_sleep(0.001) is null as a from generate_series(1, 100000) i', {
      signal: controller.signal,
      reportId: 'batches',
    })
    const reason = new Error('canceled')
    const read = rowsOf(reading)
    controller.abort(reason)
    await expect(read).rejects.toBe(reason)
    await until(async () => (await backends('batches')).length === 0)
    await reading.close()
  })

  test('closed in the middle leaves nothing running', async () => {
    const reading = await open(ENDLESS, { reportId: 'closed' })
    const { stream } = reading.copy()
    for await (const chunk of stream) if (chunk) break
    await reading.close()
    await until(async () => (await backends('closed')).length === 0)
  })

  test('aborted before it opens does not open', async () => {
    await expect(open('select 1 as a', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
  })
})

describe('a failure', () => {
  const failureOf = async (
    query: string,
    more: Parameters<typeof open>[1] = {},
    read: (reading: Reading) => Promise<unknown> = rowsOf,
  ) => {
    let reading: Reading | undefined
    try {
      reading = await open(query, more)
      await read(reading)
    } catch (error) {
      return error as ReportFailed
    } finally {
      await reading?.close()
    }
    throw new Error('it did not fail')
  }
  const drain = async (reading: Reading) => {
    for await (const chunk of reading.copy().stream) void chunk
  }
  test.each([
    [
      'select 1 / (i - 3000) as a from generate_series(1, 5000) i',
      'SOURCE_QUERY_FAILED',
      false,
      'The query failed: division by zero (22012).',
    ],
    [
      'select gone from data.lines',
      'SOURCE_QUERY_FAILED',
      false,
      'The query failed: column "gone" does not exist (42703).',
    ],
    ['select pg_terminate_backend(pg_backend_pid()) as a', 'SOURCE_UNAVAILABLE', true, /did not answer/],
    ['select pg_sleep(5) is null as a', 'TIMEOUT', false, /longer than the report type allows/],
    ['select pg_read_file($$/etc/passwd$$) as a', 'SOURCE_QUERY_FAILED', false, /does not allow/],
  ])('%s is %s', async (query, code, retryable, message) => {
    for (const read of [rowsOf, drain]) {
      const failure = await failureOf(query, { timeoutMs: query.includes('sleep') ? 300 : 10_000 }, read)
      expect(failure).toBeInstanceOf(ReportFailed)
      expect(failure).toMatchObject({
        code,
        retryable,
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      })
      expect(failure.message).not.toMatch(/select|\/etc|127\.0\.0\.1/)
    }
  })
  test('of the network is retryable', async () => {
    const away = createPostgresSource('away', 'postgres://x:y@127.0.0.1:1/z', { log, maxConnections: 1 })
    const { body } = typeOf('select 1 as a')
    const opening = away.openReading({
      body,
      settings: [],
      timeZone: 'UTC',
      timeoutMs: 1000,
      signal: new AbortController().signal,
      reportId: 'r',
    })
    await expect(opening).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true })
    await away.close()
  })
  test('of a backend that is terminated in the middle of COPY reaches the stream and the count', async () => {
    const reading = await open(ENDLESS, { reportId: 'killed' })
    const { stream, serverRows } = reading.copy()
    const ended = new Promise<unknown>((resolve) => stream.once('error', resolve))
    stream.once(
      'data',
      () =>
        void owner.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'broadsheet killed'`,
        ),
    )
    expect(await ended).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true })
    await expect(serverRows()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
    await reading.close()
  })
})

describe('a client for TypeScript', () => {
  test('streams objects, binds values, and ends with the signal', async () => {
    const controller = new AbortController()
    const client = source.client({
      reportId: 'ts',
      settings: settingsOf({ parameters: [] }, {}, ASKER),
      timeZone: 'UTC',
      timeoutMs: 5000,
      signal: controller.signal,
    })
    const rows: unknown[] = []
    for await (const row of client.query(
      `select id, day, current_setting('broadsheet.tenant_id') as t from data.lines where id <= $1 order by id`,
      [1500],
    ))
      rows.push(row)
    expect([rows.length, rows[0]]).toEqual([1500, { id: 1, day: '2026-01-02', t: 'acme' }])
    await expect(client.query('delete from data.lines')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'SOURCE_QUERY_FAILED',
    })
    const reason = new Error('canceled')
    const endless = client.query('select i, pg_sleep(0.01) is null as s from generate_series(1, 10000) i')
    const reading = endless[Symbol.asyncIterator]()
    const first = reading.next()
    await until(async () => (await backends('ts')).length > 0)
    controller.abort(reason)
    await expect(first).rejects.toBe(reason)
    await until(async () => (await backends('ts')).length === 0)
  })
})

test('no more connections at once than allowed; the rest wait', async () => {
  const narrow = createPostgresSource('narrow', urlOf(reader), { log, maxConnections: 1 })
  const { body } = typeOf('select 1 as a')
  const options = {
    body,
    settings: settingsOf({ parameters: [] }, {}, ASKER),
    timeZone: 'UTC',
    timeoutMs: 1000,
    signal: new AbortController().signal,
  }
  const first = await narrow.openReading({ ...options, reportId: 'n1' })
  let opened = false
  const second = narrow.openReading({ ...options, reportId: 'n2' }).then((reading) => {
    opened = true
    return reading
  })
  expect(
    await narrow
      .openReading({ ...options, signal: AbortSignal.timeout(50), reportId: 'n3' })
      .catch((error: Error) => error.name),
  ).toBe('TimeoutError')
  expect(opened).toBe(false)
  await first.close()
  await (await second).close()
  await narrow.close()
})
