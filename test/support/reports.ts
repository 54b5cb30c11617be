import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { v7 as uuid } from 'uuid'
import { versionOf } from '../../src/report-type/sql-report.ts'
import { progressOf, type ProgressRow } from '../../src/report/progress-row.ts'
import type { DocumentFacts, Failure } from '../../src/report/report.entity.ts'
import type { ProgressEvent } from '../../src/progress/event.ts'
import { createLog } from '../../src/log.ts'
import { createReportBell } from '../../src/queue/report-queue.ts'
import { isTerminal } from '../../src/report/status.ts'
import type { TestDatabase } from './database.ts'
import { until } from './until.ts'

export interface ReportAsked {
  tenantId?: string
  priority?: string
  format?: string
  compression?: string
  csvDialect?: string
  parameters?: object
  timeZone?: string
}

export interface StoredReport extends ProgressEvent {
  document: DocumentFacts | null
  preview: unknown[][] | null
  failure: Failure | null
  charged: number
  attempts: { number: number; outcome: string | null; failure: Failure | null }[]
}

/**
 * Reports as rows, for what is tested without the API. `type` is a file of `directory`: "lines.sql". With `redisUrl` the bell
 * is rung as the API does, and close() is owed.
 */
export function reportsIn(database: TestDatabase, directory: string, redisUrl?: string) {
  const bell =
    redisUrl === undefined
      ? null
      : createReportBell({ redisUrl, log: createLog({ level: 'silent', process: 'test' }), role: 'ringer' })

  async function ask(type: string, asked: ReportAsked = {}): Promise<string> {
    const text = await readFile(join(directory, type), 'utf8')
    const {
      tenantId = 'default',
      priority = 'NORMAL',
      format = 'CSV',
      compression = 'NONE',
      csvDialect = 'POSTGRES',
      parameters = {},
      timeZone = 'UTC',
    } = asked
    const [name, kind] = type.endsWith('.sql') ? [type.slice(0, -4), 'sql'] : [type.slice(0, -3), 'rows']
    const id = uuid()
    const [{ id: userId }] = (await database.sql<{ id: string }>(
      `with t as (insert into broadsheet.tenant (id) values ($1) on conflict do nothing),
        d as (insert into broadsheet.report_definition (version, name, kind, text) values ($3, $4, $5, $6) on conflict do nothing)
       insert into broadsheet.app_user (id, tenant_id, subject, name, role) values ($2, $1, 'somebody', 'Somebody', 'MEMBER')
       on conflict (tenant_id, subject) do update set name = excluded.name returning id`,
      [tenantId, uuid(), versionOf(text), name, kind, text],
    )) as [{ id: string }]
    await database.sql(
      `insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, priority, format, compression, csv_dialect,
        visibility, parameters, resolved_parameters, time_zone) values ($1, $2, $3, $4, $5, $4, $6, $7, $8, $9, 'PRIVATE', $10, $10, $11)`,
      [
        id,
        tenantId,
        userId,
        name,
        versionOf(text),
        priority,
        format,
        compression,
        csvDialect,
        JSON.stringify(parameters),
        timeZone,
      ],
    )
    bell?.ring(id)
    return id
  }

  async function read(id: string): Promise<StoredReport> {
    const [row] = await database.sql<ProgressRow & Pick<StoredReport, 'document' | 'preview' | 'failure' | 'charged'>>(
      `select id, tenant_id, sequence, status, stage, attempt, percent, rows_written, rows_total, bytes_written, message, eta_seconds, progress_at,
        document, preview, failure, charged from broadsheet.report where id = $1`,
      [id],
    )
    const attempts = await database.sql<StoredReport['attempts'][0]>(
      `select number, outcome, failure from broadsheet.report_attempt where report_id = $1 order by number`,
      [id],
    )
    return {
      ...progressOf(row!),
      document: row!.document,
      preview: row!.preview,
      failure: row!.failure,
      charged: row!.charged,
      attempts,
    }
  }

  return {
    ask,
    read,
    close: async () => void (await bell?.close()),
    /** As the API does it: a guarded move and a new range of sequence numbers. */
    cancel: (id: string) =>
      database.sql(
        `update broadsheet.report set status = 'CANCELING', epoch = epoch + 1, sequence = (epoch + 1) * 1048576 where id = $1 and status = 'RUNNING'`,
        [id],
      ),
    /** Waits until the report has one of these statuses. */
    reached(id: string, statuses: string | string[], timeout = 20_000): Promise<StoredReport> {
      return until(
        async () => {
          const report = await read(id)
          const mayGoOn = !isTerminal(report.status) || (report.status === 'SUCCEEDED' && statuses.includes('EXPIRED'))
          if (!mayGoOn && !statuses.includes(report.status))
            throw new Error(`report is ${report.status}: ${JSON.stringify(report.failure)}`)
          return statuses.includes(report.status) ? report : null
        },
        { timeout, what: `report ${id} is ${String(statuses)}` },
      ) as Promise<StoredReport>
    },
  }
}
