import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { startCollector } from '../support/collector.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { startHooks, WEBHOOK_SECRET } from '../support/hooks.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'

const LINES = `/*---
title: Lines
source: main
tenancy: shared
---*/
select id from lines`
const BROKEN = LINES.replace('select id', 'select 1 / (id - 5) as id')
const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const [, TRACE, ABOVE] = CALLER.split('-')

let collector: Awaited<ReturnType<typeof startCollector>>
let hooks: Awaited<ReturnType<typeof startHooks>>
let database: TestDatabase
let source: SourceDatabase
let directory: string
let api: RunningApi
let worker: RunningProcess

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-tracing-'))
  await writeFile(join(directory, 'lines.sql'), LINES)
  await writeFile(join(directory, 'broken.sql'), BROKEN)
  ;[collector, hooks, database, source] = await Promise.all([
    startCollector(),
    startHooks(),
    createDatabase(),
    createSourceDatabase('create table lines as select i as id from generate_series(1, 10) i; analyze'),
  ])
  const env = {
    WEBHOOK_ALLOW: hooks.place,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=of%20the%20tests',
    OTEL_SERVICE_NAME: 'traced',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  }
  const options = { databaseUrl: database.url, redisUrl: inject('redisUrl'), dataDirectory: directory, reportsDirectory: directory, sources: { main: source.url }, env } // prettier-ignore
  ;[api, worker] = await Promise.all([startApi(options), startWorker(options)])
})
afterAll(async () => {
  for (const running of [api, worker]) {
    running?.kill('SIGKILL')
    await running?.stopped
  }
  await hooks?.close()
  await collector?.close()
  await database?.drop()
  await source?.drop()
  await rm(directory, { recursive: true })
})

/** Asks for a report, and answers its row's id as the spans name it. */
async function ask(type: string, headers: Record<string, string>, deliveries: object[] = []): Promise<string> {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.adminToken}`, ...headers },
    body: JSON.stringify({
      query:
        'mutation Ask($input: RequestReportInput!) { requestReport(input: $input) { report { id } userErrors { message } } }',
      variables: { input: { report: { byName: { type } }, deliveries } },
    }),
  })
  const { data } = (await response.json()) as any
  expect(data.requestReport.userErrors).toEqual([])
  return Buffer.from(data.requestReport.report.id, 'base64url').toString().split(':')[1]!
}
const of = (report: string, name: string) =>
  collector.spans.find((span) => span.name === name && span.attributes['broadsheet.report.id'] === report)

test('one trace from the mutation over ring, claim, the steps of the attempt and the commit to the delivery', async () => {
  const id = await ask('lines', { traceparent: CALLER }, [
    { webhook: { url: hooks.url('/ok'), secret: WEBHOOK_SECRET } },
  ])
  await until(() => of(id, 'delivery') && of(id, 'attempt'), { timeout: 20_000, what: 'the delivery was traced' })
  const spans = collector.spans.filter(({ traceId }) => traceId === TRACE)
  const byName = new Map(spans.map((span) => [span.name, span]))
  expect([...byName.keys()].toSorted()).toEqual(['attempt', 'claim', 'commit', 'delivery', 'format', 'mutation', 'promote', 'ring', 'source', 'store']) // prettier-ignore
  const parents = Object.fromEntries(spans.map(({ name, parentSpanId }) => [name, spans.find(({ spanId }) => spanId === parentSpanId)?.name ?? parentSpanId])) // prettier-ignore
  expect(parents).toEqual({
    mutation: ABOVE, ring: 'mutation', attempt: 'mutation', delivery: 'mutation',
    claim: 'attempt', source: 'attempt', format: 'attempt', store: 'attempt', promote: 'attempt', commit: 'attempt',
  }) // prettier-ignore
  expect(spans).toHaveLength(10)
  for (const { from, until: end, fault } of spans) expect([end >= from, fault]).toEqual([true, null])
  const [attempt, claim, commit] = ['attempt', 'claim', 'commit'].map((name) => byName.get(name)!)
  expect(claim!.from).toBe(attempt!.from)
  expect(commit!.until <= attempt!.until).toBe(true)
  expect(byName.get('source')!.until <= byName.get('store')!.until).toBe(true)
  expect([byName.get('mutation')!.process, attempt!.process, attempt!.service]).toEqual(['api', 'worker', 'traced'])
  expect(attempt!.attributes).toMatchObject({ 'broadsheet.report.type': 'lines', 'broadsheet.attempt': '1' })
  expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', headers: { 'api-key': 'of the tests' } })
})

test('a failure has its code and no message; a trace begins here where the caller has none; over REST too', async () => {
  const id = await ask('broken', {})
  await until(() => of(id, 'attempt'), { timeout: 20_000 })
  const attempt = of(id, 'attempt')!
  expect(attempt.fault).toBe('SOURCE_QUERY_FAILED')
  const mutation = collector.spans.find(({ spanId }) => spanId === attempt.parentSpanId)!
  expect([mutation.name, mutation.parentSpanId, mutation.traceId]).toEqual(['mutation', null, attempt.traceId])
  expect(
    JSON.stringify(collector.spans, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
  ).not.toMatch(/division|select|Bearer/)

  const headers = { 'content-type': 'application/json', authorization: `Bearer ${api.adminToken}`, traceparent: CALLER.replace(TRACE!, 'a'.repeat(32)) } // prettier-ignore
  await fetch(`${api.url}/api/v1/reports`, { method: 'POST', headers, body: '{"report_type":"lines"}' })
  const traced = () => collector.spans.filter(({ traceId, name }) => traceId === 'a'.repeat(32) && name === 'attempt')
  await until(() => traced().length === 1, { timeout: 20_000 })
})

test('a slot of a schedule begins a trace, which its attempt belongs to', async () => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.adminToken}` },
    body: JSON.stringify({
      query: `mutation { createSchedule(input: { title: "Soon", report: { byName: { type: "lines" } }, cadence: { at: "${new Date(Date.now() + 1_000).toISOString()}" } }) { schedule { id } userErrors { message } } }`,
    }),
  })
  const { data } = (await response.json()) as any
  expect(data.createSchedule.userErrors).toEqual([])
  const schedule = Buffer.from(data.createSchedule.schedule.id, 'base64url').toString().split(':')[1]!
  const slot = await until(
    () => collector.spans.find(({ name, attributes }) => name === 'slot' && attributes['broadsheet.schedule.id'] === schedule), // prettier-ignore
    { timeout: 20_000 },
  )
  const report = String(slot.attributes['broadsheet.report.id'])
  const attempt = await until(() => of(report, 'attempt'), { timeout: 20_000 })
  expect([slot.parentSpanId, slot.process, attempt.traceId, attempt.parentSpanId]).toEqual([null, 'worker', slot.traceId, slot.spanId]) // prettier-ignore
})

