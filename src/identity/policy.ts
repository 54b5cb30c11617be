import { Forbidden } from '../errors.ts'
import { SCOPES, type Role, type Scope, type Viewer } from './viewer.ts'

/**
 * Who may do what: pure, and the only place that knows. A rule exists as a question about one object (`mayRead`) and,
 * where lists are filtered, as a condition for the query (`readableReports`); a test holds the two together.
 */

/** What a rule has to know of a report. */
export interface ReportFacts {
  readonly id: string
  readonly tenantId: string
  readonly requestedBy: string
  readonly visibility: 'PRIVATE' | 'TENANT'
}

const READING: readonly Scope[] = ['reports:read', 'schedules:read']
const ASKING: readonly Scope[] = ['reports:read', 'reports:write', 'schedules:read', 'schedules:write']

/** The most that a credential of this role can do, whatever its own list of scopes says. */
const CEILING: Record<Role, readonly Scope[]> = { ADMIN: SCOPES, MEMBER: ASKING, VIEWER: READING }

/** The scopes of a credential that names none. system:read is never among them: the ADMIN token of the settings grants it by name. */
export function defaultScopes(role: Role): readonly Scope[] {
  return CEILING[role].filter((scope) => scope !== 'system:read')
}

/** What is left of `scopes` under `role`; names that are no scope are dropped. In the order of SCOPES, each once. */
export function scopesWithin(role: Role, scopes: readonly string[]): readonly Scope[] {
  return CEILING[role].filter((scope) => scopes.includes(scope))
}

export function hasScope(viewer: Viewer, scope: Scope): boolean {
  return viewer.scopes.includes(scope) && CEILING[viewer.role].includes(scope)
}

/** Throws Forbidden, naming the scope, unless the viewer's credential has it and the viewer's role allows it. */
export function requireScope(viewer: Viewer, scope: Scope): void {
  if (!hasScope(viewer, scope))
    throw new Forbidden(`This needs the scope ${scope}, which the credential or the role does not have.`)
}

/** People are managed by an ADMIN whose credential says so. Throws Forbidden. */
export function requirePeopleAdmin(viewer: Viewer): void {
  requireScope(viewer, 'users:write')
}

/** Whether this viewer may ask for reports of the type. A VIEWER never may, whatever the type's file says. */
export function mayRequest(viewer: Viewer, type: { readonly roles: readonly Role[] }): boolean {
  return viewer.role !== 'VIEWER' && type.roles.includes(viewer.role)
}

/** Whether the type is listed for this viewer: what it may ask for; an ADMIN sees all. */
export function maySeeType(viewer: Viewer, type: { readonly roles: readonly Role[] }): boolean {
  return viewer.role === 'ADMIN' || mayRequest(viewer, type)
}

/** Whether the viewer may know of the report and read all of it, its document included. */
export function mayRead(viewer: Viewer, report: ReportFacts): boolean {
  if (report.tenantId !== viewer.tenantId || (viewer.watches ?? report.id) !== report.id) return false
  if (viewer.role === 'ADMIN' || report.visibility === 'TENANT') return true
  return viewer.role === 'MEMBER' && report.requestedBy === viewer.userId
}

/** `mayRead` as a condition of MikroORM on Report. */
export function readableReports(viewer: Viewer): {
  tenantId: string
  id?: string
  $or?: ({ requestedBy: string } | { visibility: 'TENANT' })[]
} {
  const tenant = { tenantId: viewer.tenantId, ...(viewer.watches && { id: viewer.watches }) }
  if (viewer.role === 'ADMIN') return tenant
  const visible = { visibility: 'TENANT' as const }
  return { ...tenant, $or: viewer.role === 'MEMBER' ? [{ requestedBy: viewer.userId }, visible] : [visible] }
}

/** `mayRead` as SQL over the columns of broadsheet.report (named `alias`), with `?` for the values in order. */
export function readableReportsSql(viewer: Viewer, alias = 'report'): { sql: string; values: string[] } {
  const { tenantId, watches, userId } = viewer
  const wall = watches ? `${alias}.tenant_id = ? and ${alias}.id = ?::uuid` : `${alias}.tenant_id = ?`
  const values = watches ? [tenantId, watches] : [tenantId]
  if (viewer.role === 'ADMIN') return { sql: `(${wall})`, values }
  const visible = `${alias}.visibility = 'TENANT'`
  if (viewer.role === 'VIEWER') return { sql: `(${wall} and ${visible})`, values }
  return { sql: `(${wall} and (${alias}.requested_by = ? or ${visible}))`, values: [...values, userId] }
}

/** Cancel, retry, deliver, delete: the owner, or an ADMIN of the tenant. Who may not even read it gets NOT_FOUND, not FORBIDDEN. */
export function mayManage(
  viewer: Pick<Viewer, 'tenantId' | 'userId' | 'role'>,
  thing: { readonly tenantId: string; readonly requestedBy: string },
): boolean {
  if (thing.tenantId !== viewer.tenantId || viewer.role === 'VIEWER') return false
  return viewer.role === 'ADMIN' || thing.requestedBy === viewer.userId
}

/** A schedule is read and managed by the same people: who made it, and an ADMIN of the tenant. For a VIEWER there is none. */
export function mayManageSchedule(
  viewer: Viewer,
  schedule: { readonly tenantId: string; readonly createdBy: string },
): boolean {
  return mayManage(viewer, { tenantId: schedule.tenantId, requestedBy: schedule.createdBy })
}

/** `mayManageSchedule` as a condition of MikroORM on Schedule. */
export function manageableSchedules(viewer: Viewer): { tenantId: string; createdBy?: string | { $in: string[] } } {
  const tenant = { tenantId: viewer.tenantId }
  if (viewer.role === 'ADMIN') return tenant
  return { ...tenant, createdBy: viewer.role === 'MEMBER' ? viewer.userId : { $in: [] } }
}

/** People are listed for an ADMIN; everybody else finds itself. Names of those who asked for a visible report are shown beside it. */
export function readableUsers(viewer: Viewer): { tenantId: string; id?: string } {
  return viewer.role === 'ADMIN' ? { tenantId: viewer.tenantId } : { tenantId: viewer.tenantId, id: viewer.userId }
}

/** E-mail addresses are for their owner and for an ADMIN of the tenant. */
export function maySeeEmail(viewer: Viewer, user: { readonly id: string; readonly tenantId: string }): boolean {
  return user.tenantId === viewer.tenantId && (viewer.role === 'ADMIN' || user.id === viewer.userId)
}

/** An upload is for who made it alone, an ADMIN included. */
export function mayUseUpload(
  viewer: Pick<Viewer, 'tenantId' | 'userId'>,
  upload: { readonly tenantId: string; readonly createdBy: string },
): boolean {
  return upload.tenantId === viewer.tenantId && upload.createdBy === viewer.userId
}

/** `mayUseUpload` as a condition of MikroORM on Upload. */
export function usableUploads(viewer: Pick<Viewer, 'tenantId' | 'userId'>): { tenantId: string; createdBy: string } {
  return { tenantId: viewer.tenantId, createdBy: viewer.userId }
}
