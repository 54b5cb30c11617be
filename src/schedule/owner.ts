import { defaultScopes } from '../identity/policy.ts'
import type { Role, Viewer } from '../identity/viewer.ts'

/** Who made a schedule, as the row of that person says now. */
export interface Owner {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  /** The role last seen. */
  readonly role: Role
  readonly removed: boolean
}

/** A schedule asks under its owner's role; there is no credential that could narrow it. */
export function viewerOf({ id, tenantId, role }: Owner): Viewer {
  return { userId: id, tenantId, role, scopes: defaultScopes(role), tokenExpiresAt: null, apiTokenId: null }
}
