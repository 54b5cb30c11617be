import { Client } from 'pg'
import { inject } from 'vitest'
import { createLog } from '../../src/log.ts'
import { parseSqlReport } from '../../src/report-type/sql-report.ts'
import type { SqlBody } from '../../src/report-type/report-type.ts'
import { settingsOf } from '../../src/report-type/settings.ts'
import type { Json, Row } from '../../src/report-type/define.ts'
import { createPostgresSource } from '../../src/sources/postgres.ts'
import type { Reading } from '../../src/sources/source.ts'

export const log = createLog({ level: 'silent', process: 'test' })
export const ASKER = {
  tenantId: 'acme',
  viewerId: 'v1',
  timeZone: 'Europe/Berlin',
  requestedAt: new Date('2026-11-21T09:00:00.123Z'),
}

/** Rows that come as they are made: in FROM, Postgres would make them all first. */
export const ENDLESS = `select repeat('x', 1000) as x, generate_series(1, 100000000) as i`

/** A database with something to read, a role that may only read it, and the source as that role. `drop()` ends all of it. */
export async function createSourceScene() {
  const database = `source_${process.pid}_${Date.now()}`
  const reader = `${database}_reader`
  const server = new URL(inject('postgresUrl'))
  const admin = new Client(server.href)
  await admin.connect()
  await admin.query(`create database ${database}`)
  await admin.query(`create role ${reader} login password 'reader'`)
  await admin.end()
  const urlOf = (user?: string) => {
    const url = new URL(server)
    url.pathname = `/${database}`
    if (user) [url.username, url.password] = [user, 'reader']
    return url.href
  }
  const owner = new Client(urlOf())
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
  const source = createPostgresSource('main', urlOf(reader), { log, maxConnections: 4 })

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
    (await owner.query('select state from pg_stat_activity where application_name = $1', [`broadsheet ${reportId}`]))
      .rows

  async function drop(): Promise<void> {
    await source.close()
    await owner.end()
    const admin = new Client(inject('postgresUrl'))
    await admin.connect()
    await admin.query(`drop database ${database} with (force)`)
    await admin.query(`drop role ${reader}`)
    await admin.end()
  }

  return { database, reader, owner, source, urlOf, typeOf, open, rowsOf, one, describeOf, backends, drop }
}
