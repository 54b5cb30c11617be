// Long because it is one subject on one database: migrations, entities, row-level security, and what the pool promises.
import { readFile } from 'node:fs/promises'
import { MikroORM } from '@mikro-orm/postgresql'
import pg from 'pg'
import { v7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { MIGRATIONS } from '../../src/db/migrations/index.ts'
import { ENTITIES, openDatabase } from '../../src/db/orm.ts'
import { API_ROLE, WORKER_ROLE } from '../../src/db/roles.ts'
import { StartupError, Unavailable } from '../../src/errors.ts'
import { User } from '../../src/identity/identity.entity.ts'
import { createLog } from '../../src/log.ts'
import { Report } from '../../src/report/report.entity.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

const log = createLog({ level: 'fatal', process: 'test' })
let db: TestDatabase

beforeAll(async () => {
  db = await createDatabase()
})
afterAll(() => db.drop())

it('docs/architecture.md names each function that answers with the owner’s rights, and each keeps its own search_path', async () => {
  const functions = await db.sql<{ name: string; settings: string[] | null; open: boolean }>(
    `select proname as name, proconfig as settings, has_function_privilege('public', oid, 'execute') as open from pg_proc
     where pronamespace = 'broadsheet'::regnamespace and prosecdef order by proname`,
  )
  const text = await readFile(new URL('../../docs/architecture.md', import.meta.url), 'utf8')
  const table = text.split('| function of `broadsheet` |')[1]?.split('\n\n')[0] ?? ''
  const named = [...table.matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name)
  expect(named.toSorted()).toEqual(functions.map(({ name }) => name))
  const loose = functions.filter(({ settings, open }) => open || !settings?.includes('search_path=broadsheet, pg_temp'))
  expect(loose).toEqual([])
})

describe('migrate', () => {
  it('applies each migration once, also when several processes start at once', async () => {
    const fresh = await createDatabase({ empty: true })
    const runs = await Promise.all([migrate(fresh.url), migrate(fresh.url), migrate(fresh.url)])
    expect(runs.flatMap((run) => run.applied)).toEqual(MIGRATIONS.map((migration) => migration.name))
    expect((await migrate(fresh.url)).applied).toEqual([])
    await fresh.drop()
  })

  it('works for a user that owns nothing yet, and names the remedy where the roles are not its to take', async () => {
    const fresh = await createDatabase({ empty: true })
    const stranger = `stranger_${v7().slice(-12)}`
    const [at] = await fresh.sql<{ name: string }>(`select current_database() as name`)
    await fresh.sql(`create role ${stranger} login createrole password 'secret'`)
    await fresh.sql(`grant create on database ${at?.name} to ${stranger}`)
    const url = new URL(fresh.url)
    url.username = stranger
    url.password = 'secret'

    await expect(migrate(url.href)).rejects.toThrow(StartupError)
    await expect(migrate(url.href)).rejects.toThrow(/GRANT broadsheet_api, broadsheet_worker TO/)
    await fresh.sql(`grant ${API_ROLE}, ${WORKER_ROLE} to ${stranger}`)
    expect((await migrate(url.href)).applied).toHaveLength(MIGRATIONS.length)
    const database = await openDatabase({ url: url.href, role: API_ROLE, maxConnections: 1, log })
    expect(await database.inTenant('a', (em) => em.find(Report, {}))).toEqual([])
    await database.close()

    await fresh.sql(`grant ${stranger} to current_user`)
    await fresh.sql(`drop owned by ${stranger} cascade`)
    await fresh.sql(`drop role ${stranger}`)
    await fresh.drop()
  })
})

describe('the entities', () => {
  it('have the columns of their tables: names and nullability', async () => {
    const columns = await db.sql<{ table_name: string; column_name: string; nullable: boolean }>(
      `select table_name, column_name, is_nullable = 'YES' as nullable from information_schema.columns where table_schema = 'broadsheet'`,
    )
    const orm = await MikroORM.init({ clientUrl: db.url, entities: ENTITIES, ensureDatabase: false })
    try {
      for (const meta of ENTITIES.map((entity) => orm.getMetadata().get<object>(entity))) {
        const said = meta.props.map((prop) => `${prop.fieldNames[0]} ${prop.nullable ? 'null' : 'not null'}`)
        const there = columns
          .filter((column) => column.table_name === meta.tableName)
          .map((column) => `${column.column_name} ${column.nullable ? 'null' : 'not null'}`)
        expect(said.toSorted(), meta.className).toEqual(there.toSorted())
      }
    } finally {
      await orm.close(true)
    }
  })

  it('read what the columns hold as the types they say', async () => {
    const { tenantId, userId, reportId } = await arrange('typed')
    const database = await db.open(API_ROLE)
    const report = await database.inTenant(tenantId, (em) => em.findOneOrFail(Report, { id: reportId }))
    expect(report).toMatchObject({
      tenantId,
      requestedBy: userId,
      status: 'QUEUED',
      parameters: { region: 'EU' },
      tags: ['a b', 'c,d'],
      epoch: 1,
      sequence: 2 ** 20,
      document: null,
    })
    expect(report.createdAt).toBeInstanceOf(Date)
    const token = await database.inTenant(tenantId, (em) =>
      em.execute<{ scopes: string[] }[]>(`select array['a','b'] as scopes`),
    )
    expect(token[0]?.scopes).toEqual(['a', 'b'])
  })
})

describe('row-level security', () => {
  it('shows the API nothing before a tenant is named', async () => {
    await arrange('unnamed')
    await asRole(API_ROLE, async (client) => {
      for (const table of ['tenant', 'app_user', 'api_token', 'report', 'report_attempt']) {
        expect((await client.query(`select from broadsheet.${table}`)).rowCount, table).toBe(0)
      }
    })
  })

  it('holds the API to its tenant: reading, changing, inserting, moving over the wall', async () => {
    const mine = await arrange('mine')
    const foreign = await arrange('foreign')
    await asRole(API_ROLE, async (client) => {
      await client.query(`begin`)
      await client.query(`select set_config('broadsheet.tenant_id', $1, true)`, [mine.tenantId])
      for (const table of ['app_user', 'api_token', 'report', 'report_attempt']) {
        const { rows } = await client.query(`select distinct tenant_id from broadsheet.${table}`)
        expect(rows, table).toEqual([{ tenant_id: mine.tenantId }])
      }
      expect(
        (await client.query(`update broadsheet.report set title = 'x' where id = $1`, [foreign.reportId])).rowCount,
      ).toBe(0)
      expect((await client.query(`delete from broadsheet.report where id = $1`, [foreign.reportId])).rowCount).toBe(0)
      const denied = [
        [
          `insert into broadsheet.app_user (id, tenant_id, name, role) values ($1, $2, 'x', 'ADMIN')`,
          [v7(), foreign.tenantId],
        ],
        [`insert into broadsheet.tenant (id) values ($1)`, [v7()]],
        [`update broadsheet.report set tenant_id = $2 where id = $1`, [mine.reportId, foreign.tenantId]],
      ] as const
      for (const [text, values] of denied) {
        await client.query(`savepoint here`)
        await expect(client.query(text, [...values])).rejects.toThrow(/row-level security/)
        await client.query(`rollback to here`)
      }
      await client.query(`rollback`)
    })
  })

  it('ends with the transaction: the next user of the connection has no tenant', async () => {
    const { tenantId } = await arrange('ended')
    const database = await openDatabase({ url: db.url, role: API_ROLE, maxConnections: 1, log })
    expect(await database.inTenant(tenantId, (em) => em.count(User))).toBe(1)
    expect(await database.transaction((em) => em.count(User))).toBe(0)
    const reading = database.reading(tenantId)
    expect(await reading.read((em) => em.count(User))).toBe(1)
    await reading.end()
    expect(await database.transaction((em) => em.count(User))).toBe(0)
    await database.close()
  })

  it('shows the worker all tenants, and gives neither role the making of tables or people it should not make', async () => {
    const { tenantId } = await arrange('one')
    const other = await arrange('other')
    await asRole(WORKER_ROLE, async (client) => {
      const { rows } = await client.query(`select tenant_id from broadsheet.report where tenant_id = any($1)`, [
        [tenantId, other.tenantId],
      ])
      expect(rows).toHaveLength(2)
      await expect(client.query(`update broadsheet.app_user set role = 'ADMIN'`)).rejects.toThrow(/permission denied/)
      await expect(client.query(`select from broadsheet.api_token`)).rejects.toThrow(/permission denied/)
      await expect(client.query(`create table broadsheet.mine (id int)`)).rejects.toThrow(/permission denied/)
    })
    await asRole(API_ROLE, async (client) => {
      await expect(client.query(`delete from broadsheet.app_user`)).rejects.toThrow(/permission denied/)
      await expect(client.query(`create table broadsheet.mine (id int)`)).rejects.toThrow(/permission denied/)
      await expect(client.query(`alter table broadsheet.report disable row level security`)).rejects.toThrow(
        /must be owner/,
      )
    })
  })

  it('guards every table that names a tenant', async () => {
    const open = await db.sql(
      `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relnamespace = 'broadsheet'::regnamespace and c.relkind = 'r' and not c.relrowsecurity
         and has_table_privilege('${API_ROLE}', c.oid, 'insert')`,
    )
    expect(open).toEqual([])
  })
})

describe('openDatabase', () => {
  it('rolls back what throws, and gives the connection back', async () => {
    const { tenantId } = await arrange('rolled-back')
    const database = await openDatabase({ url: db.url, role: API_ROLE, maxConnections: 1, log })
    const work = database.inTenant(tenantId, async (em) => {
      await em.execute(`update broadsheet.app_user set name = 'lost'`)
      throw new Error('on the way')
    })
    await expect(work).rejects.toThrow('on the way')
    expect(await database.inTenant(tenantId, (em) => em.count(User, { name: 'lost' }))).toBe(0)
    await database.close()
  })

  it('reads one after another in one transaction, and goes on after a read that failed on our side', async () => {
    const { tenantId } = await arrange('reading')
    const database = await openDatabase({ url: db.url, role: API_ROLE, maxConnections: 1, log })
    const reading = database.reading(tenantId)
    const ask = () =>
      reading.read((em) =>
        em.execute<{ id: string }[]>(`select txid_current_snapshot()::text as id, pg_backend_pid() as pid`),
      )
    const [first, second] = await Promise.all([ask(), ask()])
    expect(second).toEqual(first)
    await expect(reading.read(() => Promise.reject(new Error('ours')))).rejects.toThrow('ours')
    expect(await reading.read((em) => em.count(User))).toBe(1)
    await expect(reading.read((em) => em.execute(`update broadsheet.app_user set name = 'x'`))).rejects.toThrow(
      /read-only/,
    )
    await reading.end()
    await expect(reading.read((em) => em.count(User))).rejects.toThrow(/ended/)
    expect(await database.inTenant(tenantId, (em) => em.count(User))).toBe(1)
    await database.close()
  })

  it('says Unavailable where nobody answers', async () => {
    const url = new URL(db.url)
    url.port = '1'
    const database = await openDatabase({ url: url.href, role: API_ROLE, maxConnections: 1, log })
    await expect(database.ping()).rejects.toThrow(Unavailable)
    await expect(database.inTenant('a', (em) => em.count(User))).rejects.toThrow(Unavailable)
    await database.close()
  })

  it('leaves no connection behind, not even that of a reading nobody ended', async () => {
    const database = await openDatabase({ url: db.url, role: WORKER_ROLE, maxConnections: 3, log })
    await Promise.all([
      database.ping(),
      database.transaction((em) => em.count(Report)),
      database.reading('a').read((em) => em.count(User)),
    ])
    const connections = async () =>
      (
        await db.sql<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = '${WORKER_ROLE}'`,
        )
      )[0]?.n
    expect(await connections()).toBeGreaterThan(0)
    await database.close()
    await until(async () => (await connections()) === 0)
    // Who comes late, such as an event that was on its way to a stream, does not open the pool again.
    await expect(database.ping()).rejects.toThrow(Unavailable)
    await expect(database.reading('a').read((em) => em.count(User))).rejects.toThrow(Unavailable)
    await expect(database.statement('select 1')).rejects.toThrow(Unavailable)
    expect(await connections()).toBe(0)
  })
})

async function asRole(role: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: db.url, options: `-c role=${role}` })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** A tenant with a user, a token, a report and an attempt. */
async function arrange(name: string): Promise<{ tenantId: string; userId: string; reportId: string }> {
  const [tenantId, userId, reportId] = [`${name}-${v7()}`, v7(), v7()]
  await db.sql(`insert into broadsheet.tenant (id) values ($1)`, [tenantId])
  await db.sql(`insert into broadsheet.app_user (id, tenant_id, name, role) values ($1, $2, 'Ada', 'MEMBER')`, [
    userId,
    tenantId,
  ])
  await db.sql(
    `insert into broadsheet.api_token (id, tenant_id, user_id, name, hash, scopes) values ($1, $2, $3, 't', $4, '{}')`,
    [v7(), tenantId, userId, Buffer.from(tenantId)],
  )
  await db.sql(
    `insert into broadsheet.report_definition (version, name, kind, text) values ('v', 'sales', 'sql', 'select 1') on conflict do nothing`,
  )
  await db.sql(
    `insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, priority, format, compression,
       csv_dialect, visibility, parameters, time_zone, tags)
     values ($1, $2, $3, 'sales', 'v', 'Sales', 'NORMAL', 'CSV', 'NONE', 'POSTGRES', 'PRIVATE', '{"region": "EU"}', 'UTC', $4)`,
    [reportId, tenantId, userId, ['a b', 'c,d']],
  )
  await db.sql(
    `insert into broadsheet.report_attempt (report_id, number, tenant_id, worker_id) values ($1, 1, $2, $3)`,
    [reportId, tenantId, v7()],
  )
  return { tenantId, userId, reportId }
}
