import type { EntityManager } from '../db/orm.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Json } from '../report-type/define.ts'
import type { ReportType } from '../report-type/report-type.ts'
import type { ProgressRow } from './progress-row.ts'
import { Report } from './report.entity.ts'
import type { acceptRequest } from './request.ts'

/** The columns that a request decides; all others begin with the table's defaults. */
const COLUMNS = `id, tenant_id, requested_by, type_name, type_version, title, title_given, priority, format, compression, csv_dialect,
  visibility, parameters, resolved_parameters, time_zone, tags, regenerated_from, schedule_id, scheduled_for, created_at`

/** The types' definitions, the rows QUEUED and the notes of who asked: one statement, since each journey to the database counts. */
const ACCEPT = `
with asked as materialized (select ?::jsonb as asked), definition as (
  insert into broadsheet.report_definition (version, name, kind, text)
  select version, name, kind, text from asked, jsonb_to_recordset(asked->'types') as t (version text, name text, kind text, text text)
  order by version on conflict do nothing
), report as (
  insert into broadsheet.report (${COLUMNS})
  select ${COLUMNS} from asked, jsonb_populate_recordset(null::broadsheet.report, asked->'rows') returning *
), noted as (
  insert into broadsheet.report_audit (tenant_id, report_id, kind, by_user, detail)
  select report.tenant_id, report.id, 'REQUESTED', n.by, n.detail
  from report join asked on true join jsonb_to_recordset(asked->'notes') as n (id uuid, by uuid, detail jsonb) on n.id = report.id
) select * from report`

/** A request that was checked, under its id. `by`: who asked, null where the service itself did. */
export interface Accepted {
  readonly id: string
  readonly type: ReportType
  readonly row: ReturnType<typeof acceptRequest>['row']
  readonly by: string | null
  readonly detail: { readonly [name: string]: Json } | null
}

/** Inserts what was accepted, in the caller's transaction, and answers the rows as they stand, in no order. */
export async function insertAll(em: EntityManager, accepted: readonly Accepted[]): Promise<ProgressRow[]> {
  if (accepted.length === 0) return []
  const types = new Map(accepted.map(({ type }) => [type.version, type]))
  const asked = {
    types: [...types.values()].map(({ version, name, body, text }) => ({ version, name, kind: body.kind, text })),
    rows: accepted.map(({ id, row }) =>
      Object.fromEntries(Object.entries({ ...row, id }).map(([name, value]) => [snakeCase(name), value])),
    ),
    notes: accepted.map(({ id, by, detail }) => ({ id, by, detail })),
  }
  return em.execute<ProgressRow[]>(ACCEPT, [JSON.stringify(asked)])
}

/** The same for one that a viewer has asked for. */
export async function insertAccepted(
  em: EntityManager,
  viewer: Viewer,
  { id, type, row, detail = null }: Omit<Accepted, 'by' | 'detail'> & { detail?: Accepted['detail'] },
): Promise<Report> {
  const repeated = row.regeneratedFrom === null ? null : { regenerated: true }
  const [inserted] = await insertAll(em, [{ id, type, row, by: viewer.userId, detail: detail ?? repeated }])
  return em.map(Report, inserted as never)
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
