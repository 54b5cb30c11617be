import { fork, type ChildProcess } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import pg from 'pg'
import type { Handover, OutcomeDocument } from '../../src/channels/channel.ts'
import { createWarehouse } from '../../src/channels/warehouse.ts'
import type { WarehouseTarget } from '../../src/channels/warehouse-check.ts'
import type { WarehouseReach } from '../../src/config-reach.ts'
import { compressionNamed, type CompressionName } from '../../src/document/compression.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { createLog } from '../../src/log.ts'
import * as outcome from './outcome.ts'
import { bytesOf } from './rows.ts'

export const log = createLog({ level: 'silent', process: 'test' })

/** What docs/deliveries.md has an operator grant (a test compares). */
export const GRANTS = `
create role loader login password 'password';
grant usage, create on schema loads to loader;
grant insert, delete on all tables in schema loads to loader;`

/** The same for an operator who gives no right to create; the schema is "tight" here. */
export const TIGHT = `
create table tight.broadsheet_delivery (
  delivery_id text primary key, report_id text not null, table_name text not null, row_count bigint not null,
  loaded_at timestamptz not null default now());
grant insert on tight.broadsheet_delivery to loader;`

/** A Postgres of its own, another cluster in another zone than the suite's, and the channel as a role that may only load. */
export async function createWarehouseScene() {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-warehouse-'))
  await chmod(directory, 0o755)
  const server = await startPostgres({ dataDirectory: directory, durable: false, timeZone: 'America/New_York' })
  const owner = new pg.Client(server.url('broadsheet'))
  await owner.connect()
  await owner.query('create schema loads')
  for (const statement of GRANTS.split(';\n')) await owner.query(statement)
  // The owner is no superuser: what the loader makes, and runs, it sees as a member of it.
  await owner.query('grant loader to current_user')
  await owner.query('alter default privileges in schema loads grant insert, delete on tables to loader')
  const url = server.url('broadsheet', 'loader', 'password')
  const reach: WarehouseReach = { url, tables: ['loads.*'], modes: ['APPEND', 'REPLACE'], roles: ['ADMIN', 'MEMBER'] }
  const channel = createWarehouse({ warehouses: { main: reach }, log })
  const children: ChildProcess[] = []

  const sql = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
    (await owner.query(text, values)).rows as T[]
  return {
    url,
    reach,
    channel,
    sql,
    owner,
    server,
    count: async (table: string) => (await sql<{ n: number }>(`select count(*)::int as n from loads.${table}`))[0]!.n,
    /** Sessions of the loader, as they stand. */
    sessions: () =>
      sql<{ name: string; state: string; wait: string | null; query: string }>(
        `select application_name as name, state, wait_event as wait, query from pg_stat_activity where usename = 'loader'`,
      ),
    load: (table: string, document: OutcomeDocument, more: Partial<WarehouseTarget & Handover> = {}) =>
      channel.deliver(targetOf(table, more.mode), handoverOf(document, more)),
    /** A process of its own that delivers (test/support/warehouse-child.ts); told() resolves with its next message. */
    child(instructions: object) {
      const child = fork(new URL('./warehouse-child.ts', import.meta.url), [JSON.stringify({ url, ...instructions })])
      children.push(child)
      return {
        told: async () => ((await once(child, 'message')) as [Record<string, unknown>])[0],
        signal: (signal: NodeJS.Signals) => child.kill(signal),
        async kill() {
          const ended = once(child, 'exit')
          child.kill('SIGKILL')
          await ended
        },
      }
    },
    async drop() {
      for (const child of children) child.kill('SIGKILL')
      await channel.close()
      await owner.end()
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
export type WarehouseScene = Awaited<ReturnType<typeof createWarehouseScene>>

export function targetOf(table: string, mode: WarehouseTarget['mode'] = 'APPEND'): WarehouseTarget {
  return { warehouse: 'main', schema: 'loads', table, mode }
}

export function handoverOf(document: OutcomeDocument | null, more: Partial<Handover> = {}): Handover {
  const { deliveryId = randomUUID(), signal = new AbortController().signal } = more
  return outcome.handoverOf({ document, timeZone: 'Europe/Berlin' }, { deliveryId, signal })
}

/** A document of these bytes, before compression. */
export async function documentOf(
  columns: readonly string[],
  text: string | Buffer,
  more: Partial<OutcomeDocument> & { rowCount: number; compression?: CompressionName },
): Promise<OutcomeDocument> {
  const plain = Readable.from([Buffer.from(text)])
  const transform = compressionNamed(more.compression ?? 'NONE').transform()
  const bytes = await bytesOf(transform ? plain.pipe(transform) : plain)
  return outcome.documentOf(bytes, {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    columns: columns.map((name) => ({ name, type: 'String' })),
    open: async () => Readable.from(pieces(bytes)),
    ...more,
  })
}

/** Chunks that break rows and characters anywhere. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += 997) yield bytes.subarray(start, start + 997)
}