test('what a caller does not sample is not sent, by either process', async () => {
  const quiet = await ask('lines', { traceparent: CALLER.replace(TRACE!, 'b'.repeat(32)).replace(/01$/, '00') })
  const loud = await ask('lines', { traceparent: CALLER.replace(TRACE!, 'c'.repeat(32)) })
  await until(() => of(loud, 'attempt'), { timeout: 20_000 })
  await until(async () => (await database.sql(`select from broadsheet.report where id = $1 and status = 'SUCCEEDED'`, [quiet])).length === 1) // prettier-ignore
  const later = await ask('lines', { traceparent: CALLER.replace(TRACE!, 'd'.repeat(32)) })
  await until(() => of(later, 'attempt'), { timeout: 20_000 })
  expect(collector.spans.filter(({ traceId }) => traceId === 'b'.repeat(32))).toEqual([])
})

test('a collector that is away costs spans and nothing else; what is left goes out at the end', async () => {
  await collector.close()
  const id = await ask('lines', {})
  const done = () => database.sql(`select from broadsheet.report where id = $1 and status = 'SUCCEEDED'`, [id])
  await until(async () => (await done()).length === 1, { timeout: 20_000 })
  expect(await api.stop()).toBe(0)
  await until(async () => (await api.log()).includes('spans can not be sent'))
})

test('the settings are OpenTelemetry’s; without an endpoint there is no tracing', () => {
  const ground = { DATABASE_URL: 'postgres://localhost/b', REDIS_URL: 'redis://localhost', BROADSHEET_SECRET: 'x'.repeat(40) } // prettier-ignore
  const tracingOf = (more: Record<string, string>) => readConfig({ ...ground, ...more }).tracing
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }
  expect(tracingOf({})).toBeNull()
  expect(tracingOf({ ...on, OTEL_SDK_DISABLED: 'true' })).toBeNull()
  expect(tracingOf({ ...on, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' })).toMatchObject({ endpoint: 'http://collector:4318/v1/traces', ratio: 0.25, serviceName: 'broadsheet' }) // prettier-ignore
  expect(() => tracingOf({ ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_TRACES_SAMPLER: 'often' })).toThrow(
    /http\/json[^]*parentbased_always_on/,
  )
})
