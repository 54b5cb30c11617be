import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { MIGRATIONS } from '../../src/db/migrations/index.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase, type Database } from '../../src/db/orm.ts'
import { createLog } from '../../src/log.ts'

export type Role = Parameters<typeof openDatabase>[0]['role']

export interface TestDatabase {
  /** As the owner. */
  readonly url: string
  /** A pool under one of the service's roles; closed by drop() at the latest. */
  open(role: Role): Promise<Database>
  /** As the owner, beyond row-level security: for arranging and for looking. `$1` for values. */
  sql<T extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>
  /** A transaction as the owner that stays open, to hold rows that others then wait for. End it with query('commit') and end(). */
  hold(): Promise<pg.Client>
  /** How many statements wait for a lock in this database. */
  waiting(): Promise<number>
  /** Closes what open() gave and drops the database. Throws where somebody else's connection was left open: a leak. */
  drop(): Promise<void>
}

/** One number for all test files: the first to come makes the template, the others wait for it. */
const TEMPLATE_LOCK = 4_716_002_912
const TEMPLATE = `broadsheet_template_${createHash('sha256')
  .update(MIGRATIONS.map((migration) => migration.class.toString()).join())
  .digest('hex')
  .slice(0, 12)}`

/**
 * A fresh, migrated database for one test file: a clone of a template that is migrated once in a run. `empty`: without
 * any migration.
 */
export async function createDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await onServer(async (client) => {
    if (empty) return client.query(`create database ${name}`)
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
    await makeTemplate(client)
    return client.query(`create database ${name} template ${TEMPLATE}`)
  })
  return handle(name)
}

async function makeTemplate(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1 and datistemplate', [TEMPLATE])
  if (rowCount) return
  // What a killed run left half-made has no mark of a template.
  await client.query(`drop database if exists ${TEMPLATE}`)
  await client.query(`create database ${TEMPLATE}`)
  await migrate(urlOf(TEMPLATE))
  await client.query(`alter database ${TEMPLATE} is_template true`)
}

function handle(name: string): TestDatabase {
  const url = urlOf(name)
  const opened: Database[] = []
  let looking: pg.Client | undefined
  return {
    url,
    async open(role) {
      const database = await openDatabase({
        url,
        role,
        maxConnections: 4,
        log: createLog({ level: 'fatal', process: 'test' }),
      })
      opened.push(database)
      return database
    },
    async sql<T extends object>(text: string, values: unknown[] = []) {
      looking ??= await connected(name)
      return (await looking.query(text, values)).rows as T[]
    },
    async hold() {
      const client = await connected(name)
      await client.query('begin')
      return client
    },
    async waiting() {
      const [row] = await this.sql<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return row?.n ?? 0
    },
    async drop() {
      await Promise.all(opened.map((database) => database.close()))
      await looking?.end()
      // Without FORCE: Postgres itself waits a few seconds for leaving connections, then refuses and names their number.
      await onServer((client) => client.query(`drop database ${name}`))
    },
  }
}

function urlOf(name: string): string {
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  return url.href
}

async function connected(name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: urlOf(name) })
  await client.connect()
  return client
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connected('postgres')
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
