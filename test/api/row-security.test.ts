import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API_ROLE } from '../../src/db/roles.ts'
import { openIsolationScene, tenantTables, type IsolationScene } from '../support/isolation-scene.ts'

/** Of the service itself and of no tenant: what is put into one of these is for everybody. */
const OF_NO_TENANT = ['priority_turn', 'report_definition', 'scheduler_look', 'tally', 'worker']
/** Whose turn it is, kept for the worker and read for `queuePosition`: numbers of all tenants, of which only one's own can be told. */
const OVER_ALL_TENANTS = ['tenant_turn']

let scene: IsolationScene
let tables: string[]
let client: pg.Client

beforeAll(async () => {
  scene = await openIsolationScene()
  // One thing of each kind, so that no table is empty, for both tenants' sake.
  for (const make of Object.values(scene.make)) await make()
  await scene.ask(scene.owner, 'mutation { requestReport(input: { report: { sales: { startDate: "2026-01-01", endDate: "2026-01-31" } } idempotencyKey: "k" }) { report { id } userErrors { message } } }') // prettier-ignore
  await scene.make.Report(scene.attackers['a MEMBER of another tenant'])
  await scene.make.Schedule(scene.attackers['a MEMBER of another tenant'])
  tables = await tenantTables(scene.ground.database.sql)
  client = new pg.Client({ connectionString: scene.ground.database.url, options: `-c role=${API_ROLE}` })
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await scene?.close()
})

/** Raw SQL of the API's role in a transaction of this tenant (null: of none), which is rolled back. */
async function as(tenant: string | null, sql: string, values: unknown[] = []): Promise<pg.QueryResult> {
  await client.query('begin')
  try {
    if (tenant !== null) await client.query(`select set_config('broadsheet.tenant_id', $1, true)`, [tenant])
    return await client.query(sql, values)
  } finally {
    await client.query('rollback')
  }
}
const may = async (table: string, privilege: string): Promise<boolean> =>
  (
    await scene.ground.database.sql<{ may: boolean }>(
      `select has_table_privilege('${API_ROLE}', 'broadsheet.${table}', $1) as may`,
      [privilege],
    )
  )[0]!.may

test('each table is some tenant’s, or is known to be nobody’s', async () => {
  const all = await scene.ground.database.sql<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'broadsheet'::regnamespace and relkind = 'r' order by 1`,
  )
  const known = [...tables, ...OF_NO_TENANT, 'tenant']
  expect(all.map(({ name }) => name).filter((name) => !known.includes(name) && !/migration/.test(name))).toEqual([])
  expect(tables.length).toBeGreaterThan(8)
})

describe('a query that forgets its tenant', () => {
  test('reads the rows of the transaction’s tenant alone, in every table', async () => {
    for (const table of tables.filter((name) => !OVER_ALL_TENANTS.includes(name))) {
      const [row] = await scene.ground.database.sql<{ n: number }>(
        `select count(*)::int as n from broadsheet.${table} where tenant_id = 'acme'`,
      )
      expect(row!.n, `${table}: make one in the scene, or nothing is proved`).toBeGreaterThan(0)
      if (!(await may(table, 'select'))) continue
      for (const tenant of ['acme', 'rival', 'nobody-yet']) {
        const { rows } = await as(tenant, `select distinct tenant_id from broadsheet.${table}`)
        expect(
          rows.filter(({ tenant_id }) => tenant_id !== tenant),
          table,
        ).toEqual([])
        if (tenant === 'acme') expect(rows, table).toHaveLength(1)
      }
      for (const none of [null, '', `' or true --`])
        expect((await as(none, `select from broadsheet.${table}`)).rowCount, table).toBe(0)
    }
  })

  test('joins, counts and looks by id no further', async () => {
    const [report] = await scene.ground.database.sql<{ id: string }>(
      `select id from broadsheet.report where tenant_id = 'acme' limit 1`,
    )
    for (const sql of [
      `select from broadsheet.report where id = $1`,
      `select from broadsheet.report r join broadsheet.app_user u on u.id = r.requested_by where r.id = $1`,
      `select from broadsheet.report_attempt where report_id = $1`,
      `select from broadsheet.report_audit where report_id = $1`,
      `select from (select count(*) as n from broadsheet.report where id = $1) c where n > 0`,
      `select from broadsheet.app_user where exists (select from broadsheet.report where id = $1)`,
    ]) {
      expect((await as('rival', sql, [report!.id])).rowCount, sql).toBe(0)
      expect((await as('acme', sql, [report!.id])).rowCount, sql).toBeGreaterThan(0)
    }
  })

  test('changes and removes nothing of another tenant, in every table', async () => {
    for (const table of tables) {
      const before = await scene.snapshot()
      for (const [privilege, sql] of [
        ['update', `update broadsheet.${table} set tenant_id = tenant_id returning tenant_id`],
        ['delete', `delete from broadsheet.${table} returning tenant_id`],
      ] as const) {
        if (!(await may(table, privilege))) continue
        const { rows } = await as('rival', sql)
        expect(
          rows.filter(({ tenant_id }) => tenant_id !== 'rival'),
          sql,
        ).toEqual([])
      }
      expect(await scene.snapshot()).toBe(before)
    }
  })

  test('puts no row over the wall, in every table', async () => {
    for (const table of tables) {
      if (!(await may(table, 'insert'))) continue
      // A row of theirs as it stands: the wall is looked at before any key.
      const [row] = await scene.ground.database.sql<{ row: object }>(
        `select to_jsonb(t) as row from broadsheet.${table} t where tenant_id = 'acme' limit 1`,
      )
      await expect(
        as(
          'rival',
          `insert into broadsheet.${table} select * from jsonb_populate_record(null::broadsheet.${table}, $1)`,
          [JSON.stringify(row!.row)],
        ),
        table,
      ).rejects.toThrow(/row-level security/)
    }
  })

  test('can’t take the wall down, nor another role', async () => {
    for (const sql of [
      'set local row_security = off; select from broadsheet.report',
      'alter table broadsheet.report disable row level security',
      'create policy mine on broadsheet.report using (true)',
      'drop policy own_tenant on broadsheet.report',
      'set local session authorization postgres',
    ])
      await expect(as('rival', sql), sql).rejects.toThrow(/row-level security|must be owner|permission denied/)
  })
})

test('the owner’s functions tell nothing of another tenant that an id alone should not', async () => {
  const [{ id }] = (await scene.ground.database.sql<{ id: string }>(
    `select id from broadsheet.report where tenant_id = 'acme' limit 1`,
  )) as [{ id: string }]
  // A link names no tenant: the tenant's name for an id that one has, and nothing without.
  expect((await as('rival', 'select broadsheet.tenant_of_report($1) as name', [id])).rows).toEqual([{ name: 'acme' }])
  expect((await as('rival', 'select broadsheet.tenant_of_report($1) as name', [crypto.randomUUID()])).rows).toEqual([
    { name: null },
  ])
  expect((await as('rival', 'select * from broadsheet.find_api_token($1)', [Buffer.alloc(32)])).rows).toEqual([])
})
