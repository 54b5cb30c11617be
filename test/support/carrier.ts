import { createHash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { finished } from 'node:stream/promises'
import { pino } from 'pino'
import type { ObjectStoreAccess } from '../../src/config-aws.ts'
import type { Database } from '../../src/db/orm.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { createPublisher, type Publisher } from '../../src/progress/publisher.ts'
import type { ProgressEvent } from '../../src/progress/event.ts'
import { claimReport, type Claimed } from '../../src/claim/claim.ts'
import { createHolding } from '../../src/claim/holding.ts'
import type { DocumentFacts } from '../../src/report/report.entity.ts'
import { openStore } from '../../src/stores/index.ts'
import type { Store } from '../../src/stores/store.ts'
import type { TestDatabase } from './database.ts'
import { until } from './until.ts'

export interface Finish {
  bytes?: string
  rows?: number
  preview?: any[][]
  /** False: the worker dies between commit and publish. */
  publish?: boolean
  retentionSeconds?: number
  fileName?: string
}

/** A worker without a process: moves rows through the guarded statements of the report room, and puts bytes into the store. */
export function createCarrier({
  database,
  storeUrl,
  objectStore = null,
  redisUrl,
}: {
  database: TestDatabase
  storeUrl: string
  objectStore?: ObjectStoreAccess | null
  redisUrl: string
}) {
  const workerId = crypto.randomUUID()
  let opened:
    | Promise<{ worker: Database; store: Store; publisher: Publisher; holding: ReturnType<typeof createHolding> }>
    | undefined
  const signal = new AbortController().signal
  setMaxListeners(0, signal)

  async function open() {
    const worker = await database.open(WORKER_ROLE)
    const publisher = createPublisher({ redisUrl, log: pino({ level: 'silent' }) })
    await until(
      () =>
        publisher.ping().then(
          () => true,
          () => false,
        ),
      { what: 'the publisher is connected' },
    )
    return {
      worker,
      store: await openStore(storeUrl, objectStore),
      publisher,
      holding: createHolding({ database: worker, workerId }),
    }
  }
  const parts = () => (opened ??= open())

  const carrier = {
    parts,

    /** RUNNING: claims this report, whatever else waits. `id` is the row's. */
    async claim(id: string, { publish = true } = {}): Promise<Claimed> {
      const { worker, publisher } = await parts()
      await database.sql(
        `update broadsheet.report set available_at = case when id = $1 then now() else 'infinity' end where status = 'QUEUED'`,
        [id],
      )
      const [row] = await database.sql<{ type_name: string }>(`select type_name from broadsheet.report where id = $1`, [
        id,
      ])
      const claimed = await claimReport(worker, { workerId, types: [row!.type_name], tenantMaxRunning: null })
      if (claimed?.id !== id) throw new Error('another report was claimed')
      if (publish) publisher.publish({ kind: 'CHANGED', event: await carrier.event(id) })
      return claimed
    },

    /** Where the row stands. */
    async event(id: string): Promise<ProgressEvent> {
      const { worker } = await parts()
      const { progressOf, PROGRESS_COLUMNS } = await import('../../src/report/progress-row.ts')
      const [row] = await worker.transaction((em) =>
        em.execute<Parameters<typeof progressOf>[0][]>(
          `select ${PROGRESS_COLUMNS} from broadsheet.report where id = ?`,
          [id],
        ),
      )
      return progressOf(row!)
    },

    /** Tells the row and the watchers that so many rows are written. */
    async progress(claimed: Claimed, rowsWritten: number, { publish = true } = {}): Promise<void> {
      const { holding, publisher } = await parts()
      const before = await carrier.event(claimed.id)
      const standing = {
        sequence: before.sequence + 1,
        stage: 'WRITING' as const,
        percent: rowsWritten,
        rowsWritten,
        rowsTotal: 100,
        bytesWritten: rowsWritten * 10,
        message: null,
        etaSeconds: 1,
      }
      await holding.tell(new Map([[claimed.id, { attempt: claimed.attempt, standing }]]), true)
      if (publish) publisher.publish({ kind: 'PROGRESSED', event: await carrier.event(claimed.id) })
    },

    /** Puts the bytes into the store and commits SUCCEEDED. */
    async succeed(
      claimed: Claimed,
      {
        bytes = 'id,name\n1,one\n',
        rows = 1,
        preview = [[1, 'one']],
        publish = true,
        retentionSeconds = 3_600,
        fileName = 'sales.csv',
      }: Finish = {},
    ): Promise<DocumentFacts> {
      const { holding, publisher, store } = await parts()
      const key = `${claimed.tenantId}/${claimed.id}/${claimed.attempt}`
      const pending = await store.write(key, signal)
      pending.stream.end(bytes)
      await finished(pending.stream)
      await pending.promote()
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const columns = [
        { name: 'id', type: 'Int' as const },
        { name: 'name', type: 'String' as const },
      ]
      const facts = {
        key,
        fileName,
        contentType: 'text/csv; charset=utf-8',
        rowCount: rows,
        byteSize: Buffer.byteLength(bytes),
        sha256,
        columns,
        summary: { lines: rows },
      }
      const event = await holding.succeed(claimed, facts, preview, retentionSeconds)
      if (!event) throw new Error('the claim no longer holds')
      if (publish) publisher.publish({ kind: 'CHANGED', event })
      return facts
    },

    /** QUEUED to SUCCEEDED in one go. */
    async finish(id: string, how: Finish = {}): Promise<DocumentFacts> {
      return carrier.succeed(await carrier.claim(id), how)
    },

    async fail(claimed: Claimed, message = 'The source said no.'): Promise<void> {
      const { holding, publisher } = await parts()
      const event = await holding.fail(claimed, { code: 'SOURCE_QUERY_FAILED', message, retryable: false })
      if (event) publisher.publish({ kind: 'CHANGED', event })
    },

    async close(): Promise<void> {
      if (!opened) return
      const { publisher, store } = await opened
      await publisher.close()
      await store.close()
    },
  }
  return carrier
}
