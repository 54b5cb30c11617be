import { LEASE_SECONDS } from '../claim/claim.ts'
import type { EntityManager } from '../db/orm.ts'
import type { ReportPriority } from '../report/status.ts'

/** Rows of workers are kept for a day after their last word; more of them than this are not shown. */
const MOST_WORKERS = 500

export interface Worker {
  readonly id: string
  readonly host: string
  readonly startedAt: Date
  readonly lastSeenAt: Date
  /** Not seen for as long as a lease holds, by the database's clock. */
  readonly lost: boolean
  readonly concurrency: number
}

/** How one priority stands over all tenants. */
export interface Queue {
  readonly priority: ReportPriority
  /** May be claimed now. */
  readonly waiting: number
  /** RUNNING or CANCELING. */
  readonly active: number
  /** Waits out the pause before another attempt. */
  readonly delayed: number
  /** Since the longest-waiting one could be claimed, in seconds; null where none waits. */
  readonly oldestWaitingSeconds: number | null
}

/** What has ended within one minute over all tenants, of what is still there. */
export interface Minute {
  readonly at: Date
  readonly succeeded: number
  readonly failed: number
  readonly canceled: number
  /** Of the documents of those that succeeded. */
  readonly rows: number
}

/** Reports that nobody works on though somebody should, by why. Always 0 in a sound installation. */
export interface Stuck {
  readonly held: number
  readonly waiting: number
}

/** Seen last first. */
export async function readWorkers(em: EntityManager): Promise<Worker[]> {
  const rows = await em.execute<
    {
      id: string
      host: string
      started_at: string | Date
      last_seen_at: string | Date
      lost: boolean
      concurrency: number
    }[]
  >(
    `select id, host, started_at, last_seen_at, concurrency, last_seen_at < clock_timestamp() - make_interval(secs => ${LEASE_SECONDS}) as lost
     from broadsheet.worker order by last_seen_at desc, id limit ${MOST_WORKERS}`,
  )
  return rows.map(({ id, host, concurrency, lost, started_at, last_seen_at }) => ({
    id,
    host,
    concurrency,
    lost,
    startedAt: new Date(started_at),
    lastSeenAt: new Date(last_seen_at),
  }))
}

/** One for each priority, the most urgent first. */
export function readQueues(em: EntityManager): Promise<Queue[]> {
  return em.execute<Queue[]>(
    `select priority, waiting, active, delayed, oldest_waiting_seconds as "oldestWaitingSeconds" from broadsheet.queue_figures()`,
  )
}

/** A tenant that runs `tenantMaxRunning` (null: no limit) only waits. */
export async function readStuck(em: EntityManager, tenantMaxRunning: number | null): Promise<Stuck> {
  const [stuck] = await em.execute<Stuck[]>(`select held, waiting from broadsheet.stuck_reports(?::int)`, [
    tenantMaxRunning,
  ])
  return stuck!
}

/** The last sixty, oldest first; the last one is not over. */
export async function readMinutes(em: EntityManager): Promise<Minute[]> {
  const rows = await em.execute<
    { at: string | Date; succeeded: number; failed: number; canceled: number; rows_written: string | number }[]
  >(`select at, succeeded, failed, canceled, rows_written from broadsheet.ended_by_minute()`)
  return rows.map(({ at, rows_written, ...counts }) => ({ ...counts, at: new Date(at), rows: Number(rows_written) }))
}

/** Another text whenever a worker has taken or ended a report, of whatever tenant. */
export async function readHeldMark(em: EntityManager): Promise<string> {
  const [row] = await em.execute<{ mark: string }[]>(`select broadsheet.held_mark() as mark`)
  return row!.mark
}
