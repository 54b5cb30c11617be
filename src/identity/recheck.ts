import type { Footing } from './standing.ts'
import type { Role, Viewer } from './viewer.ts'

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
