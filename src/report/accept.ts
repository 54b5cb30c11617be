import type { Viewer } from '../identity/viewer.ts'
import type { Json } from '../report-type/define.ts'
import type { ReportType } from '../report-type/report-type.ts'
import type { ProgressRow } from './progress-row.ts'
import { snakeCase } from '../report-type/names.ts'
import { Report } from './report.entity.ts'
import type { acceptRequest } from './request.ts'

/** Runs one statement and answers its rows. */
export type Run = (sql: string, values: readonly unknown[]) => Promise<object[]>

/** A request that was checked, under its id. `by`: who asked, null where the service itself did. */
export interface Accepted {
  readonly id: string
  readonly type: ReportType
  readonly row: ReturnType<typeof acceptRequest>['row']
  /** The span that asked, for whoever works on it. */
  readonly traceparent?: string | null
  readonly by: string | null
  readonly detail: { readonly [name: string]: Json } | null
}

/**
 * Inserts what was accepted, with the types' definitions and the notes of who asked, in one call, since each journey to the
 * database counts; answers the rows as they stand, in no order. `run`: in the caller's transaction; or, with the `tenant` of
 * all of them named, as a transaction of its own.
 */
export async function insertAll(
  run: Run,
  accepted: readonly Accepted[],
  tenant: string | null = null,
): Promise<ProgressRow[]> {
  if (accepted.length === 0) return []
  const types = new Map(accepted.map(({ type }) => [type.version, type]))
  const asked = {
    types: [...types.values()].map(({ version, name, body, text }) => ({ version, name, kind: body.kind, text })),
    rows: accepted.map(({ id, row, traceparent = null }) =>
      Object.fromEntries(Object.entries({ ...row, id, traceparent }).map(([name, value]) => [snakeCase(name), value])),
    ),
    notes: accepted.map(({ id, row, by, detail }) => ({ tenant: row.tenantId, id, by, detail })),
  }
  return (await run(`select * from broadsheet.accept_reports(?, ?)`, [JSON.stringify(asked), tenant])) as ProgressRow[]
}

/** The same for one that a viewer has asked for, in the caller's transaction. */
export async function insertAccepted(
  run: Run,
  viewer: Viewer,
  {
    id,
    type,
    row,
    traceparent = null,
    detail = null,
  }: Omit<Accepted, 'by' | 'detail'> & { detail?: Accepted['detail'] },
): Promise<Report> {
  const repeated = row.regeneratedFrom === null ? null : { regenerated: true }
  const [inserted] = await insertAll(run, [
    { id, type, row, traceparent, by: viewer.userId, detail: detail ?? repeated },
  ])
  return reportOf(inserted!)
}

/**
 * The row of a report that was accepted just now, as its entity: what the driver gives as text becomes what the entity says.
 * By hand, as the ORM's way of mapping one row took a tenth of all that a request costs the API.
 */
export function reportOf(row: object): Report {
  const values: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row) as [string, unknown][]) {
    const key = camelCase(name)
    values[key] =
      value === null ? null : DATES.has(key) ? new Date(value as string) : NUMBERS.has(key) ? Number(value) : value
  }
  return Object.setPrototypeOf(values, Report.prototype) as Report
}
const DATES = new Set(['scheduledFor', 'progressAt', 'leaseExpiresAt', 'availableAt', 'createdAt', 'startedAt', 'finishedAt', 'expiresAt']) // prettier-ignore
const NUMBERS = new Set(['epoch', 'sequence', 'rowsWritten', 'rowsTotal', 'bytesWritten'])

const camelCased = new Map<string, string>()
function camelCase(name: string): string {
  const known = camelCased.get(name) ?? name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  camelCased.set(name, known)
  return known
}
