import type { Database } from '../db/orm.ts'
import type { ProgressEvent } from '../progress/event.ts'
import { LEASE_SECONDS, mayTryAgain, type Claimed } from './claim.ts'
import type { DocumentFacts, Failure } from '../report/report.entity.ts'
import { progressOf, PROGRESS_COLUMNS, type ProgressRow } from '../report/progress-row.ts'
import { EPOCH_SIZE, type AttemptOutcome, type ReportStatus } from '../report/status.ts'
import type { Json } from '../report-type/define.ts'

/** First pause before a retry, and the longest, in seconds; the real one is drawn evenly between 0 and it (full jitter). */
const FIRST_PAUSE = 2
const LONGEST_PAUSE = 60

/** What a holder tells the row at most once a second. */
export type Standing = Pick<
  ProgressEvent,
  'sequence' | 'stage' | 'percent' | 'rowsWritten' | 'rowsTotal' | 'bytesWritten' | 'message' | 'etaSeconds'
>
/** What the row answers: the holder still holds, and perhaps somebody wants to cancel. */
export interface Held {
  status: ReportStatus
  epoch: number
}

/** How an attempt ends: what is set (with its values) where the report has the status `from`. */
interface Ending {
  outcome: AttemptOutcome
  failure?: Failure | null
  set: string
  values?: unknown[]
  from: 'RUNNING' | 'CANCELING'
}

/**
 * What the holder of a claim may write, each guarded by worker and attempt: where the guard fails, nothing is written and
 * the answer is null, because somebody else holds the report by now.
 */
