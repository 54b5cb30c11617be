import type { Client } from 'pg'
import { DeliveryFailed, type Handover } from './channel.ts'
import { quoted } from './warehouse-table.ts'
import type { WarehouseTarget } from './warehouse-check.ts'

/**
 * The table that makes a second try harmless: one row for each delivery, in the schema and in the transaction of what was
 * loaded. A try that finds its row there has nothing left to do; two at once wait for one another on its key.
 */
export const LEDGER = 'broadsheet_delivery'

/** Somebody else made it in the same moment: the table's name, or that of its type, is taken. */
const TAKEN = new Set(['42P07', '23505', '42710'])

export function ledgerOf(target: WarehouseTarget): string {
  return `${quoted(target.schema)}.${quoted(LEDGER)}`
}

/**
 * Makes the ledger where there is none, outside of any transaction: what the load's own would make, its failure would take
 * back. `columns` is its SQL in the server's own tongue.
 */
export async function makeLedger(client: Client, target: WarehouseTarget, columns: string): Promise<void> {
  const { rows } = await client.query(
    `select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2`,
    [target.schema, LEDGER],
  )
  if (rows.length > 0) return
  try {
    await client.query(`create table ${ledgerOf(target)} (${columns})`)
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === '42501')
      throw new DeliveryFailed(
        `The warehouse has no table "${target.schema}.${LEDGER}", and the service may not make it: the operator has to.`,
        { retryable: false, cause: error },
      )
    if (!TAKEN.has(String(code))) throw error
  }
}

export const POSTGRES_LEDGER = `
  delivery_id text primary key, report_id text not null, table_name text not null, row_count bigint not null,
  loaded_at timestamptz not null default now()`

/** Within the load's transaction. False: this delivery was loaded before. Waits for another try of it that is under way. */
export async function noteDelivery(client: Client, target: WarehouseTarget, handover: Handover): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into ${ledgerOf(target)} (delivery_id, report_id, table_name, row_count) values ($1, $2, $3, $4) on conflict do nothing`,
    ledgerRow(target, handover),
  )
  return rowCount === 1
}

export function ledgerRow(target: WarehouseTarget, { deliveryId, outcome }: Handover): unknown[] {
  return [deliveryId, outcome.reportId, target.table, outcome.document?.rowCount ?? 0]
}
