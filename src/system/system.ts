import packageJson from '../../package.json' with { type: 'json' }
import type { Database, Reading } from '../db/orm.ts'
import { requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import {
  readHeldMark,
  readMinutes,
  readQueues,
  readStuck,
  readWorkers,
  type Minute,
  type Queue,
  type Stuck,
  type Worker,
} from './reads.ts'

export type { Minute, Queue, Worker } from './reads.ts'

/** What is counted over all tenants and processes, for /metrics. */
export interface Figures {
  readonly queues: readonly Queue[]
  /** Seen within the last 30 s, and the reports that they carry out at most. */
  readonly workers: number
  readonly slots: number
  readonly stuck: Stuck
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

/** How the service is doing, over all tenants: read when it is asked for, or as it was read last. */
export interface SystemView {
  readonly version: string
  /** Seen last first; one that died stays for a day. */
  workers(viewer: Viewer, reading: Reading): Promise<Worker[]>
  /** One for each priority, the most urgent first. */
  queues(viewer: Viewer, reading: Reading): Promise<Queue[]>
  /** Reports that nobody works on though somebody should. */
  stuck(viewer: Viewer, reading: Reading): Promise<number>
  /** The last sixty minutes, oldest first. */
  lastHour(viewer: Viewer, reading: Reading): Promise<Minute[]>
}

/** How the service is doing. What shows other tenants' numbers needs the scope system:read; Forbidden is thrown without it. */
export function createSystem({ database, tenantMaxRunning }: { database: Database; tenantMaxRunning: number | null }) {
  const view: SystemView = {
    version: packageJson.version,
    workers(viewer, reading) {
      requireScope(viewer, 'system:read')
      return reading.read(readWorkers)
    },
    queues(viewer, reading) {
      requireScope(viewer, 'system:read')
      return reading.read(readQueues)
    },
    async stuck(viewer, reading) {
      requireScope(viewer, 'system:read')
      const { held, waiting } = await reading.read((em) => readStuck(em, tenantMaxRunning))
      return held + waiting
    },
    lastHour(viewer, reading) {
      requireScope(viewer, 'system:read')
      return reading.read(readMinutes)
    },
  }
  return {
    ...view,

    /** Throws Forbidden unless the viewer's credential may look. */
    require(viewer: Viewer): void {
      requireScope(viewer, 'system:read')
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

    /** All that SystemView tells, and a mark that moves with what workers hold. Rejects with Unavailable. */
    snapshot() {
      return database.transaction(async (em) => ({
        version: view.version,
        workers: await readWorkers(em),
        queues: await readQueues(em),
        stuck: await readStuck(em, tenantMaxRunning),
        lastHour: await readMinutes(em),
        held: await readHeldMark(em),
      }))
    },

    /** All figures as they are now, in one transaction. Rejects with Unavailable when Postgres is away. */
    figures(): Promise<Figures> {
      return database.transaction(async (em) => {
        const queues = await readQueues(em)
        const stuck = await readStuck(em, tenantMaxRunning)
        const [alive] = await em.execute<{ workers: number; slots: number }[]>(
          `select count(*)::int as workers, coalesce(sum(concurrency), 0)::int as slots from broadsheet.worker where last_seen_at > clock_timestamp() - interval '30 seconds'`,
        )
        const tally = await em.execute<Figures['tally'][number][]>(
          `select family, label, value from broadsheet.tally order by family, label`,
        )
        const deliveries = await em.execute<Figures['deliveries'][number][]>(
          `select channel, pending, late_seconds as "lateSeconds" from broadsheet.delivery_figures()`,
        )
        return { queues, tally, deliveries, stuck, ...alive! }
      })
    },
  }
}

export type System = ReturnType<typeof createSystem>
export type Snapshot = Awaited<ReturnType<System['snapshot']>>
