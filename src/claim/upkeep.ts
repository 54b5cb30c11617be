import type { Database } from '../db/orm.ts'
import type { ProgressEvent } from '../progress/event.ts'
import { PROGRESS_COLUMNS, progressOf, type ProgressRow } from '../report/progress-row.ts'
import { CHARGED_ATTEMPTS, EPOCH_SIZE } from '../report/status.ts'

/** How many reports one step repairs; the next step takes more. */
const STEP = 200
/** A type that no live worker has had for so long is taken to be gone. */
const TYPE_GONE = `interval '10 minutes'`
/** A worker that was not seen for so long is dead. */
const WORKER_DEAD = `interval '30 seconds'`

const LOST = { code: 'WORKER_LOST', message: 'The worker was lost in mid-report.', retryable: true }
const REMOVED = {
  code: 'TYPE_REMOVED',
  message: 'No worker has had this report type for 10 minutes: its file was removed.',
  retryable: false,
}

/** Lost so often, a report is suspected of it; claim_report() in the database says the same. */
const SUSPECT = 2
/** A worker renews all that it holds every 5 s: a lease with less than this left was not renewed with the others. */
const NOT_RENEWED = `interval '8 seconds'`

/**
 * Takes back what lost workers held, whole: as soon as one lease of a worker has run out, also what it claimed last. QUEUED again
 * and claimable at once, FAILED(WORKER_LOST) after three charged attempts, CANCELED where that was wanted. Where a suspect was among
 * it, the loss is put down to that alone, and the others are not charged: what kills its workers takes no neighbour along.
 * Any number of processes may do it at once. Resolves to the new events.
 */
export async function takeBackLost(database: Database): Promise<ProgressEvent[]> {
  const rows = await database.statement<ProgressRow>(
    `with gone as materialized (
        select distinct worker_id from (
          select worker_id from broadsheet.report where status in ('RUNNING', 'CANCELING') and lease_expires_at < clock_timestamp()
          order by lease_expires_at limit ${STEP}) first
      ), lost as materialized (
        select id, worker_id, losses from broadsheet.report where status in ('RUNNING', 'CANCELING')
          and (lease_expires_at < clock_timestamp()
            or (worker_id in (select worker_id from gone) and lease_expires_at < clock_timestamp() + ${NOT_RENEWED}))
        order by losses >= ${SUSPECT}, lease_expires_at limit ${STEP} for update skip locked
      ), excused as (
        select id from lost l where losses < ${SUSPECT}
          and exists (select from broadsheet.report suspect where suspect.worker_id = l.worker_id and suspect.losses >= ${SUSPECT}
            and suspect.status in ('RUNNING', 'CANCELING') and suspect.lease_expires_at < clock_timestamp() + ${NOT_RENEWED})
      ), noted as (
        update broadsheet.report_attempt a set outcome = 'LOST', failure = ?::jsonb, finished_at = clock_timestamp()
        from broadsheet.report r where r.id in (select id from lost) and a.report_id = r.id and a.number = r.attempt and a.outcome is null
      ), counted as (
        select r.id, r.charged - (e.id is not null)::int as charged, r.losses + (e.id is null)::int as losses
        from broadsheet.report r join lost using (id) left join excused e using (id)
      )
      update broadsheet.report r set charged = c.charged, losses = c.losses,
        status = case when status = 'CANCELING' then 'CANCELED' when c.charged < ${CHARGED_ATTEMPTS} then 'QUEUED' else 'FAILED' end,
        stage = case when status = 'RUNNING' and c.charged < ${CHARGED_ATTEMPTS} then 'QUEUED' else 'DONE' end,
        failure = case when status = 'RUNNING' and c.charged >= ${CHARGED_ATTEMPTS} then ?::jsonb end,
        finished_at = case when status = 'RUNNING' and c.charged < ${CHARGED_ATTEMPTS} then null else clock_timestamp() end,
        percent = null, eta_seconds = null, worker_id = null, lease_expires_at = null, available_at = clock_timestamp(),
        epoch = epoch + 1, sequence = (epoch + 1) * ${EPOCH_SIZE}, progress_at = clock_timestamp()
      from counted c where r.id = c.id returning ${PROGRESS_COLUMNS.split(', ')
        .map((name) => `r.${name}`)
        .join(', ')}`,
    [JSON.stringify(LOST), JSON.stringify(LOST)],
  )
  return rows.map(progressOf)
}

/** FAILED(TYPE_REMOVED) for what waits for a type that no live worker has had for 10 minutes, while workers are alive. */
export async function failRemovedTypes(database: Database): Promise<ProgressEvent[]> {
  const rows = await database.statement<ProgressRow>(
    `with orphan as (
        select id from broadsheet.report r where status = 'QUEUED' and greatest(created_at, available_at) < clock_timestamp() - ${TYPE_GONE}
          and not exists (select from broadsheet.worker w where w.last_seen_at > clock_timestamp() - ${TYPE_GONE} and r.type_name = any(w.types))
          and exists (select from broadsheet.worker w where w.last_seen_at > clock_timestamp() - ${WORKER_DEAD}
            and w.started_at < clock_timestamp() - ${TYPE_GONE})
        limit ${STEP} for update skip locked
      )
      update broadsheet.report set status = 'FAILED', stage = 'DONE', failure = ?::jsonb, finished_at = clock_timestamp(),
        epoch = epoch + 1, sequence = (epoch + 1) * ${EPOCH_SIZE}, progress_at = clock_timestamp()
      where id in (select id from orphan) returning ${PROGRESS_COLUMNS}`,
    [JSON.stringify(REMOVED)],
  )
  return rows.map(progressOf)
}

/**
 * EXPIRED where a document's time is over. The row stays; the caller removes the bytes under the keys it is given, after
 * this commit: a crash between leaves bytes that nobody can download, which the sweep of old files removes.
 */
export async function expireDocuments(database: Database): Promise<{ event: ProgressEvent; key: string }[]> {
  const rows = await database.statement<ProgressRow & { key: string }>(
    `with ended as (
        select id, document->>'key' as key from broadsheet.report where status = 'SUCCEEDED' and expires_at <= clock_timestamp()
        order by expires_at limit ${STEP} for update skip locked
      )
      update broadsheet.report r set status = 'EXPIRED', document = null, preview = null,
        epoch = epoch + 1, sequence = (epoch + 1) * ${EPOCH_SIZE}, progress_at = clock_timestamp()
      from ended where r.id = ended.id returning ${PROGRESS_COLUMNS.split(', ')
        .map((name) => `r.${name}`)
        .join(', ')}, ended.key`,
  )
  return rows.map((row) => ({ event: progressOf(row), key: row.key }))
}

/** Which of these document keys a report still names (SUCCEEDED) or may still write (RUNNING, this attempt). */
export async function keysInUse(
  database: Database,
  keys: readonly { key: string; reportId: string; attempt: number }[],
): Promise<Set<string>> {
  const rows = await database.statement<{ key: string }>(
    `select k.key from jsonb_to_recordset(?::jsonb) as k (key text, "reportId" uuid, attempt int)
       join broadsheet.report r on r.id = k."reportId"
       where r.document->>'key' = k.key or (r.status in ('RUNNING', 'CANCELING') and r.attempt = k.attempt)`,
    [JSON.stringify(keys)],
  )
  return new Set(rows.map((row) => row.key))
}
