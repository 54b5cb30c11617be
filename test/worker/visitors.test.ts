import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEventsTable, type EventsKey } from '../../demo/events-table.ts'
import { requestEvents } from '../../demo/request-events.ts'
import report from '../../reports/visitors.ts'
import type { AwsSettings } from '../../src/config-aws.ts'
import { createLog } from '../../src/log.ts'
import type { EventSource } from '../../src/report-type/define.ts'
import { createDynamoEvents, slicesOf } from '../../src/sources/dynamo-events.ts'
import { createPostgresSource } from '../../src/sources/postgres.ts'
import { createTableEvents } from '../../src/sources/table-events.ts'
import { createGroups } from '../../worker/groups.ts'
import { runReport } from '../../worker/run-report.ts'
import { oracles } from '../support/oracles.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'

const TO = Date.parse('2026-11-21T06:00:00.000Z')
const FROM = TO - 12 * 3600 * 1000
const EVENTS = [...requestEvents(3_000, { from: FROM, to: TO, visitors: 150 })]
const AWS: AwsSettings = {
  region: 'us-east-1',
  keys: { id: 'local', secret: 'local', sessionToken: null },
  profile: null,
  credentialsFile: null,
  configFile: null,
  role: null,
  container: null,
}
const signal = new AbortController().signal

/** The same by other means: everything in memory, event by event. */
function expected(from: number, to: number): string[] {
  const own = EVENTS.filter(({ time }) => Date.parse(time) >= from && Date.parse(time) < to)
  const instant = (time: string) => `${time.slice(0, 10)} ${time.slice(11, -1).replace(/\.?0+$/, '')}+00`
  return [...Map.groupBy(own, ({ visitor }) => visitor)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([visitor, all]) => {
      const sorted = all.toSorted((a, b) => (a.time + a.request_id < b.time + b.request_id ? -1 : 1))
      const pages = new Set(all.map(({ path }) => path)).size
      return [visitor, instant(sorted[0]!.time), instant(sorted.at(-1)!.time), all.length, pages, sorted[0]!.path].join(
        ',',
      )
    })
}
async function rowsOf(events: EventSource, parameters: object, requestedAt = new Date(TO), timeZone = 'UTC') {
  const run = await runReport(
    report,
    { ...parameters },
    { sources: { events }, requestedAt, timeZone, name: 'visitors' },
  )
  return { ...run, lines: run.csv.trimEnd().split('\n').slice(1) }
}

let dynamo: Awaited<ReturnType<typeof startDynamo>>
let database: SourceDatabase
let postgres: ReturnType<typeof createPostgresSource>
beforeAll(async () => {
  dynamo = await startDynamo()
  for (const key of ['day', 'request'] as const) {
    const table = openEventsTable(dynamo.url, `by-${key}`)
    await table.create(key)
    await table.write(EVENTS)
    table.close()
  }
  database = await createSourceDatabase(
    `create table request_events (request_id text primary key, time timestamptz not null, visitor text not null, path text not null,
      referrer text, user_agent text, status int not null)`,
  )
  await database.sql(`insert into request_events select * from jsonb_populate_recordset(null::request_events, $1)`, [
    JSON.stringify(EVENTS),
  ])
  postgres = createPostgresSource('app', database.url, {
    log: createLog({ level: 'silent', process: 'test' }),
    maxConnections: 2,
  })
}, 120_000)
afterAll(async () => {
  await dynamo?.close()
  await postgres?.close()
  await database?.drop()
})

const fromDynamo = (key: EventsKey) => () =>
  createDynamoEvents({ kind: 'dynamodb', table: `by-${key}`, endpoint: dynamo.url, aws: AWS }, { signal })
const fromPostgres = () =>
  createTableEvents(
    postgres.client({ reportId: 'r', settings: [], timeZone: 'UTC', timeoutMs: 20_000, signal }),
    'public.request_events',
  )

describe.each<[string, () => EventSource]>([
  ['a DynamoDB table by day', fromDynamo('day')],
  ['a DynamoDB table by request', fromDynamo('request')],
  ['a table of Postgres', fromPostgres],
])('visitors from %s', (_, open) => {
  test('of all events', async () => {
    const { lines, summary, fileName } = await rowsOf(open(), { from: '2026-11-20', to: '2026-11-21' })
    expect(lines).toEqual(expected(FROM, TO))
    expect(summary).toMatchObject({ requests: 3_000 })
    expect(fileName).toBe('visitors-2026-11-21.csv')
  })

  test('of the last minutes', async () => {
    const { lines } = await rowsOf(open(), { last_minutes: 45 })
    expect(lines).toEqual(expected(TO - 45 * 60_000, TO))
    expect(lines.length).toBeGreaterThan(10)
  })

  test('of periods that meet: each event in one of them', async () => {
    const cut = EVENTS[1_234]!.time
    const first = await rowsOf(open(), { from: '2026-11-20T18:00:00Z', to: cut })
    const second = await rowsOf(open(), { from: cut, to: '2026-11-21T06:00:00Z' })
    expect(first.lines).toEqual(expected(FROM, Date.parse(cut)))
    expect([first.summary!['requests'], second.summary!['requests']]).toEqual([1_234, 1_766])
    const nothing = await rowsOf(open(), { from: cut, to: cut })
    expect(nothing.csv).toBe('visitor,first_seen,last_seen,requests,pages,entry_page\n')
  })

  test('of a day in the report’s time zone', async () => {
    const { lines } = await rowsOf(open(), { from: '2026-11-21', to: '2026-11-21' }, new Date(TO), 'Europe/Vilnius')
    expect(lines).toEqual(expected(Date.parse('2026-11-20T22:00:00Z'), TO))
  })
})

