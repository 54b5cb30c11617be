import { afterAll, describe, expect, test } from 'vitest'
import type { Json } from '../../src/report-type/define.ts'
import { settingsOf } from '../../src/report-type/settings.ts'
import { createPostgresSource } from '../../src/sources/postgres.ts'
import { until } from '../support/until.ts'
import { ASKER, log, createSourceScene } from '../support/source-scene.ts'

const scene = await createSourceScene()
const { database, reader, owner, source, urlOf, typeOf, one, describeOf, backends } = scene
afterAll(scene.drop)

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

  test('gives the digits of a decimal where Postgres knows them, also of a strange scale', async () => {
    const columns = await describeOf(
      `select 1::numeric as any, 1::numeric(12, 2) as money, 1::numeric(5) as whole, 1::numeric(38) as most, 1::numeric(39) as beyond, 1::numeric(2, -3) as thousands,
        0.00001::numeric(3, 5) as small, sum(1::numeric(12, 2)) as total, 1::int as i`,
    )
    expect(Object.fromEntries(columns.map(({ name, precision, scale }) => [name, precision && [precision, scale]]))).toEqual({
      any: undefined, money: [12, 2], whole: [5, 0], most: [38, 0], beyond: undefined, thousands: [5, 0], small: [5, 5], total: undefined, i: undefined,
    }) // prettier-ignore
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
