import type { OwnLimits } from '../limits.ts'

/** Who is asking: the authenticated caller of one request or one socket. Plain facts, no behaviour. */
export const ROLES = ['ADMIN', 'MEMBER', 'VIEWER'] as const
export type Role = (typeof ROLES)[number]

export const SCOPES = [
  'reports:read',
  'reports:write',
  'schedules:read',
  'schedules:write',
  'users:write',
  'system:read',
] as const
export type Scope = (typeof SCOPES)[number]

export interface Viewer {
  readonly userId: string
  readonly tenantId: string
  readonly role: Role
  readonly scopes: readonly Scope[]
  /** When the credential ends; null: it does not. */
  readonly tokenExpiresAt: Date | null
  /** The API token that was shown; null for the ADMIN token of the settings and for a JWT. */
  readonly apiTokenId: string | null
  /** What the API token has of its own instead of the settings' limits; absent or null: nothing. */
  readonly limits?: OwnLimits | null
  /** The one report that a watch token is for: nothing else may be read with it. Absent for every other credential. */
  readonly watches?: string
}
