import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startPostgres } from '../src/embedded/postgres.ts'
import { startRedis } from '../src/embedded/redis.ts'
import { startBroadsheet, type Broadsheet } from '../src/embedded/broadsheet.ts'

/** What a benchmark runs on: real servers of its own, durable as users have them, and the service as `npm start` runs it. */
export interface Stage {
  readonly service: Broadsheet
  readonly directory: string
  readonly redisUrl: string
  /** Of the service's own database, as its owner. */
  readonly databaseUrl: string
  /** Of the table `lines`, as its reader. */
  readonly sourceUrl: string
  /** Whose the reports of runningReports are. */
  readonly tenantId: string
  /** Ids of new reports that look as if a worker were at them, and stay so. */
  runningReports(count: number): Promise<string[]>
  /** So many new reports that wait, in all priorities and so many tenants; half of them in `tenantId`. */
  waitingReports(count: number, tenants: number): Promise<void>
  /** In the service's own database, as its owner. */
  sql<T extends object>(text: string, values?: unknown[]): Promise<T[]>
  /** Ends them, in their rows. */
  end(ids: readonly string[]): Promise<void>
  close(): Promise<void>
}

const REPORTS = fileURLToPath(new URL('./reports', import.meta.url))
const SHIPPED = fileURLToPath(new URL('../reports', import.meta.url))

/** Of the load that one user of a bench makes: a thousand sockets, and hundreds of requests a second without a pause. */
const WIDE_LIMITS = {
  RATE_LIMIT: '1000000/s',
  USER_SOCKETS: '2000',
  USER_SUBSCRIPTIONS: '10000',
  USER_MESSAGES: '100000',
}

export interface StageOptions {
  /** How many lines the table has. */
  readonly rows: number
  /** As they are shipped, or wide enough for a bench. */
  readonly limits: 'shipped' | 'wide'
  /** Settings beside those of every stage. */
  readonly env?: Readonly<Record<string, string>>
  /** Report types that come with the service, beside those of the bench. */
  readonly types?: readonly string[]
  /** More in the source's database, done by its owner. */
  readonly filling?: readonly string[]
}

export async function openStage(options: StageOptions, say: (line: string) => void): Promise<Stage> {
  const { rows, limits, env = {}, types = [], filling = [] } = options
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-bench-'))
  const closers: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })]
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    const redis = await startRedis({ dataDirectory: directory, say })
    closers.push(redis.stop)
    const postgres = await startPostgres({ dataDirectory: directory, say })
    closers.push(postgres.stop)
    say(`Filling ${rows.toLocaleString('en')} lines`)
    await fill(postgres.url('postgres'), postgres.url('bench'), rows)
    await within(postgres.url('bench'), async (client) => {
      for (const statement of filling) await client.query(statement)
    })
    const reports = join(directory, 'reports')
    await cp(REPORTS, reports, { recursive: true })
    for (const type of types) await cp(join(SHIPPED, `${type}.ts`), join(reports, `${type}.ts`))
    for (const name of Object.keys(env)) closers.push(() => delete process.env[name])
    const sourceUrl = postgres.url('bench', 'bench_reader', 'bench')
    Object.assign(process.env, {
      BROADSHEET_REPORTS_DIR: reports,
      PORT: '0',
      LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
      ...(limits === 'wide' && WIDE_LIMITS),
      ...env,
    })
    say(
      limits === 'wide'
        ? `Limits of a user: ${Object.entries(WIDE_LIMITS)
            .map((each) => each.join('='))
            .join(' ')}`
        : 'Limits of a user: as they are shipped',
    )
    const service = await startBroadsheet(
      {
        dataDirectory: directory,
        databaseUrl: postgres.url('broadsheet'),
        redisUrl: redis.url,
        secret: null,
        adminToken: null,
        sources: JSON.stringify({ bench: sourceUrl }),
        logLevel: 'warn',
      },
      { say, filling: () => undefined },
    )
    closers.push(service.stop)
    const databaseUrl = postgres.url('broadsheet')
    return { service, directory, redisUrl: redis.url, databaseUrl, sourceUrl, close, ...reportsIn(databaseUrl) }
  } catch (error) {
    await close()
    throw error
  }
}

