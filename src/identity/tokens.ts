import { LockMode } from '@mikro-orm/core'
import { v7 } from 'uuid'
import type { Database, EntityManager } from '../db/orm.ts'
import { Refusal, refuse, type UserError } from '../errors.ts'
import { USUAL_LIMITS, type Limits } from '../limits.ts'
import { ApiToken, User } from './identity.entity.ts'
import { nameOf } from './person.ts'
import { hasScope, scopesWithin } from './policy.ts'
import { endOf } from './token-end.ts'
import { ownLimits, type WantedLimits } from './token-limits.ts'
import { hashOf, makeToken } from './token-text.ts'
import { isUuid } from '../uuid.ts'
import { SCOPES, type Viewer } from './viewer.ts'

/** Tokens that one user may hold at once. */
const MOST_PER_USER = 100

export interface TokenInput {
  name: string
  scopes: readonly string[]
  /** ISO 8601 duration; null or absent: no end, or the end of the token that makes it. */
  expiresIn?: string | null | undefined
  /** Another user of the tenant; null or absent: the viewer. */
  userId?: string | null | undefined
  /** Instead of the settings' own, from an ADMIN with users:write. */
  limits?: WantedLimits | null | undefined
}

export interface Tokens {
  /**
   * A token that can do no more than its maker and its user. `secret` is shown this once. Throws Refusal with paths
   * ["name"], ["scopes"], ["expiresIn"], ["userId"], ["limits", name].
   */
  create(viewer: Viewer, input: TokenInput): Promise<{ token: ApiToken; secret: string }>
  /** An own token; an ADMIN with users:write any of the tenant. Answers the id. Throws Refusal NOT_FOUND at ["id"]. */
  revoke(viewer: Viewer, id: string): Promise<string>
  /** The viewer's live tokens, newest first. */
  ofViewer(viewer: Viewer): Promise<ApiToken[]>
  /** An own live token, or null. */
  byId(viewer: Viewer, id: string): Promise<ApiToken | null>
}

/** API tokens. `limits` are those of the settings; `now` is the wall clock. */
export function createTokens({
  database,
  limits = USUAL_LIMITS,
  now = () => new Date(),
}: {
  database: Database
  limits?: Limits
  now?: () => Date
}): Tokens {
  const live = () => ({ revokedAt: null, $or: [{ expiresAt: null }, { expiresAt: { $gt: now() } }] })

  /** Locked, so that its removal and this token's making take turns: no token outlives its user. */
  async function holder(em: EntityManager, viewer: Viewer, userId: string): Promise<User> {
    const user = isUuid(userId)
      ? await em.findOne(User, { id: userId, removedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      : null
    if (!user) throw refuse('NOT_FOUND', ['userId'], 'There is no such user.')
    if ((await em.count(ApiToken, { userId: user.id, ...live() })) >= MOST_PER_USER) {
      throw refuse('LIMIT_REACHED', null, `A user has at most ${MOST_PER_USER} tokens: revoke one first.`)
    }
    return user
  }

  return {
    async create(viewer, input) {
      const faults: UserError[] = [...faultsOfScopes(viewer, input.scopes)]
      const name = nameOf(input.name)
      if (!name)
        faults.push({ field: ['name'], code: 'INVALID', message: 'A name has 1 to 200 characters, on one line.' })
      const end = endOf(input.expiresIn ?? null, viewer, now())
      if ('fault' in end) faults.push({ field: ['expiresIn'], code: 'INVALID', message: end.fault })
      const own = ownLimits(viewer, input.limits, limits)
      if ('faults' in own) faults.push(...own.faults)
      const userId = (input.userId ?? viewer.userId).toLowerCase()
      if (userId !== viewer.userId && !hasScope(viewer, 'users:write')) {
        faults.push({
          field: ['userId'],
          code: 'FORBIDDEN',
          message: 'Only an ADMIN with users:write makes tokens for others.',
        })
      }
      if (faults.length > 0 || !name || 'fault' in end || 'faults' in own) throw new Refusal(faults)

      const secret = makeToken()
      const token = await database.inTenant(viewer.tenantId, async (em) => {
        const user = await holder(em, viewer, userId)
        const scopes = [...scopesWithin(user.role, input.scopes)]
        if (scopes.length < new Set(input.scopes).size) {
          throw refuse(
            'FORBIDDEN',
            ['scopes'],
            `A ${user.role} can not have ${input.scopes.filter((scope) => !scopes.includes(scope as never)).join(', ')}.`,
          )
        }
        const made = em.create(ApiToken, {
          id: v7(),
          tenantId: viewer.tenantId,
          userId: user.id,
          name,
          hash: hashOf(secret),
          scopes,
          limits: own.limits,
          lastUsedAt: null,
          expiresAt: end.at,
          revokedAt: null,
          createdAt: now(),
        })
        await em.persist(made).flush()
        return made
      })
      return { token, secret }
    },

    async revoke(viewer, id) {
      const whose = hasScope(viewer, 'users:write') ? {} : { userId: viewer.userId }
      const revoked = await database.inTenant(viewer.tenantId, async (em) =>
        isUuid(id) ? em.nativeUpdate(ApiToken, { id, revokedAt: null, ...whose }, { revokedAt: now() }) : 0,
      )
      if (revoked === 0) throw refuse('NOT_FOUND', ['id'], 'There is no such token.')
      return id.toLowerCase()
    },

    ofViewer: (viewer) =>
      database.inTenant(viewer.tenantId, (em) =>
        em.find(ApiToken, { userId: viewer.userId, ...live() }, { orderBy: { createdAt: 'desc', id: 'desc' } }),
      ),

    byId: (viewer, id) =>
      database.inTenant(viewer.tenantId, async (em) =>
        isUuid(id) ? em.findOne(ApiToken, { id, userId: viewer.userId, ...live() }) : null,
      ),
  }
}

/** No scope that the maker lacks; system:read is granted by the ADMIN token of the settings itself and by no token it made. */
function faultsOfScopes(viewer: Viewer, asked: readonly string[]): UserError[] {
  const at = (code: UserError['code'], message: string): UserError[] => [{ field: ['scopes'], code, message }]
  if (asked.length === 0) return at('REQUIRED', `Name at least one scope of ${SCOPES.join(', ')}.`)
  const unknown = asked.filter((scope) => !SCOPES.includes(scope as never))
  if (unknown.length > 0)
    return at(
      'INVALID',
      `Not a scope: ${unknown
        .map((scope) => JSON.stringify(scope.slice(0, 50)))
        .slice(0, 5)
        .join(', ')}. There are ${SCOPES.join(', ')}.`,
    )
  const beyond = SCOPES.filter((scope) => asked.includes(scope) && !mayGrant(viewer, scope))
  if (beyond.length > 0) return at('FORBIDDEN', `The credential that asks can not grant ${beyond.join(', ')}.`)
  return []
}

function mayGrant(viewer: Viewer, scope: (typeof SCOPES)[number]): boolean {
  return !viewer.watches && hasScope(viewer, scope) && (scope !== 'system:read' || viewer.apiTokenId === null)
}
