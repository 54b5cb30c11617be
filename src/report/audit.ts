import type { FilterQuery } from '@mikro-orm/core'
import type { EntityManager, Reading } from '../db/orm.ts'
import { readPage, type Page, type PageArguments } from '../db/page.ts'
import { mayRead } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Json } from '../report-type/define.ts'
import { ReportAudit, type DocumentFacts, type Report } from './report.entity.ts'
import type { AuditKind } from './status.ts'

/** A link is noted at most once in so long, however many ranges are asked of it. */
const DOWNLOAD_NOTED_FOR = `interval '1 minute'`

/** What a filter on live events may ask of a report. */
export type Remembered = Pick<
  Report,
  | 'id'
  | 'tenantId'
  | 'requestedBy'
  | 'visibility'
  | 'status'
  | 'typeName'
  | 'priority'
  | 'scheduleId'
  | 'tags'
  | 'title'
  | 'createdAt'
> & { document?: Pick<DocumentFacts, 'sha256'> | null | undefined }

/** Notes what the viewer did, in the transaction that does it. */
export async function note(
  em: EntityManager,
  viewer: Viewer,
  reportId: string,
  kind: AuditKind,
  detail: { [name: string]: Json } | null = null,
): Promise<void> {
  await em.execute(
    `insert into broadsheet.report_audit (tenant_id, report_id, kind, by_user, detail) values (?, ?, ?, ?, ?::jsonb)`,
    [viewer.tenantId, reportId, kind, viewer.userId, detail && JSON.stringify(detail)],
  )
}

/** Notes a download by a link, which its issuer, attempt and end make one of a kind; `by` is the issuer. */
export async function noteDownload(
  em: EntityManager,
  report: Report,
  link: { issuer: string; attempt: number; expires: number },
): Promise<void> {
  const detail = JSON.stringify({ attempt: link.attempt, linkExpires: new Date(link.expires * 1_000).toISOString() })
  await em.execute(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [
    `download ${report.id} ${link.issuer} ${detail}`,
  ])
  await em.execute(
    `insert into broadsheet.report_audit (tenant_id, report_id, kind, by_user, detail)
     select n.* from (values (?, ?::uuid, 'DOWNLOADED', ?::uuid, ?::jsonb)) n (tenant_id, report_id, kind, by_user, detail)
     where not exists (select from broadsheet.report_audit a where a.report_id = n.report_id and a.kind = n.kind
       and a.by_user = n.by_user and a.detail = n.detail and a.at > clock_timestamp() - ${DOWNLOAD_NOTED_FOR})`,
    [report.tenantId, report.id, link.issuer, detail],
  )
}

/** Notes that the report goes, with what is to be remembered of it. */
export function noteDeleted(em: EntityManager, viewer: Viewer, report: Report): Promise<void> {
  const { requestedBy, visibility, status, typeName, priority, scheduleId = null, tags, title, document } = report
  return note(em, viewer, report.id, 'DELETED', {
    requestedBy,
    visibility,
    status,
    typeName,
    priority,
    scheduleId,
    tags,
    title,
    document: document ? { sha256: document.sha256 } : null,
    createdAt: report.createdAt.toISOString(),
  })
}

/** A deleted report as it was, where the viewer could read it; else null. */
export async function rememberDeleted(reading: Reading, viewer: Viewer, reportId: string): Promise<Remembered | null> {
  const [row] = await reading.read((em) =>
    em.find(ReportAudit, { reportId, kind: 'DELETED' } as FilterQuery<ReportAudit>, {
      limit: 1,
      disableIdentityMap: true,
    }),
  )
  if (!row?.detail) return null
  const report = {
    ...row.detail,
    id: reportId,
    tenantId: row.tenantId,
    createdAt: new Date(String(row.detail['createdAt'])),
  } as unknown as Remembered
  return mayRead(viewer, report) ? report : null
}

/** What people did with a report, oldest first. Throws BadInput for a bad page. */
export async function auditOf(reading: Reading, reportId: string, page: PageArguments): Promise<Page<ReportAudit>> {
  const where = { reportId } as FilterQuery<ReportAudit>
  const found = await reading.read((em) => readPage(em, ReportAudit, where, { at: 'asc', id: 'asc' }, page))
  return { ...found, totalCount: () => reading.read((em) => em.count(ReportAudit, where)) }
}
