import pg from 'pg'
import { createCalendar } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import { copyRows } from './copy.ts'
import type { Row } from './copy.ts'
import { lineRows, orderRows, orders } from './orders.ts'
import type { Stock } from './orders.ts'
import { createCustomers, userRows } from './people.ts'
import { createProducts } from './products.ts'
import { createFlow, stockMovementRows } from './stock-movements.ts'
import { KEYS, TABLES } from './tables.ts'

/** Grows when the tables or rows change: a shop of another shape is dropped and filled anew. */
const SHAPE = 1
const SEED = 'broadsheet'
const CUSTOMERS = 24_000
const PRODUCTS = 800
const USERS = 240
const ORDERS = 110_000
/** For the progress bar only: lines and stock movements are counted once they are drawn. */
const LINES_EXPECTED = 292_200
const MOVEMENTS_EXPECTED = 171_500

export interface FillOptions {
  /** postgres:// URL of the shop's database, as its owner: it creates the schema `shop`. */
  ownerUrl: string
  /** An existing role that is granted reading of the schema `shop`, and nothing else. */
  readerRole: string
  /** Told about every 64 KiB: rows written, rows in all (the last call has done = total), and what is being written. */
  onProgress?(done: number, total: number, what: string): void
  /** 'YYYY-MM-DD', the last day of the data; the current day in UTC when left out. */
  today?: string
}

/**
 * Creates the demo shop and fills it; the same `today` gives the same rows. Does nothing but granting when it is filled
 * already, whatever `today` was then. All of it is one transaction: cut off at any moment, nothing is left and the next call
 * begins again. A second process waits for the first. Throws what Postgres throws, and RangeError for a bad `today`.
 * @returns whether this call filled it, and how many rows the shop has.
 */
export async function fillShop(options: FillOptions): Promise<{ filled: boolean; rows: number }> {
  const calendar = createCalendar(options.today ?? new Date().toISOString().slice(0, 10))
  const client = new pg.Client({
    connectionString: options.ownerUrl,
    application_name: 'broadsheet shop',
    connectionTimeoutMillis: 10_000,
    statement_timeout: 120_000,
  })
  // A lost connection also rejects the query that is under way; without a listener it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query('begin')
    await client.query(`select pg_advisory_xact_lock(hashtext('broadsheet shop'))`)
    const found = await readMarker(client)
    // Only what this file has made is dropped: somebody else's schema of that name makes the fill fail.
    if (found !== null && found.shape !== SHAPE) await client.query('drop schema shop cascade')
    const filled = found?.shape !== SHAPE
    const rows = filled ? await fill(client, calendar, options.onProgress) : found.row_count
    await grantReading(client, options.readerRole)
    await client.query('commit')
    return { filled, rows }
  } finally {
    await client.end()
  }
}

interface Marker {
  shape: number
  row_count: number
}

async function readMarker(client: pg.Client): Promise<Marker | null> {
  const exists = await client.query<{ there: boolean }>(`select to_regclass('shop.filling') is not null as there`)
  if (exists.rows[0]?.there !== true) return null
  const marker = await client.query<Marker>('select shape, row_count from shop.filling')
  return marker.rows[0] ?? null
}

async function fill(client: pg.Client, calendar: Calendar, onProgress: FillOptions['onProgress']): Promise<number> {
  let done = 0
  let total = USERS + CUSTOMERS + PRODUCTS + ORDERS + LINES_EXPECTED + MOVEMENTS_EXPECTED
  const copy = async (table: string, what: string, rows: Iterable<Row>): Promise<number> => {
    const before = done
    await copyRows(client, table, rows, (count) => {
      done += count
      total = Math.max(total, done)
      onProgress?.(done, total, what)
    })
    return done - before
  }

  // One index at a time, for as long as this transaction: enough to sort the largest one without a file.
  await client.query(`set local maintenance_work_mem = '128MB'`)
  await client.query(TABLES)
  const stock: Stock = {
    customers: createCustomers(SEED, calendar, CUSTOMERS),
    products: createProducts(SEED, calendar, PRODUCTS),
  }
  const flow = createFlow(calendar, PRODUCTS)
  await copy('shop.users', 'users', userRows(SEED, calendar, USERS))
  await copy(
    'shop.customers',
    'customers',
    stock.customers.map((customer) => customer.row),
  )
  await copy(
    'shop.products',
    'products',
    stock.products.map((product) => product.row),
  )
  await copy('shop.orders', 'orders', orderRows(orders(SEED, calendar, stock, ORDERS)))
  const lines = await copy(
    'shop.order_lines',
    'order lines',
    lineRows(orders(SEED, calendar, stock, ORDERS), calendar, flow.add),
  )
  total += lines - LINES_EXPECTED
  const movements = await copy(
    'shop.stock_movements',
    'stock movements',
    stockMovementRows(SEED, calendar, stock.products, flow),
  )
  total += movements - MOVEMENTS_EXPECTED
  for (const statement of KEYS) {
    onProgress?.(done - 1, done, 'keys and indexes')
    await client.query(statement)
  }
  await client.query('insert into shop.filling values ($1, $2, $3)', [SHAPE, calendar.date(calendar.days - 1), done])
  onProgress?.(done, done, 'done')
  return done
}

async function grantReading(client: pg.Client, role: string): Promise<void> {
  const reader = client.escapeIdentifier(role)
  await client.query(`grant usage on schema shop to ${reader}`)
  await client.query(`grant select on all tables in schema shop to ${reader}`)
}