describe('a table of DynamoDB', () => {
  test('by day is read in slices of time, one by request in segments; consistently and at once', async () => {
    dynamo.seen.length = 0
    await rowsOf(fromDynamo('day')(), { last_minutes: 60 })
    const queries = dynamo.seen.filter(({ target }) => target === 'Query')
    expect(new Set(queries.map(({ body }) => body.ExpressionAttributeValues[':start'].S))).toHaveProperty('size', 4)
    expect(queries.every(({ body }) => body.ConsistentRead)).toBe(true)
    expect(dynamo.seen.some(({ target }) => target === 'Scan')).toBe(false)
    dynamo.seen.length = 0
    await rowsOf(fromDynamo('request')(), { last_minutes: 60 })
    const scans = dynamo.seen.filter(({ target }) => target === 'Scan')
    expect(new Set(scans.map(({ body }) => body.Segment))).toEqual(new Set([0, 1, 2, 3]))
    expect(scans.every(({ body }) => body.ConsistentRead && body.TotalSegments === 4)).toBe(true)
  })

  test('that is throttled is asked again, and nothing is counted twice', async () => {
    dynamo.refuse('ProvisionedThroughputExceededException', 6)
    const { lines } = await rowsOf(fromDynamo('day')(), { from: '2026-11-20', to: '2026-11-21' })
    expect(lines).toEqual(expected(FROM, TO))
  })

  test('that is not there, and one that may not be read', async () => {
    const missing = createDynamoEvents(
      { kind: 'dynamodb', table: 'nowhere', endpoint: dynamo.url, aws: AWS },
      { signal },
    )
    await expect(rowsOf(missing, { last_minutes: 5 })).rejects.toMatchObject({
      code: 'SOURCE_QUERY_FAILED',
      retryable: false,
    })
    dynamo.refuse('AccessDeniedException', 20)
    await expect(rowsOf(fromDynamo('day')(), { last_minutes: 5 })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      retryable: false,
    })
    dynamo.refuse('', 0)
    const away = createDynamoEvents(
      { kind: 'dynamodb', table: 'x-y', endpoint: 'http://127.0.0.1:1', aws: AWS },
      { signal },
    )
    await expect(rowsOf(away, { last_minutes: 5 })).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      retryable: true,
    })
  }, 60_000)

  test('slices never cross a midnight, and cover the period once', () => {
    const slices = slicesOf(FROM, TO + 1, 4)
    expect(slices[0]![0]).toBe(FROM)
    expect(slices.at(-1)![1]).toBe(TO + 1)
    for (const [index, [start, end]] of slices.entries()) {
      expect(new Date(start).toISOString().slice(0, 10)).toBe(new Date(end - 1).toISOString().slice(0, 10))
      if (index > 0) expect(start).toBe(slices[index - 1]![1])
    }
    expect(slicesOf(5, 5, 4)).toEqual([])
    expect(slicesOf(5, 6, 4)).toEqual([[5, 6]])
  })
})

test('which parameters go together', async () => {
  for (const [parameters, field] of [
    [{}, 'from'],
    [{ last_minutes: 0 }, 'lastMinutes'],
    [{ last_minutes: 5, from: 'today' }, 'from'],
    [{ last_minutes: 5, to: 'today' }, 'to'],
  ] as const)
    await expect(rowsOf(fromPostgres(), parameters)).rejects.toMatchObject({ userErrors: [{ field: [field] }] })
})

describe('groups', () => {
  test('of more keys than memory holds are the same, in order, and leave no file', async () => {
    const groups = createGroups<number>((a, b) => a + b, { mostKeys: 100 })
    const counts = new Map<string, number>()
    for (let index = 0; index < 10_000; index++) {
      const key = `kęy-${(index * 7919) % 1_000}\0"x`
      await groups.add(key, 1)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    expect(await Array.fromAsync(groups)).toEqual([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
    await groups.close()
  })

  test('of few keys that are long wait in the file, too, and in so many runs that each is read in small parts', async () => {
    const groups = createGroups<number>((a, b) => a + b, { mostCharacters: 10_000 })
    const spills: unknown[] = []
    for (let index = 0; index < 400; index++) {
      const spilled = groups.add(`${index % 200}`.padStart(9_000, '0'), 1)
      if (spilled !== undefined) spills.push(await spilled)
    }
    expect(spills).toHaveLength(200)
    let count = 0
    for await (const [key, value] of groups) {
      expect([key.length, Number(key), value]).toEqual([9_000, count, 2])
      count += 1
    }
    expect(count).toBe(200)
    await groups.close()
  })
})

interface Request {
  readonly target: string
  readonly body: any
}

/** dynalite, and before it somebody who notes what is asked and may refuse it. */
async function startDynamo() {
  const inner = (await oracles()).dynalite()
  await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve))
  const to = `http://127.0.0.1:${(inner.address() as AddressInfo).port}`
  const seen: Request[] = []
  let refusal = { name: '', left: 0 }
  const server = createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>)
    const target = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    const text = Buffer.concat(chunks).toString()
    seen.push({ target, body: JSON.parse(text) })
    if (refusal.left > 0 && (target === 'Query' || refusal.name === 'AccessDeniedException')) {
      refusal.left -= 1
      const body = { __type: `com.amazonaws.dynamodb.v20120810#${refusal.name}`, message: 'No.' }
      return response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body))
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => /^(x-amz|authorization|content-type)/.test(name)),
    ) as Record<string, string>
    const answer = await fetch(to, { method: 'POST', headers, body: text })
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    refuse: (name: string, times: number) => void (refusal = { name, left: times }),
    async close() {
      for (const each of [server, inner]) {
        each.closeAllConnections()
        await new Promise((resolve) => each.close(resolve))
      }
    },
  }
}
