import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { compressionNamed } from '../document/compression.ts'
import { NotFound } from '../errors.ts'
import { DeliveryFailed, type Handover, type OutcomeDocument } from './channel.ts'
import type { WarehouseTarget } from './warehouse-check.ts'
import { makeLedger, noteDelivery, POSTGRES_LEDGER } from './warehouse-ledger.ts'
import { matchColumns, quoted, type TableColumn } from './warehouse-table.ts'

/** One delivery's load of one table: what both kinds of warehouse are asked for. */
export interface Load {
  readonly client: Client
  readonly target: WarehouseTarget
  readonly handover: Handover
  readonly document: OutcomeDocument
}

/** How long one statement may take, wait for a lock, and a transaction be left alone, in milliseconds. */
const LIMITS = { statement_timeout: 3_600_000, lock_timeout: 30_000, idle_in_transaction_session_timeout: 60_000 }

/** The session's name at the warehouse, by which a later try finds what an earlier one has left there. */
export function sessionName(deliveryId: string): string {
  return `broadsheet ${deliveryId}`
}

export function tableOf({ schema, table }: WarehouseTarget): string {
  return `${quoted(schema)}.${quoted(table)}`
}

/**
 * Loads the document into a table of Postgres, all of it or nothing, once for each delivery id however often it is called.
 * Rejects with pg's errors and DeliveryFailed; the transaction then ends with the connection, which the caller closes.
 */
export async function loadPostgres(load: Load): Promise<void> {
  const { client, target, handover } = load
  await endOlderTry(client, handover.deliveryId)
  await makeLedger(client, target, POSTGRES_LEDGER)
  await client.query('begin')
  await setSession(client, handover.outcome.timeZone)
  if (!(await noteDelivery(client, target, handover))) return
  const columns = matchColumns(load.document.columns, await tableColumns(client, target))
  if (target.mode === 'REPLACE') await empty(client, target)
  expectRows(await copy(load, columns), load.document)
  await client.query('commit')
}

/** Throws unless the warehouse took as many rows as the report has. */
export function expectRows(loaded: number, { rowCount }: OutcomeDocument): void {
  if (loaded === rowCount) return
  throw new DeliveryFailed(
    `The warehouse took ${loaded} rows of ${rowCount}: a trigger or rule of the table leaves rows out. Nothing was loaded.`,
    { retryable: false },
  )
}

/**
 * A worker that froze in the middle holds its rows and its delivery's key for as long as it is frozen. Whoever tries now
 * holds the lease, so whatever else bears this delivery's name is of one that lost it.
 */
async function endOlderTry(client: Client, deliveryId: string): Promise<void> {
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = $1 and usename = current_user and datname = current_database() and pid <> pg_backend_pid()`,
    [sessionName(deliveryId)],
  )
}

/** Times without a zone mean the report's zone, as in the report itself. */
async function setSession(client: Client, timeZone: string): Promise<void> {
  const settings = { ...LIMITS, TimeZone: timeZone, DateStyle: 'ISO, MDY', IntervalStyle: 'postgres' }
  await client.query(
    `select set_config(name, value, true) from unnest($1::text[], $2::text[]) as setting (name, value)`,
    [Object.keys(settings), Object.values(settings).map(String)],
  )
}

async function tableColumns(client: Client, target: WarehouseTarget): Promise<TableColumn[]> {
  // What a trigger may fill in, COPY itself finds missing or not.
  const { rows } = await client.query<TableColumn>(
    `select a.attname as name, a.attgenerated <> '' as generated,
       a.attnotnull and not a.atthasdef and a.attidentity = ''
         and not exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as needed
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p') order by a.attnum`,
    [target.schema, target.table],
  )
  return rows
}

/**
 * DELETE and not TRUNCATE: who reads goes on seeing the old rows until the commit, and is not kept waiting. The lock keeps
 * out other writers alone: of two REPLACE at once, the second would else not see what the first has put in.
 */
async function empty(client: Client, target: WarehouseTarget): Promise<void> {
  await client.query(`lock table ${tableOf(target)} in share row exclusive mode`)
  await client.query(`delete from ${tableOf(target)}`)
}

/** Resolves to the rows that went in. Holds a few chunks at most; the warehouse's pace is the store's. */
async function copy({ client, target, handover, document }: Load, columns: string): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  )
  const header = rows[0]!.version >= 150_000 ? 'match' : 'true'
  const bytes = await opened(document)
  // The first fault counts. It is not waited for what is upstream of it: a store that hangs would hold the load for ever.
  const failed = Promise.withResolvers<never>()
  const { signal } = handover
  signal.addEventListener('abort', () => failed.reject(signal.reason), { once: true })
  try {
    const into = client.query(
      copyFrom(`copy ${tableOf(target)} (${columns}) from stdin (format csv, header ${header}, encoding 'UTF8')`),
    )
    into.once('error', failed.reject)
    const written = verified(bytes, document, failed.reject)
    const expand = compressionNamed(document.compression).expand()
    expand?.once('error', (error) => failed.reject(misread(error)))
    const loading = expand ? pipeline(written, expand, into, { signal }) : pipeline(written, into, { signal })
    await Promise.race([loading, failed.promise])
    return into.rowCount
  } finally {
    bytes.destroy()
  }
}

async function opened(document: OutcomeDocument): Promise<Readable> {
  try {
    return await document.open()
  } catch (error) {
    if (!(error instanceof NotFound)) throw error
    throw new DeliveryFailed('The document is gone.', { retryable: false, cause: error })
  }
}

/** The document's bytes; throws before the end when they are not those that were written: a cut line could still be a row. */
async function* verified(
  bytes: Readable,
  document: OutcomeDocument,
  failed: (error: DeliveryFailed) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      hash.update(chunk)
      yield chunk
    }
    if (hash.digest('hex') !== document.sha256) throw misread()
  } catch (error) {
    const fault =
      error instanceof DeliveryFailed
        ? error
        : new DeliveryFailed('The document could not be read.', { retryable: true, cause: error })
    failed(fault)
    throw fault
  }
}

function misread(cause?: unknown): DeliveryFailed {
  return new DeliveryFailed('The document was not read as it was written.', { retryable: true, cause })
}
