import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Connection } from '../api/connection.ts'
import type { WhoAmIQuery } from '../generated/graphql.ts'

export type Viewer = WhoAmIQuery['viewer']

/** What every view needs: who looks, and the way to the service. */
export interface Signed {
  readonly viewer: Viewer
  readonly connection: Connection
}

export const SignedIn = createContext<Signed | null>(null)

export function useSigned(): Signed {
  const signed = useContext(SignedIn)
  if (!signed) throw new Error('A view is drawn while nobody is signed in.')
  return signed
}

/** What the page offers; the service decides. Nobody is shown a button that would be refused. */
export function useMay() {
  const { viewer } = useSigned()
  const has = (scope: string) => viewer.scopes.includes(scope)
  const asks = viewer.user.role !== 'VIEWER'
  return {
    readReports: has('reports:read'),
    ask: asks && has('reports:write'),
    readSchedules: asks && (has('schedules:read') || has('schedules:write')),
    plan: asks && has('schedules:write'),
    operate: viewer.user.role === 'ADMIN' && has('system:read'),
    /** Of somebody's report: its owner and an ADMIN may. */
    manage: (ownerId: string) =>
      has('reports:write') && (viewer.user.role === 'ADMIN' || (asks && ownerId === viewer.user.id)),
  }
}
