import type { Database } from '../db/orm.ts'
import { createMemory, type Ticks } from './remember.ts'
import type { Role, Viewer } from './viewer.ts'

/** In milliseconds: sockets of one credential that ask within this time share one read. */
const REMEMBERED_FOR = 2_000
const MOST_REMEMBERED = 10_000

const OF_USER = `select u.role from broadsheet.app_user u where u.id = ? and u.removed_at is null`
const WITH_TOKEN = ` and exists (select from broadsheet.api_token t where t.id = ? and t.user_id = u.id and t.revoked_at is null
  and (t.expires_at is null or t.expires_at > now()))`
const WITH_REPORT = ` and exists (select from broadsheet.report r where r.id = ?)`

/** What a credential stands on: its user, the API token it is or was made with, the report it is for. */
export type Footing = Pick<Viewer, 'userId' | 'tenantId' | 'apiTokenId' | 'watches'>

/** The role that the credential's user has now; null where the credential, its user or its report has ended. */
export function createRoleNow({
  database,
  ticks,
}: {
  database: Database
  ticks?: Ticks | undefined
}): (footing: Footing) => Promise<Role | null> {
  const roles = createMemory<Role | null>({ lifetime: REMEMBERED_FOR, most: MOST_REMEMBERED, ...(ticks && { ticks }) })

  return ({ tenantId, userId, apiTokenId, watches }) => {
    const question = OF_USER + (apiTokenId ? WITH_TOKEN : '') + (watches ? WITH_REPORT : '')
    const values = [userId, apiTokenId, watches].filter((value) => value != null)
    return roles.recall(JSON.stringify([tenantId, userId, apiTokenId, watches]), () =>
      database.inTenant(
        tenantId,
        async (em) => (await em.execute<{ role: Role }[]>(question, values))[0]?.role ?? null,
      ),
    )
  }
}

/** The question behind a live socket: may this viewer go on? */
export function createRecheck({
  roleNow,
  now,
}: {
  roleNow: (footing: Footing) => Promise<Role | null>
  now: () => Date
}): (viewer: Viewer) => Promise<boolean> {
  return async (viewer) => {
    if (viewer.tokenExpiresAt && viewer.tokenExpiresAt <= now()) return false
    const role = await roleNow(viewer)
    // A JWT carries its own role until it expires; the power of an API token and of a watch token follows its user's row.
    const carriesRole = viewer.apiTokenId === null && !viewer.watches
    return role !== null && (carriesRole || role === viewer.role)
  }
}
