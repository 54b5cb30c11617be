import { MikroORM, type EntityManager } from '@mikro-orm/postgresql'
import { ApiToken, Tenant, User } from '../identity/identity.entity.ts'
import { Delivery, DeliveryTarget } from '../delivery/delivery.entity.ts'
import { Report, ReportAttempt, ReportAudit } from '../report/report.entity.ts'
import { Schedule, ScheduleSlot } from '../schedule/schedule.entity.ts'
import { Upload } from '../upload/upload.entity.ts'
import { Unavailable } from '../errors.ts'
import type { Log } from '../log.ts'
import { HomingClient } from './client.ts'
import { createReading, type Reading } from './reading.ts'
import { isUnreachable } from './unreachable.ts'

export type { EntityManager } from '@mikro-orm/postgresql'
export type { Reading } from './reading.ts'

export const ENTITIES = [
  Tenant,
  User,
  ApiToken,
  Report,
  ReportAttempt,
  ReportAudit,
  Delivery,
  DeliveryTarget,
  Schedule,
  ScheduleSlot,
  Upload,
]

/** Longest wait for a free or a new connection, in milliseconds: then UNAVAILABLE. */
const CONNECT_WITHIN = 1_500
/** Longest statement of the service itself, in milliseconds; reports run on their own connections. */
const STATEMENT_WITHIN = 15_000

/** Raw SQL in the transaction of `em`. */
export const runIn =
  (em: EntityManager) =>
  (sql: string, values: readonly unknown[]): Promise<object[]> =>
    em.execute<object[]>(sql, [...values])

export interface Database {
  /** One transaction in which row-level security shows this tenant and nothing else. A new EntityManager each time. */
  inTenant<T>(tenantId: string, work: (em: EntityManager) => Promise<T>): Promise<T>
  /** One transaction over all tenants; under the API's role it sees no tenant's rows at all. */
  transaction<T>(work: (em: EntityManager) => Promise<T>): Promise<T>
  /** One statement over all tenants that commits by itself: it holds no lock where this process freezes. */
  statement<T>(sql: string, values?: readonly unknown[]): Promise<T[]>
  /** A tenant's transaction that stays open for several reads of one operation; end it with `end()`. */
  reading(tenantId: string): Reading
  /** Rejects with Unavailable when Postgres does not answer. */
  ping(): Promise<void>
  /** Ends the readings that are open, waits for the transactions that run, closes the pool. */
  close(): Promise<void>
}

/**
 * Opens a pool as `role` (one of roles.ts; the URL's user must be its member). Connects at first use.
 * Every rejection that means "Postgres is not there" is an Unavailable.
 */
export async function openDatabase(options: {
  url: string
  role: string
  maxConnections: number
  log: Log
}): Promise<Database> {
  const { log } = options
  const orm = await MikroORM.init({
    clientUrl: options.url,
    schema: 'broadsheet',
    entities: ENTITIES,
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    pool: { min: 0, max: options.maxConnections, idleTimeoutMillis: 30_000 },
    driverOptions: {
      Client: HomingClient,
      connectionTimeoutMillis: CONNECT_WITHIN,
      statement_timeout: STATEMENT_WITHIN,
      query_timeout: STATEMENT_WITHIN + 1_000,
      keepAlive: true,
      application_name: options.role,
      options: `-c role=${options.role} -c search_path=broadsheet -c timezone=UTC -c idle_in_transaction_session_timeout=30000`,
    },
    logger: (message) => log.debug(message),
  })

  // A pool that has ended would be opened again by whoever comes late, such as an event that was on its way to a stream.
  let closing = false
  const underWay = new Set<Promise<unknown>>()

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    if (closing) throw new Unavailable('The service is going down. Try again in a moment.')
    const running = work()
    underWay.add(running)
    try {
      return await running
    } catch (error) {
      if (isUnreachable(error)) throw new Unavailable('The database does not answer. Try again in a moment.', error)
      throw error
    } finally {
      underWay.delete(running)
    }
  }

  const session = (tenantId: string) => ({ sessionContext: { variables: { 'broadsheet.tenant_id': tenantId } } })

  const readings = new Set<Reading>()

  return {
    inTenant: (tenantId, work) =>
      guarded(() => orm.em.fork().transactional((em) => work(em as EntityManager), session(tenantId))),
    transaction: (work) => guarded(() => orm.em.fork().transactional((em) => work(em as EntityManager))),
    statement: (sql, values = []) => guarded(() => orm.em.fork().execute(sql, [...values])),
    reading(tenantId) {
      const open = async () => {
        const em = orm.em.fork() as EntityManager
        await guarded(() => em.begin({ readOnly: true, ...session(tenantId) }))
        return em
      }
      const reading = createReading(open, guarded, log)
      readings.add(reading)
      return { read: reading.read, end: () => reading.end().finally(() => readings.delete(reading)) }
    },
    async ping() {
      await guarded(() => orm.em.fork().execute('select 1'))
    },
    async close() {
      closing = true
      // The pool waits for each connection to come home; a reading that nobody ended would keep it waiting.
      await Promise.all([...readings].map((reading) => reading.end()))
      // One that is just being lent when the pool ends would never come home. Each statement has its time limit.
      await Promise.allSettled(underWay)
      await orm.close(true)
    },
  }
}
