import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { inject } from 'vitest'
import { createApi } from '../../src/api/compose.ts'
import { readConfig } from '../../src/config.ts'
import { TABLES } from '../../src/embedded/shop/tables.ts'
import { hashOf, makeToken } from '../../src/identity/token-text.ts'
import { defaultScopes } from '../../src/identity/policy.ts'
import type { Role } from '../../src/identity/viewer.ts'
import { createLifecycle } from '../../src/lifecycle.ts'
import { createDatabase, type TestDatabase } from './database.ts'
import { WIDE_LIMITS } from './limits.ts'
import { createClients } from './clients.ts'
import { createCarrier } from './carrier.ts'

export const ADMIN_TOKEN = 'the-admin-token-of-the-tests-0123456789'
export const SECRET = 'the-first-secret-of-the-tests-0123456789'
const READER = 'test_shop_reader'

/** Somebody with a token. `gid` is the id that the API gives. */
export interface Person {
  readonly id: string
  readonly gid: string
  readonly tenant: string
  readonly token: string
  readonly tokenId: string
}

/** The database, the shop (its tables, empty) and a directory: what outlives one API process. */
export async function createGround() {
  const database = await createDatabase()
  const shop = await createDatabase({ empty: true })
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-api-'))
  await shop.sql(`do $$ begin
    if not exists (select from pg_roles where rolname = '${READER}') then create role ${READER} login password 'reads'; end if;
  exception when duplicate_object or unique_violation then null; end $$`)
  await shop.sql(TABLES)
  await shop.sql(`grant usage on schema shop to ${READER}`)
  await shop.sql(`grant select on all tables in schema shop to ${READER}`)
  const shopUrl = new URL(shop.url)
  shopUrl.username = READER
  shopUrl.password = 'reads'
  return {
    database,
    directory,
    shopUrl: shopUrl.href,
    person: (role: Role, more: { tenant?: string; scopes?: readonly string[]; name?: string; expiresAt?: Date } = {}) =>
      addPerson(database, role, more),
    async drop() {
      await database.drop()
      await shop.drop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
export type Ground = Awaited<ReturnType<typeof createGround>>

/**
 * What src/api/main.ts composes, in this process, over a ground; `environment` on top of the usual settings. Without a dashboard, whether
 * this checkout's was built or not, and without links that sign in.
 */
export async function startApi(
  ground: Ground,
  environment: Record<string, string> = {},
  { dashboard = join(ground.directory, 'no-dashboard'), signInCodes = null as string | null } = {},
) {
  const lines: string[] = []
  // Without the redaction of createLog, and at the finest level: what must not be logged must not come here at all.
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const config = readConfig({
    DATABASE_URL: ground.database.url,
    REDIS_URL: inject('redisUrl'),
    PORT: '0',
    BROADSHEET_SECRET: SECRET,
    BROADSHEET_ADMIN_TOKEN: ADMIN_TOKEN,
    BROADSHEET_SOURCES: JSON.stringify({ shop: ground.shopUrl }),
    BROADSHEET_REPORTS_DIR: fileURLToPath(new URL('../../reports', import.meta.url)),
    STORE_URL: `file:${ground.directory}`,
    ...WIDE_LIMITS,
    ...environment,
  })
  const lifecycle = createLifecycle(log)
  try {
    const api = await createApi({ config, log, lifecycle, dashboard, signInCodes })
    const clients = createClients(api.publicUrl)
    lifecycle.onClose('clients', clients.close)
    const carrier = createCarrier({
      database: ground.database,
      storeUrl: config.storeUrl,
      objectStore: config.reach.objectStore,
      redisUrl: config.redisUrl,
    })
    lifecycle.onClose('carrier', carrier.close)
    return {
      ...api,
      ...clients,
      carrier,
      lines,
      close: lifecycle.close,
      /** Asks for a report of sales; its id as the API gives it. */
      async ask(token: string, input = ''): Promise<string> {
        const { body } = await clients.post(
          `mutation { requestReport(input: { report: { sales: { startDate: "2026-01-01", endDate: "2026-01-31" } } ${input} }) { report { id } userErrors { field message } } }`,
          { token },
        )
        const id = body.data?.requestReport?.report?.id
        if (typeof id !== 'string') throw new Error(`not accepted: ${JSON.stringify(body)}`)
        return id
      },
    }
  } catch (error) {
    await lifecycle.close()
    throw error
  }
}
export type TestApi = Awaited<ReturnType<typeof startApi>>

export function uuidOf(gid: string): string {
  return Buffer.from(gid, 'base64url').toString().split(':')[1] as string
}
export function gidOf(type: string, id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url')
}

async function addPerson(
  database: TestDatabase,
  role: Role,
  more: { tenant?: string; scopes?: readonly string[]; name?: string; expiresAt?: Date },
): Promise<Person> {
  const {
    tenant = 'default',
    scopes = defaultScopes(role),
    name = `${role} ${randomBytes(3).toString('hex')}`,
    expiresAt = null,
  } = more
  const token = makeToken()
  const [id, tokenId] = [crypto.randomUUID(), crypto.randomUUID()]
  await database.sql(`insert into broadsheet.tenant (id) values ($1) on conflict do nothing`, [tenant])
  await database.sql(`insert into broadsheet.app_user (id, tenant_id, name, role) values ($1, $2, $3, $4)`, [
    id,
    tenant,
    name,
    role,
  ])
  await database.sql(`insert into broadsheet.api_token (id, tenant_id, user_id, name, hash, scopes, expires_at) values ($1, $2, $3, 'test', $4, $5, $6)`, [tokenId, tenant, id, hashOf(token), scopes, expiresAt]) // prettier-ignore
  return { id, gid: gidOf('User', id), tenant, token, tokenId }
}
