import type { Database } from '../db/orm.ts'
import { Unauthenticated } from '../errors.ts'
import { ADMINISTRATOR, createArrivals } from './arrival.ts'
import type { Verifier } from './jwt.ts'
import { createRecheck } from './recheck.ts'
import type { Ticks } from './remember.ts'
import { createStanding } from './standing.ts'
import { createTokenLookup } from './token-lookup.ts'
import { looksLikeToken, sameSecret } from './token-text.ts'
import { SCOPES, type Viewer } from './viewer.ts'
import { looksLikeWatchToken, type WatchTokens } from './watch-token.ts'

/** No credential of ours is longer; a longer header is refused before anything is computed over it. */
const LONGEST = 8_192
const BEARER = /^Bearer +(\S+)$/i

export interface Authenticator {
  /**
   * Who is asking, by the Authorization header's value (or that of connection_init): null where none was sent. Throws
   * Unauthenticated for a bad one, with `ended` for one that was good once, and Unavailable where nobody can say now.
   */
  authenticate(authorization: string | undefined | null): Promise<Viewer | null>
  /**
   * For sockets that live long: whether the viewer's credential is still good, with the same role. False: close with 4403. Meant to be asked
   * every few seconds for each socket; all that are asked in one turn of the event loop are one statement. Rejects with Unavailable where nobody can say.
   */
  recheck(viewer: Viewer): Promise<boolean>
}

/**
 * `adminToken` is BROADSHEET_ADMIN_TOKEN; `verifier` null means that no JWT is taken. `now` is the wall clock; `ticks`
 * times what is remembered for a few seconds; `watchTokens` null means that no token for one report is taken.
 */
export function createAuthenticator(deps: {
  database: Database
  verifier: Verifier | null
  adminToken: string | null
  watchTokens?: WatchTokens | null
  now?: () => Date
  ticks?: Ticks
}): Authenticator {
  const { database, verifier, adminToken, watchTokens = null, ticks, now = () => new Date() } = deps
  const arrivals = createArrivals({ database, ticks })
  const byToken = createTokenLookup({ database, ticks })
  const roleNow = createStanding({ database })

  async function administrator(): Promise<Viewer> {
    const { tenantId, role } = ADMINISTRATOR
    const userId = await arrivals.admit(ADMINISTRATOR)
    return { userId, tenantId, role, scopes: SCOPES, tokenExpiresAt: null, apiTokenId: null }
  }

  async function byJwt(token: string): Promise<Viewer> {
    if (!verifier) throw new Unauthenticated('The token is not good here.')
    const claims = await verifier.verify(token)
    const userId = await arrivals.admit(claims)
    const { tenantId, role, scopes, expiresAt } = claims
    return { userId, tenantId, role, scopes, tokenExpiresAt: expiresAt, apiTokenId: null }
  }

  async function byWatchToken(token: string): Promise<Viewer> {
    const grant = watchTokens?.read(token)
    if (!grant) throw new Unauthenticated('The token is not good here.')
    const { tenantId, issuer, apiTokenId, reportId, expiresAt } = grant
    if (expiresAt <= now()) throw new Unauthenticated('The token has expired.', true)
    const footing = { userId: issuer, apiTokenId, watches: reportId }
    const role = await roleNow(footing)
    if (!role) throw new Unauthenticated('The report of this token, or who made it, is gone.', true)
    return { ...footing, tenantId, role, scopes: ['reports:read'], tokenExpiresAt: expiresAt }
  }

  async function viewerOf(token: string): Promise<Viewer> {
    if (adminToken && sameSecret(token, adminToken)) return administrator()
    if (looksLikeWatchToken(token)) return byWatchToken(token)
    return looksLikeToken(token) ? byToken(token) : byJwt(token)
  }

  return {
    async authenticate(authorization) {
      if (authorization == null || authorization.trim() === '') return null
      const token = authorization.length <= LONGEST ? BEARER.exec(authorization.trim())?.[1] : undefined
      if (!token) throw new Unauthenticated()
      const viewer = await viewerOf(token)
      // A remembered viewer may have come to its end since.
      if (viewer.tokenExpiresAt && viewer.tokenExpiresAt <= now())
        throw new Unauthenticated('The token has expired.', true)
      return viewer
    },
    recheck: createRecheck({ roleNow, now }),
  }
}
