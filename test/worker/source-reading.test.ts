import { once } from 'node:events'
import { afterAll, describe, expect, test } from 'vitest'
import { ReportFailed } from '../../src/errors.ts'
import { createPostgresSource } from '../../src/sources/postgres.ts'
import type { Json, Row } from '../../src/report-type/define.ts'
import type { Reading } from '../../src/sources/source.ts'
import { until } from '../support/until.ts'
import { ENDLESS, log, createSourceScene } from '../support/source-scene.ts'

const scene = await createSourceScene()
const { owner, typeOf, open, rowsOf, one, backends } = scene
afterAll(scene.drop)

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
    await once(stream, 'data')
    await owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'broadsheet killed'`,
    )
    expect(await ended).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true })
    await expect(serverRows()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
    await reading.close()
  })
})
