import type { EntityManager } from '../db/orm.ts'
import type { Viewer } from '../identity/viewer.ts'
import { Report } from './report.entity.ts'
import type { ReportType } from '../report-type/report-type.ts'
import type { acceptRequest } from './request.ts'

/** The columns that a request decides; all others begin with the table's defaults. */
const COLUMNS = `id, tenant_id, requested_by, type_name, type_version, title, title_given, priority, format, compression, csv_dialect,
  visibility, parameters, resolved_parameters, time_zone, tags, regenerated_from, scheduled_for, created_at`

/** The type's definition, the row QUEUED and the note of who asked: one statement, since each journey to the database counts. */
const ACCEPT = `
with definition as (
  insert into broadsheet.report_definition (version, name, kind, text) values (?, ?, ?, ?) on conflict do nothing
), report as (
  insert into broadsheet.report (${COLUMNS})
  select ${COLUMNS} from jsonb_populate_record(null::broadsheet.report, ?::jsonb) returning *
), noted as (
  insert into broadsheet.report_audit (tenant_id, report_id, kind, by_user, detail)
  select tenant_id, id, 'REQUESTED', ?::uuid, ?::jsonb from report
) select * from report`

/** Inserts what was accepted, in the caller's transaction, and answers it as it stands. */
export async function insertAccepted(
  em: EntityManager,
  viewer: Viewer,
  id: string,
  { type, row }: { type: ReportType; row: ReturnType<typeof acceptRequest>['row'] },
): Promise<Report> {
  const columns = Object.fromEntries(Object.entries({ ...row, id }).map(([name, value]) => [snakeCase(name), value]))
  const detail = row.regeneratedFrom === null ? null : JSON.stringify({ regenerated: true })
  const { version, name, body, text } = type
  const [inserted] = await em.execute<[object]>(ACCEPT, [
    version,
    name,
    body.kind,
    text,
    JSON.stringify(columns),
    viewer.userId,
    detail,
  ])
  return em.map(Report, inserted as never)
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
