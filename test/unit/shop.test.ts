import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { fillShop } from '../../src/embedded/shop/fill.ts'
import { checkParameters } from '../../src/report-type/parameters.ts'
import { settingsOf } from '../../src/report-type/settings.ts'
import { parseSqlReport } from '../../src/report-type/sql-report.ts'

type Rows = Record<string, unknown>[]

const TODAY = '2026-11-21'
const suffix = `shop_${process.pid}`
const reader = `${suffix}_reader`
const [first, second] = [`${suffix}_first`, `${suffix}_second`]

const urlOf = (database: string, user?: string): string => {
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${database}`
  if (user !== undefined) [url.username, url.password] = [user, 'reads']
  return url.href
}

async function query(
  database: string,
  text: string,
  values: unknown[] = [],
  user?: string,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: urlOf(database, user) })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows
  } finally {
    await client.end()
  }
}

const seen: { done: number; total: number; what: string }[] = []

beforeAll(async () => {
  await query('postgres', `create role ${reader} login password 'reads'`)
  for (const database of [first, second]) await query('postgres', `create database ${database}`)
  // The first database: a fill that loses its connection half-way, as when its process is killed.
  const cut = fillShop({
    ownerUrl: urlOf(first),
    readerRole: reader,
    today: TODAY,
    onProgress(_done, _total, what) {
      if (what === 'order lines') throw new Error('cut off')
    },
  })
  await expect(cut).rejects.toThrow('cut off')
  expect(await query(first, `select to_regnamespace('shop') is null as gone`)).toEqual([{ gone: true }])
  await fillShop({
    ownerUrl: urlOf(first),
    readerRole: reader,
    today: TODAY,
    onProgress: (done, total, what) => seen.push({ done, total, what }),
  })
})

afterAll(async () => {
  for (const database of [first, second]) await query('postgres', `drop database if exists ${database} with (force)`)
  await query('postgres', `drop role if exists ${reader}`)
})

describe('filling the shop', () => {
  test('is repeatable: two that start at once fill it once, with the same rows as in another database', async () => {
    const options = { ownerUrl: urlOf(second), readerRole: reader, today: TODAY }
    const both = await Promise.all([fillShop(options), fillShop(options)])
    expect(both.map(({ filled }) => filled).sort()).toEqual([false, true])
    expect(both[0]?.rows).toBe(both[1]?.rows)
    for (const table of ['users', 'customers', 'products', 'orders', 'order_lines', 'stock_movements']) {
      const sum = `select count(*), sum(hashtextextended(t::text, 0)) from shop.${table} t`
      expect(await query(second, sum), table).toEqual(await query(first, sum))
    }
  }, 60_000)

  test('does nothing the second time, whatever the day', async () => {
    const count = Number((await query(first, 'select row_count from shop.filling'))[0]?.['row_count'])
    expect(await fillShop({ ownerUrl: urlOf(first), readerRole: reader, today: '2027-01-01' })).toEqual({
      filled: false,
      rows: count,
    })
    expect(await query(first, `select max(placed_at)::date::text as last from shop.orders`)).not.toEqual([
      { last: '2027-01-01' },
    ])
  })

  test('tells how far it is: never back, and to the end', () => {
    expect(seen.length).toBeGreaterThan(100)
    for (const [index, { done, total }] of seen.entries()) {
      expect(done).toBeLessThanOrEqual(total)
      if (index > 0) expect(done).toBeGreaterThanOrEqual((seen[index - 1]?.done ?? 0) - 1)
    }
    expect(seen.at(-1)).toEqual({ done: seen.at(-1)?.total, total: seen.at(-1)?.total, what: 'done' })
  })

  test('has a believable shape', async () => {
    const facts = await query(
      first,
      `
      select (select count(*)::int from shop.order_lines) as lines,
        (select min(placed_at at time zone 'UTC')::date::text from shop.orders) as first_day,
        (select max(placed_at at time zone 'UTC')::date::text from shop.orders) as last_day,
        (select count(*)::int from shop.orders o join shop.customers c on c.id = o.customer_id where c.created_at > o.placed_at) as too_early,
        (select count(*)::int from shop.orders o where o.total <> o.shipping + (select sum(amount) from shop.order_lines l where l.order_id = o.id)) as wrong_totals,
        (select count(*)::int from (select sum(quantity) over (partition by product_id, warehouse order by moved_on, id) as on_hand
          from shop.stock_movements) s where on_hand < 0) as below_nothing`,
    )
    expect(facts[0]).toMatchObject({
      first_day: '2024-11-21',
      last_day: TODAY,
      too_early: 0,
      wrong_totals: 0,
      below_nothing: 0,
    })
    expect(facts[0]?.['lines']).toBeGreaterThanOrEqual(200_000)
    const unlike = await query(
      first,
      `select
      (select count(*) from shop.orders where extract(month from placed_at) = 12)::float
        / (select count(*) from shop.orders where extract(month from placed_at) = 2) as december`,
    )
    expect(unlike[0]?.['december']).toBeGreaterThan(1.5)
  })

  test.each<[what: string, table: string, condition: string]>([
    ['umlauts', 'customers', `name ~ '[äöüß]'`],
    ['other scripts', 'customers', `name ~ '[山佐鈴高]'`],
    ['commas and quotes', 'products', `title ~ ',' and title ~ '"'`],
    ['line feeds', 'orders', `note ~ E'\\n'`],
    ['carriage returns', 'orders', `note ~ E'\\r\\n'`],
    ['tabs', 'orders', `note ~ E'\\t'`],
    ['backslashes', 'orders', `note like '%\\\\%'`],
    ['empty text', 'orders', `note = ''`],
    ['no text', 'orders', 'note is null'],
    ['text that begins with =', 'orders', `note like '=%'`],
    ['text that begins with +', 'orders', `note like '+%'`],
    ['text that begins with -', 'orders', `note like '-%'`],
    ['text that begins with @', 'orders', `note like '@%'`],
  ])('holds %s', async (_what, table, condition) => {
    expect(
      Number((await query(first, `select count(*) from shop.${table} where ${condition}`))[0]?.['count']),
    ).toBeGreaterThan(20)
  })

  test('lets the reader read and nothing else', async () => {
    expect(await query(first, 'select count(*)::int from shop.products', [], reader)).toEqual([{ count: 800 }])
    for (const text of [
      'delete from shop.orders',
      'update shop.users set note = null',
      'create table shop.mine ()',
      'drop schema shop cascade',
    ]) {
      await expect(query(first, text, [], reader), text).rejects.toThrow(/permission denied|must be owner/)
    }
  })

  test('refuses a day that is none', async () => {
    await expect(fillShop({ ownerUrl: urlOf(first), readerRole: reader, today: '2026-02-30' })).rejects.toThrow(
      RangeError,
    )
  })
})

describe('the report types on the shop', { timeout: 60_000 }, () => {
  const year = { startDate: '2025-11-22', endDate: TODAY }
  const now = Temporal.Instant.from(`${TODAY}T12:00:00Z`)
  const asker = {
    tenantId: 'default',
    viewerId: 'viewer',
    timeZone: 'UTC',
    requestedAt: new Date(now.epochMilliseconds),
  }

  /** Asks as the reader: checked, with defaults, and with every value bound. */
  async function ask(name: string, parameters: Record<string, unknown>): Promise<{ rows: Rows; whole: Rows[number] }> {
    const type = parseSqlReport(`${name}.sql`, await readFile(`reports/${name}.sql`, 'utf8'))
    const { body } = type
    if (body.kind !== 'sql') throw new Error(`${name} is no query`)
    const { resolved } = checkParameters(type, parameters, { path: [], now, timeZone: 'UTC' })
    const client = new pg.Client({ connectionString: urlOf(first, reader) })
    await client.connect()
    try {
      await client.query(`set time zone 'UTC'`)
      for (const setting of settingsOf(type, resolved ?? {}, asker))
        await client.query('select set_config($1, $2, false)', [...setting])
      const { rows, fields } = await client.query<Rows[number]>(body.statement)
      const columns = fields.map((field) => field.name)
      expect(new Set(columns).size, `distinct columns of ${name}`).toBe(columns.length)
      expect(columns, `columns of ${name}`).toEqual(expect.arrayContaining(Object.keys(body.columnWords)))
      expect((await client.query(body.once.statement)).rowCount).toBe(rows.length)
      return { rows, whole: (await client.query<Rows[number]>(body.summary ?? '')).rows[0] ?? {} }
    } finally {
      await client.end()
    }
  }
  const total = (rows: Rows, column: string): number =>
    Math.round(rows.reduce((sum, row) => sum + Number(row[column]) * 100, 0)) / 100

  test('sales: a year of lines in order, both days included, with their sum', async () => {
    const { rows, whole } = await ask('sales', year)
    expect(rows.length).toBeGreaterThan(100_000)
    expect(rows.every((row, index) => index === 0 || Number(row['id']) > Number(rows[index - 1]?.['id']))).toBe(true)
    expect(Number(whole['total_sales'])).toBe(total(rows, 'amount'))
    const day = await ask('sales', {
      startDate: TODAY,
      endDate: TODAY,
      region: 'EU',
      includeCanceled: true,
      minAmount: '10',
    })
    expect(day.rows.length).toBeGreaterThan(50)
    expect(new Set(day.rows.map((row) => row['region']))).toEqual(new Set(['EU']))
    expect(Math.min(...day.rows.map((row) => Number(row['amount'])))).toBeGreaterThanOrEqual(10)
  })

  test('orders and analytics agree on a year', async () => {
    const orders = await ask('orders', { ...year, statuses: ['PLACED', 'PAID', 'SHIPPED', 'DELIVERED', 'RETURNED'] })
    const days = await ask('analytics', year)
    expect(days.rows).toHaveLength(365 * 3)
    expect(total(days.rows, 'orders')).toBe(orders.rows.length)
    expect(Number(days.whole['revenue'])).toBe(Number(orders.whole['total']))
    expect(total(days.rows, 'new_customers')).toBeGreaterThan(1000)
    expect(total(days.rows, 'returned_units')).toBeGreaterThan(1000)
    expect((await ask('analytics', { ...year, region: 'APAC' })).rows).toHaveLength(365)
  })

  test('inventory: what is on hand, and what to reorder', async () => {
    const { rows, whole } = await ask('inventory', { categories: ['Kitchen', 'Books'] })
    expect(new Set(rows.map((row) => row['category']))).toEqual(new Set(['Kitchen', 'Books']))
    expect(
      rows.every(
        (row) => Number(row['on_hand']) === Number(row['rotterdam']) + Number(row['reno']) + Number(row['singapore']),
      ),
    ).toBe(true)
    expect(Number(whole['stock_value'])).toBe(total(rows, 'stock_value'))
    const low = await ask('inventory', { belowReorderLevel: true })
    expect(low.rows.length).toBeGreaterThan(3)
    expect(low.rows.every((row) => Number(row['on_hand']) < Number(row['reorder_level']))).toBe(true)
  })

  test('customers: lifetime value and segments', async () => {
    const { rows } = await ask('customers', {})
    expect(new Set(rows.map((row) => row['segment']))).toEqual(
      new Set(['VIP', 'LOYAL', 'OCCASIONAL', 'LAPSED', 'PROSPECT']),
    )
    const few = await ask('customers', { segment: 'VIP', countries: ['DE', 'JP'], minLifetimeValue: '9000.50' })
    expect(few.rows.length).toBeGreaterThan(5)
    expect(
      few.rows.every((row) => Number(row['lifetime_value']) >= 9000.5 && ['DE', 'JP'].includes(String(row['country']))),
    ).toBe(true)
  })

  test('users: who has not been seen', async () => {
    const { rows, whole } = await ask('users', {})
    expect(rows.length).toBe(Number(whole['users']))
    const unseen = await ask('users', { role: 'SALES', active: true, unseenDays: 30 })
    expect(unseen.rows.length).toBeGreaterThan(0)
    expect(unseen.rows.every((row) => row['role'] === 'SALES' && row['active'] === true)).toBe(true)
    expect(unseen.rows.every((row) => row['days_unseen'] === null || Number(row['days_unseen']) >= 30)).toBe(true)
  })
})
