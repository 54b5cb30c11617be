import type { Database } from '../db/orm.ts'
import { CHARGED_ATTEMPTS, type ReportPriority } from '../report/status.ts'
import type { CsvDialect, Format } from '../formats/format.ts'
import type { CompressionName } from '../document/compression.ts'
import type { Json } from '../report-type/define.ts'

/** How long a claim holds without renewal, in seconds on the database's clock; claim_report() in the database says the same. */
export const LEASE_SECONDS = 15

/** What a worker has to know to carry out one attempt. */
export interface Claimed {
  readonly id: string
  readonly tenantId: string
  readonly requestedBy: string
  readonly typeName: string
  readonly typeVersion: string
  readonly title: string
  readonly priority: ReportPriority
  readonly format: Format['name']
  readonly compression: CompressionName
  readonly csvDialect: CsvDialect
  /** Null while last_slot is open: it is resolved before the first attempt starts. */
  readonly resolvedParameters: { [name: string]: Json } | null
  /** Ids of the uploads that its parameters name. */
  readonly uploads: readonly string[]
  readonly timeZone: string
  readonly createdAt: Date
  readonly attempt: number
  readonly charged: number
  readonly epoch: number
  /** The span that asked for the report; null: nobody traced it. */
  readonly traceparent: string | null
}

interface ClaimOptions {
  workerId: string
  /** Names of the types that this worker has. */
  types: readonly string[]
  /** Most reports of one tenant that may run at once; null: no such limit. */
  tenantMaxRunning: number | null
}

/**
 * Claims the best waiting report in one call: RUNNING, a new attempt number, a lease on the database's clock. What is best, and
 * how claimers of all machines take turns, the function in the database says; called as one statement, a claimer that is frozen
 * or killed holds nothing that another waits for.
 * Null when nothing waits that this worker may take. Rejects with Unavailable when Postgres is away.
 */
export async function claimReport(
  database: Database,
  { workerId, types, tenantMaxRunning }: ClaimOptions,
): Promise<Claimed | null> {
  const [row] = await database.statement<ClaimRow>(`select * from broadsheet.claim_report(?, ?, ?)`, [
    workerId,
    `{${types.join(',')}}`,
    tenantMaxRunning,
  ])
  if (!row) return null
  return {
    id: row.id,
    tenantId: row.tenant_id,
    requestedBy: row.requested_by,
    typeName: row.type_name,
    typeVersion: row.type_version,
    title: row.title,
    priority: row.priority,
    format: row.format,
    compression: row.compression,
    csvDialect: row.csv_dialect,
    resolvedParameters: row.resolved_parameters,
    uploads: row.uploads,
    timeZone: row.time_zone,
    createdAt: new Date(row.created_at),
    attempt: Number(row.attempt),
    charged: Number(row.charged),
    epoch: Number(row.epoch),
    traceparent: row.traceparent,
  }
}

interface ClaimRow {
  id: string
  tenant_id: string
  requested_by: string
  type_name: string
  type_version: string
  title: string
  priority: ReportPriority
  format: Format['name']
  compression: CompressionName
  csv_dialect: CsvDialect
  resolved_parameters: { [name: string]: Json } | null
  uploads: string[]
  time_zone: string
  created_at: string | Date
  attempt: number
  charged: number
  epoch: number | string
  traceparent: string | null
}

/** True while another charged attempt is left after this one. */
export function mayTryAgain(charged: number): boolean {
  return charged < CHARGED_ATTEMPTS
}
