import type { Database } from '../db/orm.ts'
import { Unauthenticated } from '../errors.ts'
import type { OwnLimits } from '../limits.ts'
import { scopesWithin } from './policy.ts'
import { createMemory, type Ticks } from './remember.ts'
import { hashOf, isWellFormed } from './token-text.ts'
import type { Role, Viewer } from './viewer.ts'

/** In milliseconds: as long a revoked token may still pass. The promise to callers is 5 s. */
const REMEMBERED_FOR = 3_000
const MOST_REMEMBERED = 10_000
/** last_used_at is written at most this often for a token, in milliseconds. */
const USE_NOTED_EVERY = 60_000

interface Found {
  token_id: string
  user_id: string
  tenant_id: string
  role: Role
  scopes: string[]
  expires_at: Date | null
  ended: boolean
  limits: OwnLimits | null
}

/** From an API token's text to its viewer. Throws Unauthenticated, `ended` where the token was good once. */
export function createTokenLookup({
  database,
  ticks,
}: {
  database: Database
  ticks?: Ticks | undefined
}): (token: string) => Promise<Viewer> {
  const viewers = createMemory<Viewer>({ lifetime: REMEMBERED_FOR, most: MOST_REMEMBERED, ...(ticks && { ticks }) })
  const uses = createMemory<void>({ lifetime: USE_NOTED_EVERY, most: MOST_REMEMBERED, ...(ticks && { ticks }) })

  async function find(hash: Buffer): Promise<Viewer> {
    const [found] = await database.statement<Found>(`select * from broadsheet.find_api_token(?)`, [hash])
    if (!found) throw new Unauthenticated('The token is not good here.')
    if (found.ended) throw new Unauthenticated('The token has expired or was revoked.', true)
    await uses.recall(found.token_id, () => noteUse(found))
    return {
      userId: found.user_id,
      tenantId: found.tenant_id,
      role: found.role,
      scopes: scopesWithin(found.role, found.scopes),
      tokenExpiresAt: found.expires_at && new Date(found.expires_at),
      apiTokenId: found.token_id,
      ...(found.limits && { limits: found.limits }),
    }
  }

  /** The condition holds between processes what the memory holds within one. */
  async function noteUse({ tenant_id, token_id }: Found): Promise<void> {
    await database.inTenant(tenant_id, (em) =>
      em.execute(
        `update broadsheet.api_token set last_used_at = now()
         where id = ? and (last_used_at is null or last_used_at <= now() - ? * interval '1 millisecond')`,
        [token_id, USE_NOTED_EVERY],
      ),
    )
  }

  return async (token) => {
    if (!isWellFormed(token)) throw new Unauthenticated('The token has a typo, or was cut: it is not one of ours.')
    const hash = hashOf(token)
    return viewers.recall(hash.toString('base64'), () => find(hash))
  }
}
