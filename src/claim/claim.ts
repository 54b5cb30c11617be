import type { Database, EntityManager } from '../db/orm.ts'
import { CHARGED_ATTEMPTS, EPOCH_SIZE, type ReportPriority } from '../report/status.ts'
import type { CsvDialect, Format } from '../formats/format.ts'
import type { CompressionName } from '../document/compression.ts'
import type { Json } from '../report-type/define.ts'

/** How long a claim holds without renewal, in seconds on the database's clock. */
export const LEASE_SECONDS = 15
/** A waiting report that was cancelled under our eyes makes us look again, this often at most. */
const LOOKS = 5

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
  readonly timeZone: string
  readonly createdAt: Date
  readonly attempt: number
  readonly charged: number
  readonly epoch: number
}

/** The four turns, locked: claimers of all machines take turns here for the millisecond that a choice takes. */
const LOCK_TURNS = `select priority from broadsheet.priority_turn order by priority for update`

/**
 * The best waiting report. Priorities are served by weight: the one that was served least, over its weight, comes first;
 * one that was idle keeps no credit, and wins a tie by its weight. Within a priority the tenant served longest ago comes
 * first; within a tenant the oldest report. The recursion jumps from one (priority, tenant) to the next in the index.
 */
const CLAIM = `
with recursive waiting (priority, tenant_id) as (
  (select priority, tenant_id from broadsheet.report where status = 'QUEUED' order by priority, tenant_id limit 1)
  union all
  select beyond.priority, beyond.tenant_id from waiting cross join lateral (
    select priority, tenant_id from broadsheet.report
    where status = 'QUEUED' and (priority, tenant_id) > (waiting.priority, waiting.tenant_id)
    order by priority, tenant_id limit 1) beyond
), head as materialized (
  select waiting.priority, waiting.tenant_id, report.id, report.created_at, p.served, p.weight, coalesce(t.served_at, 0) as tenant_served
  from waiting
  join broadsheet.priority_turn p using (priority)
  left join broadsheet.tenant_turn t using (priority, tenant_id)
  cross join lateral (
    select id, created_at from broadsheet.report r
    where r.status = 'QUEUED' and r.priority = waiting.priority and r.tenant_id = waiting.tenant_id
      and r.available_at <= clock_timestamp() and r.type_name = any(?::text[])
    order by r.created_at, r.id limit 1) report
  where ?::int is null or ?::int > (
    select count(*) from broadsheet.report r where r.tenant_id = waiting.tenant_id and r.status in ('RUNNING', 'CANCELING'))
), chosen as materialized (
  select * from head order by served, weight desc, tenant_served, created_at, id limit 1
), claimed as (
  update broadsheet.report r set
    status = 'RUNNING', attempt = r.attempt + 1, charged = r.charged + 1, epoch = r.epoch + 1,
    sequence = (r.epoch + 1) * ${EPOCH_SIZE}, worker_id = ?::uuid,
    lease_expires_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds',
    stage = 'READING', percent = null, rows_written = 0, rows_total = null, bytes_written = 0, message = null,
    eta_seconds = null, progress_at = clock_timestamp(), started_at = clock_timestamp(), finished_at = null, failure = null
  where r.id = (select id from chosen) and r.status = 'QUEUED'
  returning r.*
), noted as (
  insert into broadsheet.report_attempt (report_id, number, tenant_id, worker_id, started_at)
  select id, attempt, tenant_id, worker_id, started_at from claimed
), turned as (
  update broadsheet.priority_turn p set served = case
    when p.priority = chosen.priority then chosen.served + 1.0 / p.weight
    when p.priority in (select priority from head) then p.served
    else greatest(p.served, chosen.served) end
  from chosen where exists (select from claimed)
), tenant_turned as (
  insert into broadsheet.tenant_turn (priority, tenant_id, served_at)
  select priority, tenant_id, nextval('broadsheet.turn') from claimed
  on conflict (priority, tenant_id) do update set served_at = excluded.served_at
)
select claimed.*, (select count(*) from chosen) as looked from chosen left join claimed on true`

interface ClaimOptions {
  workerId: string
  /** Names of the types that this worker has. */
  types: readonly string[]
  /** Most reports of one tenant that may run at once; null: no such limit. */
  tenantMaxRunning: number | null
}

/**
 * Claims the best waiting report in one compare-and-set: RUNNING, a new attempt number, a lease on the database's clock.
 * Null when nothing waits that this worker may take. Rejects with Unavailable when Postgres is away.
 */
export async function claimReport(database: Database, options: ClaimOptions): Promise<Claimed | null> {
  for (let look = 0; look < LOOKS; look++) {
    const row = await database.transaction((em) => claimOnce(em, options))
    if (row === 'again') continue
    return row
  }
  return null
}

async function claimOnce(
  em: EntityManager,
  { workerId, types, tenantMaxRunning }: ClaimOptions,
): Promise<Claimed | null | 'again'> {
  await em.execute(LOCK_TURNS)
  const [row] = await em.execute<ClaimRow[]>(CLAIM, [
    `{${types.join(',')}}`,
    tenantMaxRunning,
    tenantMaxRunning,
    workerId,
  ])
  if (!row) return null
  if (row.id === null) return 'again'
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
    timeZone: row.time_zone,
    createdAt: new Date(row.created_at),
    attempt: Number(row.attempt),
    charged: Number(row.charged),
    epoch: Number(row.epoch),
  }
}

interface ClaimRow {
  id: string | null
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
  time_zone: string
  created_at: string | Date
  attempt: number
  charged: number
  epoch: number | string
}

/** True while another charged attempt is left after this one. */
export function mayTryAgain(charged: number): boolean {
  return charged < CHARGED_ATTEMPTS
}
