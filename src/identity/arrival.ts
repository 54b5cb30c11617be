import { v7 } from 'uuid'
import type { Database, EntityManager } from '../db/orm.ts'
import { Unauthenticated } from '../errors.ts'
import { DEFAULT_TENANT, RESERVED_SUBJECT, type Claims } from './claims.ts'
import { createMemory, type Ticks } from './remember.ts'

/** Somebody whom another authority vouches for: the issuer of a JWT, or the settings. */
export type Arrival = Pick<Claims, 'subject' | 'tenantId' | 'role' | 'name' | 'email'>

/** The user behind the ADMIN token of the settings. */
export const ADMINISTRATOR: Arrival = {
  subject: `${RESERVED_SUBJECT}admin`,
  tenantId: DEFAULT_TENANT,
  role: 'ADMIN',
  name: 'Administrator',
  email: null,
}

export function isAdministrator(user: {
  readonly subject?: string | null | undefined
  readonly tenantId: string
}): boolean {
  return user.tenantId === ADMINISTRATOR.tenantId && user.subject === ADMINISTRATOR.subject
}

export interface Arrivals {
  /** The id of the user's row, made or brought up to date. Throws Unauthenticated (`ended`) for a removed user. */
  admit(arrival: Arrival): Promise<string>
}

/** In milliseconds: as long a removed user's JWT may still pass. */
const REMEMBERED_FOR = 4_000
const MOST_REMEMBERED = 10_000

/** Keeps a row for everybody who arrives: one read each few seconds, a write only where something has changed. */
export function createArrivals({ database, ticks }: { database: Database; ticks?: Ticks | undefined }): Arrivals {
  const known = createMemory<string>({ lifetime: REMEMBERED_FOR, most: MOST_REMEMBERED, ...(ticks && { ticks }) })

  return {
    admit(arrival) {
      const { tenantId, subject, role, name, email } = arrival
      const key = JSON.stringify([tenantId, subject, role, name, email])
      return known.recall(key, () =>
        database.inTenant(tenantId, async (em) => (await unchanged(em, arrival)) ?? (await upsert(em, arrival))),
      )
    },
  }
}

/** The id where the row already says what the arrival says; null where it must be written. */
async function unchanged(em: EntityManager, { tenantId, subject, role, name, email }: Arrival): Promise<string | null> {
  const [row] = await em.execute<{ id: string; role: string; name: string; email: string | null; removed: boolean }[]>(
    `select id, role, name, email, removed_at is not null as removed from broadsheet.app_user where tenant_id = ? and subject = ?`,
    [tenantId, subject],
  )
  if (row?.removed) throw removed()
  const same = row && row.role === role && (name ?? row.name) === row.name && (email ?? row.email) === row.email
  return same ? row.id : null
}

async function upsert(em: EntityManager, { tenantId, subject, role, name, email }: Arrival): Promise<string> {
  await em.execute(`insert into broadsheet.tenant (id) values (?) on conflict do nothing`, [tenantId])
  // The guard at the end: a removal between the read and this write wins, and nothing comes back.
  const [row] = await em.execute<{ id: string }[]>(
    `insert into broadsheet.app_user as u (id, tenant_id, subject, name, email, role, created_at)
     values (?, ?, ?, coalesce(?::text, left(?, 200)), ?, ?, date_trunc('milliseconds', now()))
     on conflict (tenant_id, subject) do update
       set role = excluded.role, name = coalesce(?::text, u.name), email = coalesce(excluded.email, u.email)
       where u.removed_at is null
     returning id`,
    [v7(), tenantId, subject, name, subject, email, role, name],
  )
  if (!row) throw removed()
  return row.id
}

function removed(): Unauthenticated {
  return new Unauthenticated('The user of this token has been removed.', true)
}
