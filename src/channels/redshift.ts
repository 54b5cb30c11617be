import type { Client } from 'pg'
import { DeliveryFailed } from './channel.ts'
import type { WarehouseTarget } from './warehouse-check.ts'
import { ledgerOf, ledgerRow, makeLedger } from './warehouse-ledger.ts'
import { expectRows, tableOf, type Load } from './warehouse-load.ts'
import { matchColumns, type TableColumn } from './warehouse-table.ts'

/**
 * Amazon Redshift speaks Postgres' protocol and has no COPY FROM STDIN: it fetches the document from the store's bucket
 * itself. It keeps no primary keys either, knows no ON CONFLICT, and its TRUNCATE commits.
 */

/** What a redshift:// URL says beyond Postgres: `?iam_role=arn:...&region=eu-central-1`. */
const OURS = ['iam_role', 'region']

/** Longest a statement may take, in milliseconds. */
const STATEMENT_WITHIN = 3_600_000

const LEDGER_COLUMNS = `
  delivery_id varchar(64) not null primary key, report_id varchar(64) not null, table_name varchar(127) not null,
  row_count bigint not null, loaded_at timestamp not null default sysdate`

export function isRedshift(url: string): boolean {
  return url.startsWith('redshift:')
}

/** The URL as pg takes it. */
export function withoutRedshift(url: string): string {
  const plain = new URL(url.replace(/^redshift:/, 'postgres:'))
  for (const name of OURS) plain.searchParams.delete(name)
  return plain.href
}

/**
 * The statement that has Redshift fetch the document. `null as ''` and not its usual \N: our documents write null as nothing,
 * and \N may be somebody's text.
 * @param columns As matchColumns gives them.
 */
export function copyStatement(load: Pick<Load, 'target' | 'document'>, columns: string, url: string): string {
  const { document, target } = load
  if (!document.objectUrl?.startsWith('s3://'))
    throw new DeliveryFailed('Amazon Redshift loads from an S3 store, and the document lies in none.', {
      retryable: false,
    })
  const { searchParams } = new URL(url)
  const role = searchParams.get('iam_role') ?? 'default'
  const region = searchParams.get('region')
  return [
    `copy ${tableOf(target)} (${columns})`,
    `from ${literal(document.objectUrl)}`,
    `iam_role ${role === 'default' ? 'default' : literal(role)}`,
    ...(region === null ? [] : [`region ${literal(region)}`]),
    `format as csv ignoreheader 1 null as '' dateformat 'auto' timeformat 'auto' encoding utf8 maxerror 0`,
    ...(document.compression === 'NONE' ? [] : [document.compression.toLowerCase()]),
  ].join('\n')
}

/** As loadPostgres. Tested by its text alone, and against a server that refuses it: there is no Redshift to run here. */
export async function loadRedshift(load: Load, url: string): Promise<void> {
  const { client, target, handover, document } = load
  // What can't be said is found before anything is asked.
  copyStatement(load, '', url)
  await client.query(`set statement_timeout to ${STATEMENT_WITHIN}`)
  await makeLedger(client, target, LEDGER_COLUMNS)
  await client.query('begin')
  // One load of a schema at a time: without a key that is kept, this lock is what two tries of one delivery wait on.
  await client.query(`lock ${ledgerOf(target)}`)
  const known = await client.query(`select 1 from ${ledgerOf(target)} where delivery_id = $1`, [handover.deliveryId])
  if (known.rows.length > 0) return
  const columns = matchColumns(document.columns, await tableColumns(client, target))
  if (target.mode === 'REPLACE') await client.query(`delete from ${tableOf(target)}`)
  await client.query(copyStatement(load, columns, url))
  const { rows } = await client.query<{ loaded: number | string }>('select pg_last_copy_count() as loaded')
  expectRows(Number(rows[0]?.loaded), document)
  await client.query(
    `insert into ${ledgerOf(target)} (delivery_id, report_id, table_name, row_count) values ($1, $2, $3, $4)`,
    ledgerRow(target, handover),
  )
  await client.query('commit')
}

async function tableColumns(client: Client, target: WarehouseTarget): Promise<TableColumn[]> {
  const { rows } = await client.query<TableColumn>(
    `select a.attname as name, false as generated, a.attnotnull and not a.atthasdef as needed
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = $1 and c.relname = $2 and c.relkind = 'r' order by a.attnum`,
    [target.schema, target.table],
  )
  return rows
}

function literal(text: string): string {
  // Neither a key of the store nor a setting holds one: whether Redshift reads it as itself is not to be found out here.
  if (text.includes('\\')) throw new RangeError('A backslash has no place in the statement.')
  return `'${text.replaceAll("'", "''")}'`
}
