import type { Database } from '../db/orm.ts'
import { createMemory, type Ticks } from './remember.ts'
import type { Role, Viewer } from './viewer.ts'

/** In milliseconds: sockets of one credential that ask within this time share one read. */
const REMEMBERED_FOR = 2_000
const MOST_REMEMBERED = 10_000

const OF_TOKEN = `select u.role from broadsheet.api_token t join broadsheet.app_user u on u.id = t.user_id
  where t.id = ? and t.revoked_at is null and (t.expires_at is null or t.expires_at > now()) and u.removed_at is null`
const OF_USER = `select role from broadsheet.app_user where id = ? and removed_at is null`

/** The question behind a live socket: may this viewer go on? */
export function createRecheck({
  database,
  now,
  ticks,
}: {
  database: Database
  now: () => Date
  ticks?: Ticks | undefined
}): (viewer: Viewer) => Promise<boolean> {
  /** The role that the credential's user has now; null where credential or user has ended. */
  const roles = createMemory<Role | null>({ lifetime: REMEMBERED_FOR, most: MOST_REMEMBERED, ...(ticks && { ticks }) })

  return async (viewer) => {
    if (viewer.tokenExpiresAt && viewer.tokenExpiresAt <= now()) return false
    const { tenantId, apiTokenId, userId } = viewer
    const [question, subject] = apiTokenId ? [OF_TOKEN, apiTokenId] : [OF_USER, userId]
    const role = await roles.recall(`${tenantId} ${subject}`, () =>
      database.inTenant(
        tenantId,
        async (em) => (await em.execute<{ role: Role }[]>(question, [subject]))[0]?.role ?? null,
      ),
    )
    // A JWT carries its own role until it expires; an API token's power follows its user's row.
    return role !== null && (apiTokenId === null || role === viewer.role)
  }
}
