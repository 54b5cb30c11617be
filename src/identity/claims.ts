import { Unauthenticated } from '../errors.ts'
import { emailOf, nameOf } from './person.ts'
import { defaultScopes, scopesWithin } from './policy.ts'
import { ROLES, type Role, type Scope } from './viewer.ts'

/** What a verified JWT says about its bearer, checked and with defaults filled in. */
export interface Claims {
  readonly subject: string
  readonly tenantId: string
  readonly role: Role
  readonly scopes: readonly Scope[]
  /** Null: not said; what is known stays. */
  readonly name: string | null
  readonly email: string | null
  readonly expiresAt: Date
}

export const DEFAULT_TENANT = 'default'
/** Subjects of the service's own users, such as the administrator of the settings: no issuer may speak for them. */
export const RESERVED_SUBJECT = 'broadsheet:'

const TENANT = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/
/** Printable: no control characters, no half of a surrogate pair (Postgres refuses NUL and such halves in text). */
const SUBJECT = /^[^\p{Cc}\p{Cs}]{1,255}$/u

/** Throws Unauthenticated, naming the claim, for a claim of a wrong shape: a token that is half understood is not obeyed. */
export function readClaims(payload: Readonly<Record<string, unknown>>): Claims {
  const { sub, exp, tenant = DEFAULT_TENANT, role = 'MEMBER' } = payload
  if (typeof sub !== 'string' || !SUBJECT.test(sub) || sub.startsWith(RESERVED_SUBJECT)) throw bad('sub')
  const expiresAt = typeof exp === 'number' ? new Date(exp * 1000) : null
  if (!expiresAt || Number.isNaN(expiresAt.getTime())) throw bad('exp')
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) throw bad('tenant')
  if (!isRole(role)) throw bad('role')
  return {
    subject: sub,
    tenantId: tenant,
    role,
    scopes: readScopes(role, payload['scopes']),
    // A name or an address that is not one is left out rather than shutting its owner out.
    name: nameOf(payload['name']),
    email: emailOf(payload['email']),
    expiresAt,
  }
}

/** A claim can only narrow what the role allows; system:read is not an issuer's to give. */
function readScopes(role: Role, claim: unknown): readonly Scope[] {
  const most = defaultScopes(role)
  if (claim === undefined) return most
  const asked = typeof claim === 'string' ? claim.split(' ') : claim
  if (!Array.isArray(asked) || !asked.every((scope) => typeof scope === 'string')) throw bad('scopes')
  return scopesWithin(role, asked).filter((scope) => most.includes(scope))
}

function isRole(value: unknown): value is Role {
  return ROLES.includes(value as Role)
}

function bad(claim: string): Unauthenticated {
  return new Unauthenticated(`The token's claim "${claim}" is missing or not valid.`)
}