/** Rows that a worker would have made, made directly: the fan-out is measured without one. */
export function reportsIn(url: string): Pick<Stage, 'tenantId' | 'runningReports' | 'waitingReports' | 'sql' | 'end'> {
  return {
    tenantId: 'default',
    async runningReports(count) {
      const ids = Array.from({ length: count }, () => randomUUID())
      await within(url, async (client) => {
        await client.query(`insert into broadsheet.tenant (id) values ('default') on conflict do nothing`)
        await client.query(
          `insert into broadsheet.app_user (id, tenant_id, name, role) values ($1, 'default', 'bench', 'MEMBER')`,
          [ids[0]],
        )
        await client.query(
          `insert into broadsheet.report_definition (version, name, kind, text) values ('bench', 'nothing', 'sql', '') on conflict do nothing`,
        )
        await client.query(
          `insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, status, priority, format, compression,
            csv_dialect, visibility, parameters, time_zone, worker_id, lease_expires_at, created_at)
          select id, 'default', $2::uuid, 'nothing', 'bench', 'bench', 'RUNNING', 'NORMAL', 'CSV', 'NONE', 'POSTGRES', 'PRIVATE', '{}', 'UTC', id, now() + interval '1 day',
            now() - n * interval '10 ms'
          from unnest($1::uuid[]) with ordinality as running (id, n)`,
          [ids, ids[0]],
        )
      })
      return ids
    },
    waitingReports: (count, tenants) =>
      within(url, async (client) => {
        await client.query(
          `insert into broadsheet.tenant (id) select 'tenant-' || n from generate_series(1, $1::int) n`,
          [tenants],
        )
        await client.query(
          `insert into broadsheet.app_user (id, tenant_id, name, role) select gen_random_uuid(), id, 'waits', 'MEMBER' from broadsheet.tenant`,
        )
        await client.query(
          `with definition as (select version from broadsheet.report_definition where name = 'nothing' limit 1)
          insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, priority, format, compression, csv_dialect,
            visibility, parameters, resolved_parameters, time_zone, created_at)
          select gen_random_uuid(), u.tenant_id, u.id, 'nothing', definition.version, 'waits', (array['URGENT', 'HIGH', 'NORMAL', 'LOW'])[1 + n % 4], 'CSV', 'NONE',
            'POSTGRES', 'TENANT', '{}', '{}', 'UTC', now() - n * interval '10 ms'
          from generate_series(1, $1::int) n cross join definition
          join (select *, row_number() over (order by tenant_id = 'default' desc, tenant_id) - 1 as place from broadsheet.app_user where name = 'waits') u
            on u.place = case when n % 2 = 0 then 0 else 1 + n % $2::int end`,
          [count, tenants],
        )
        await client.query('analyze broadsheet.report')
      }),
    async sql<T extends object>(text: string, values: unknown[] = []) {
      let rows: T[] = []
      await within(url, async (client) => void (rows = (await client.query(text, values)).rows as T[]))
      return rows
    },
    end: (ids) =>
      within(url, async (client) => {
        await client.query(
          `update broadsheet.report set status = 'SUCCEEDED', document = '{}', worker_id = null, lease_expires_at = null, epoch = 5,
            sequence = 5 * 1048576 where id = any($1)`,
          [ids],
        )
      }),
  }
}

/** About 170 bytes a line as CSV: numbers, money, instants, words, a note that now and then needs quotes. */
async function fill(serverUrl: string, url: string, rows: number): Promise<void> {
  await within(serverUrl, async (client) => {
    await client.query('create database bench')
    await client.query(`create role bench_reader login password 'bench'`)
    await client.query('revoke connect, temporary on database broadsheet, bench from public')
    await client.query('grant connect on database bench to bench_reader')
  })
  await within(url, async (client) => {
    await client.query(`create table lines (id bigint primary key, placed_at timestamptz not null, customer text not null, product text not null,
      region text not null, quantity int not null, unit_price numeric(12,2) not null, amount numeric(14,2) not null, shipped boolean not null, note text)`)
    await client.query(
      `insert into lines select n, timestamptz '2024-01-01' + n * interval '31 seconds', 'Customer number ' || (n * 7919 % 24001) || ' of Vilnius',
        'Product ' || (n * 104729 % 797) || ', the "large" one', (array['EU', 'US', 'APAC'])[1 + n % 3], 1 + n % 9, 9.99 + n % 1000,
        (1 + n % 9) * (9.99 + n % 1000), n % 5 <> 0, case when n % 4 = 0 then null else 'Left at the door, thank you (' || md5(n::text) || ')' end
      from generate_series(1, $1::bigint) n`,
      [rows],
    )
    await client.query('grant select on lines to bench_reader')
    await client.query('vacuum analyze lines')
  })
}

async function within(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
