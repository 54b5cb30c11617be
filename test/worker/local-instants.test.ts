import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatNamed } from '../../src/formats/index.ts'
import { createLog } from '../../src/log.ts'
import type { Json } from '../../src/report-type/define.ts'
import type { ReportType } from '../../src/report-type/report-type.ts'
import { loadRowsReport } from '../../src/report-type/rows-report.ts'
import { parseSqlReport } from '../../src/report-type/sql-report.ts'
import { createPostgresSource } from '../../src/sources/postgres.ts'
import type { Source } from '../../src/sources/source.ts'
import { createTally } from '../../worker/counting.ts'
import { openRows } from '../../worker/readings.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'

/** Half past eleven in the evening of New Year's Day in New York. */
const INSTANT = '2026-01-02T04:30:00Z'
const WEST = 'America/New_York'

const SQL = `/*---
title: Days
source: main
tenancy: shared
parameters:
  at: { type: DateExpression! }
  maybe: { type: DateExpression }
  many: { type: "[DateExpression!]!" }
  moment: { type: DateTime! }
---*/
select :at::date as day, :maybe::date as maybe, (:many)[1]::date as first, :at::timestamptz = :moment as same, :moment::date as its_day`

const ROWS = `import { defineReport } from 'broadsheet/define'
export default defineReport({
  title: 'Days',
  parameters: { at: { type: 'DateExpression!' } },
  columns: { text: 'String', day: 'String' },
  async *rows({ parameters, sources }) {
    for await (const { day } of sources.main!.query('select $1::date::text as day', [parameters.at])) yield [parameters.at, String(day)]
  },
})`

let database: SourceDatabase
let source: Source
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-instants-'))
  database = await createSourceDatabase('select 1')
  source = createPostgresSource('main', database.url, {
    log: createLog({ level: 'silent', process: 'test' }),
    maxConnections: 2,
  })
})
afterAll(async () => {
  await source?.close()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

async function documentOf(type: ReportType, parameters: { [name: string]: Json }): Promise<unknown> {
  const opened = await openRows({
    type,
    order: {
      reportId: 'west',
      tenantId: 't',
      viewerId: 'v',
      attempt: 1,
      key: 't/west/1',
      typeName: type.name,
      kind: type.body.kind,
      definition: type.text,
      parameters,
      uploads: {},
      format: 'NDJSON',
      compression: 'NONE',
      csvDialect: 'POSTGRES',
      timeZone: WEST,
      requestedAt: new Date('2026-11-21T09:00:00Z'),
    },
    format: formatNamed('NDJSON'),
    sources: new Map([['main', source]]),
    named: {
      fault: () => 'There is none here.',
      warm: () => Promise.resolve(),
      open: () => Promise.reject(new Error('There is none here.')),
    },
    store: { read: () => Promise.reject(new Error('no file is named')) },
    reportsDirectory: directory,
    timeoutMs: 10_000,
    tally: createTally(),
    signal: new AbortController().signal,
  })
  try {
    return JSON.parse(await text(opened.bytes))
  } finally {
    await opened.close()
  }
}

test('west of Greenwich an instant’s ::date is the day there, and its ::timestamptz the instant', async () => {
  const type = parseSqlReport('days.sql', SQL)
  expect(await documentOf(type, { at: INSTANT, maybe: INSTANT, many: [INSTANT], moment: INSTANT })).toEqual({
    day: '2026-01-01',
    maybe: '2026-01-01',
    first: '2026-01-01',
    same: true,
    its_day: '2026-01-01',
  })
  expect(
    await documentOf(type, { at: '2026-01-02', maybe: null, many: ['2026-01-02'], moment: INSTANT }),
  ).toMatchObject({
    day: '2026-01-02',
    maybe: null,
    first: '2026-01-02',
  })
})

test('a report in TypeScript gets the same text', async () => {
  await writeFile(join(directory, 'days.ts'), ROWS)
  const type = await loadRowsReport('days.ts', directory)
  expect(await documentOf(type, { at: INSTANT })).toEqual({ text: '2026-01-01T23:30:00-05:00', day: '2026-01-01' })
})