export function createHolding({ database, workerId }: { database: Database; workerId: string }) {
  const holder = `worker_id = '${workerId}'::uuid and status in ('RUNNING', 'CANCELING')`

  /** Progress of all reports that this worker holds, and the lease where wanted, in one statement. */
  async function tell(
    standings: ReadonlyMap<string, { attempt: number; standing: Standing | null }>,
    renew: boolean,
  ): Promise<Map<string, Held>> {
    if (standings.size === 0) return new Map()
    const told = JSON.stringify(
      [...standings].map(([id, { attempt, standing }]) => ({ id, number: attempt, ...standing })),
    )
    const rows = await database.statement<{ id: string; status: ReportStatus; epoch: string }>(
      `update broadsheet.report r set
          lease_expires_at = case when ? then clock_timestamp() + interval '${LEASE_SECONDS} seconds' else r.lease_expires_at end,
          sequence = greatest(r.sequence, coalesce(t."sequence", 0)),
          stage = coalesce(t.stage, r.stage), percent = coalesce(t.percent, r.percent),
          rows_written = greatest(r.rows_written, coalesce(t."rowsWritten", 0)), rows_total = coalesce(t."rowsTotal", r.rows_total),
          bytes_written = greatest(r.bytes_written, coalesce(t."bytesWritten", 0)), message = coalesce(t.message, r.message),
          eta_seconds = case when t."sequence" is null then r.eta_seconds else t."etaSeconds" end,
          progress_at = case when t."sequence" is null then r.progress_at else clock_timestamp() end
        from jsonb_to_recordset(?::jsonb) as t (id uuid, number int, "sequence" bigint, stage text, percent double precision,
          "rowsWritten" bigint, "rowsTotal" bigint, "bytesWritten" bigint, message text, "etaSeconds" int)
        where r.id = t.id and r.attempt = t.number and r.lease_expires_at > clock_timestamp() and ${holder}
        returning r.id, r.status, r.epoch`,
      [renew, told],
    )
    return new Map(rows.map((row) => [row.id, { status: row.status, epoch: Number(row.epoch) }]))
  }

  /** Ends the attempt: one statement moves the report and notes the outcome, or does nothing at all. */
  async function end(
    claimed: Claimed,
    { outcome, failure = null, set, values = [], from }: Ending,
  ): Promise<ProgressEvent | null> {
    const [row] = await database.statement<ProgressRow>(
      `with ended as (
          update broadsheet.report set ${set}, worker_id = null, lease_expires_at = null, epoch = epoch + 1,
            sequence = (epoch + 1) * ${EPOCH_SIZE}, eta_seconds = null, progress_at = clock_timestamp()
          where id = ? and attempt = ? and lease_expires_at > clock_timestamp() and ${holder} and status = '${from}'
          returning ${PROGRESS_COLUMNS}
        ), noted as (
          update broadsheet.report_attempt set outcome = ?, failure = ?::jsonb, finished_at = clock_timestamp()
          where (report_id, number) = (select id, attempt from ended)
        ) select * from ended`,
      [...values, claimed.id, claimed.attempt, outcome, failure && JSON.stringify(failure)],
    )
    return row ? progressOf(row) : null
  }

  /** A commit whose answer was lost with the connection is asked about before it is taken to have failed. */
  async function alreadySucceeded(claimed: Claimed, key: string): Promise<ProgressEvent | null> {
    const [row] = await database.statement<ProgressRow>(
      `select ${PROGRESS_COLUMNS} from broadsheet.report where id = ? and attempt = ? and status = 'SUCCEEDED' and document->>'key' = ?`,
      [claimed.id, claimed.attempt, key],
    )
    return row ? progressOf(row) : null
  }

  return {
    tell,

    /**
     * Commits the document's facts. A report that somebody cancels meanwhile is not SUCCEEDED: null. May be asked again where
     * no answer came: what is committed already is answered as such.
     */
    async succeed(
      claimed: Claimed,
      document: DocumentFacts,
      preview: Json[][],
      retentionSeconds: number,
    ): Promise<ProgressEvent | null> {
      const set = `status = 'SUCCEEDED', stage = 'DONE', percent = 100, document = ?::jsonb, preview = ?::jsonb,
        rows_written = ?, rows_total = ?, bytes_written = ?, finished_at = clock_timestamp(),
        expires_at = clock_timestamp() + make_interval(secs => ?)`
      const { rowCount, byteSize } = document
      const values = [JSON.stringify(document), JSON.stringify(preview), rowCount, rowCount, byteSize, retentionSeconds]
      return (
        (await end(claimed, { outcome: 'SUCCEEDED', set, values, from: 'RUNNING' })) ??
        (await alreadySucceeded(claimed, document.key))
      )
    },

    /** QUEUED again after a pause, where that may help and attempts are left; else FAILED. `last` as for `canceled`. */
    fail(claimed: Claimed, failure: Failure, last: Standing | null = null): Promise<ProgressEvent | null> {
      const ending = { outcome: 'FAILED', failure, from: 'RUNNING' } as const
      if (failure.retryable && mayTryAgain(claimed.charged)) {
        const pause = Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** claimed.charged)
        const set = `status = 'QUEUED', stage = 'QUEUED', percent = null, available_at = clock_timestamp() + make_interval(secs => ?), ${COUNTS}`
        return end(claimed, { ...ending, set, values: [pause, ...countsOf(last)] })
      }
      const set = `status = 'FAILED', stage = 'DONE', failure = ?::jsonb, finished_at = clock_timestamp(), ${PERCENT}, ${COUNTS}`
      return end(claimed, { ...ending, set, values: [JSON.stringify(failure), ...percentOf(last), ...countsOf(last)] })
    },

    /** CANCELING has come to its end. `last` is what the holder has published last: the row may be a second behind it. */
    canceled(claimed: Claimed, last: Standing | null = null): Promise<ProgressEvent | null> {
      const set = `status = 'CANCELED', stage = 'DONE', finished_at = clock_timestamp(), ${PERCENT}, ${COUNTS}`
      return end(claimed, {
        outcome: 'CANCELED',
        set,
        values: [...percentOf(last), ...countsOf(last)],
        from: 'CANCELING',
      })
    },

    /** A draining worker gives the report back: not charged, claimable at once. `last` as for `canceled`. */
    handBack(claimed: Claimed, last: Standing | null = null): Promise<ProgressEvent | null> {
      const set = `status = 'QUEUED', stage = 'QUEUED', percent = null, charged = charged - 1, available_at = clock_timestamp(), ${COUNTS}`
      return end(claimed, { outcome: 'HANDED_BACK', set, values: countsOf(last), from: 'RUNNING' })
    },
  }
}

/** What a watcher was told last is never taken back by the row. */
const PERCENT = `percent = greatest(percent, ?::double precision)`
const percentOf = (last: Standing | null) => [last?.percent ?? null]
const COUNTS = `rows_written = greatest(rows_written, ?::bigint), bytes_written = greatest(bytes_written, ?::bigint),
  rows_total = coalesce(?::bigint, rows_total), message = coalesce(?, message)`
const countsOf = (last: Standing | null) => [
  last?.rowsWritten ?? null,
  last?.bytesWritten ?? null,
  last?.rowsTotal ?? null,
  last?.message ?? null,
]

export type Holding = ReturnType<typeof createHolding>
