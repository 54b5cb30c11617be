import packageJson from '../../package.json' with { type: 'json' }
import type { Database, Reading } from '../db/orm.ts'
import { requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { ReportPriority } from '../report/status.ts'

/** Rows of workers are kept for a day after their last word; more of them than this are not shown. */
const MOST_WORKERS = 500

export interface Worker {
  readonly id: string
  readonly host: string
  readonly startedAt: Date
  readonly lastSeenAt: Date
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

/** What is counted over all tenants and processes, for /metrics. */
export interface Figures {
  readonly queues: readonly Queue[]
  /** Seen within the last 30 s, and the reports that they carry out at most. */
  readonly workers: number
  readonly slots: number
  /** Reports that nobody works on though somebody should, by why. Always 0 in a sound installation. */
  readonly stuck: { readonly held: number; readonly waiting: number }
  /** PENDING deliveries of each channel that has any. */
  readonly deliveries: readonly {
    readonly channel: string
    readonly pending: number
    /** Since the first of them is due and nobody has taken it, in seconds; null: none is due. */
    readonly lateSeconds: number | null
  }[]
  /** Totals since the installation, by family and label (tally.ts). */
  readonly tally: readonly { readonly family: string; readonly label: string; readonly value: number }[]
}

const QUEUES = `select priority, waiting, active, delayed, oldest_waiting_seconds as "oldestWaitingSeconds" from broadsheet.queue_figures()`

/** How the service is doing. What shows other tenants' numbers needs the scope system:read; Forbidden is thrown without it. */
export function createSystem({ database, tenantMaxRunning }: { database: Database; tenantMaxRunning: number | null }) {
  return {
    version: packageJson.version,

    /** Throws Forbidden unless the viewer's credential may look. */
    require(viewer: Viewer): void {
      requireScope(viewer, 'system:read')
    },

    /** Seen last first; a live one was seen within the last 30 s, one that died stays for a day. */
    async workers(viewer: Viewer, reading: Reading): Promise<Worker[]> {
      requireScope(viewer, 'system:read')
      const rows = await reading.read((em) =>
        em.execute<
          { id: string; host: string; started_at: string | Date; last_seen_at: string | Date; concurrency: number }[]
        >(
          `select id, host, started_at, last_seen_at, concurrency from broadsheet.worker order by last_seen_at desc, id limit ${MOST_WORKERS}`,
        ),
      )
      return rows.map((row) => ({
        id: row.id,
        host: row.host,
        concurrency: row.concurrency,
        startedAt: new Date(row.started_at),
        lastSeenAt: new Date(row.last_seen_at),
      }))
    },

    /** Ids of the reports of the viewer's tenant that each of these workers holds. */
    async running(viewer: Viewer, reading: Reading, workerIds: readonly string[]): Promise<string[][]> {
      requireScope(viewer, 'system:read')
      const rows = await reading.read((em) =>
        em.execute<{ id: string; worker_id: string }[]>(
          `select id, worker_id from broadsheet.report where status in ('RUNNING', 'CANCELING') and worker_id = any(?::uuid[]) order by started_at, id`,
          [`{${workerIds.join(',')}}`],
        ),
      )
      const byWorker = Map.groupBy(rows, (row) => row.worker_id)
      return workerIds.map((id) => (byWorker.get(id) ?? []).map((row) => row.id))
    },

    /** One for each priority, the most urgent first. */
    queues(viewer: Viewer, reading: Reading): Promise<Queue[]> {
      requireScope(viewer, 'system:read')
      return reading.read((em) => em.execute<Queue[]>(QUEUES))
    },

    /** All figures as they are now, in one transaction. Rejects with Unavailable when Postgres is away. */
    figures(): Promise<Figures> {
      return database.transaction(async (em) => {
        const queues = await em.execute<Queue[]>(QUEUES)
        const [stuck] = await em.execute<Figures['stuck'][]>(
          `select held, waiting from broadsheet.stuck_reports(?::int)`,
          [tenantMaxRunning],
        )
        const [alive] = await em.execute<{ workers: number; slots: number }[]>(
          `select count(*)::int as workers, coalesce(sum(concurrency), 0)::int as slots from broadsheet.worker where last_seen_at > clock_timestamp() - interval '30 seconds'`,
        )
        const tally = await em.execute<Figures['tally'][number][]>(
          `select family, label, value from broadsheet.tally order by family, label`,
        )
        const deliveries = await em.execute<Figures['deliveries'][number][]>(
          `select channel, pending, late_seconds as "lateSeconds" from broadsheet.delivery_figures()`,
        )
        return { queues, tally, deliveries, stuck: stuck!, ...alive! }
      })
    },
  }
}

export type System = ReturnType<typeof createSystem>
