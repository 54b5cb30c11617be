import { raw, type FilterQuery, type QueryOrderMap } from '@mikro-orm/core'
import { readPage, type Page, type PageArguments } from '../db/page.ts'
import type { Database, Reading } from '../db/orm.ts'
import { readableReports, requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { isUuid } from '../uuid.ts'
import type { Log } from '../log.ts'
import type { Store } from '../stores/store.ts'
import { createAsking } from './asking.ts'
import { auditOf, noteDownload, rememberDeleted, type Remembered } from './audit.ts'
import { createCancel } from './cancel.ts'
import type { Catalog } from '../report-type/catalog.ts'
import type { Json } from '../report-type/define.ts'
import type { Targets } from '../delivery/targets.ts'
import { progressOf, type ProgressRow } from './progress-row.ts'
import type { ProgressEvent } from '../progress/event.ts'
import type { QueueLimit } from '../claim/queue-limit.ts'
import { Report, ReportAttempt } from './report.entity.ts'
import { createRemove } from './remove.ts'
import { createRetry } from './retry.ts'
import type { ReportOrder, ReportPriority, ReportStatus } from './status.ts'
import type { Tell } from './tell.ts'
import { queuePositions } from '../claim/waiting.ts'

export interface ReportFilter {
  status?: readonly ReportStatus[] | null
  type?: readonly string[] | null
  priority?: readonly ReportPriority[] | null
  scheduleId?: string | null
  tag?: string | null
  createdFrom?: Date | null
  createdBefore?: Date | null
  titleContains?: string | null
  /** Lower case. */
  sha256?: string | null
}

const ORDERS: Record<ReportOrder, QueryOrderMap<Report>> = {
  CREATED_AT_DESC: { createdAt: 'desc', id: 'desc' },
  CREATED_AT_ASC: { createdAt: 'asc', id: 'asc' },
  FINISHED_AT_DESC: { finishedAt: 'desc nulls last', id: 'desc' },
}

interface Dependencies {
  database: Database
  catalog: Catalog
  store: Pick<Store, 'remove'>
  queueLimit: QueueLimit
  targets: Targets
  tell: Tell
  log: Log
}

/** The verbs on reports that the API has. Reads go through the operation's Reading, writes through a transaction of their own. */
export function createReports({ database, catalog, store, queueLimit, targets, tell, log }: Dependencies) {
  return {
    ...createAsking({ database, catalog, tell, queueLimit, targets }),
    cancel: createCancel({ database, tell }),
    retry: createRetry({ database, tell, queueLimit }),
    remove: createRemove({ database, store, tell, log }),
    queuePositions,
    audit: auditOf,
    rememberDeleted,

    /** In its own transaction, before the first byte: what is not noted is not given. */
    noteDownload(report: Report, link: { issuer: string; attempt: number; expires: number }): Promise<void> {
      return database.inTenant(report.tenantId, (em) => noteDownload(em, report, link))
    },

    /** Null for an unknown, foreign or malformed id. */
    async byId(viewer: Viewer, reading: Reading, id: string): Promise<Report | null> {
      const [report] = await this.byIds(viewer, reading, [id])
      return report ?? null
    },

    /** In the order asked for; null where there is none or the viewer may not read it. */
    async byIds(viewer: Viewer, reading: Reading, ids: readonly string[]): Promise<(Report | null)[]> {
      requireScope(viewer, 'reports:read')
      const known = ids.filter(isUuid)
      const found = await reading.read((em) =>
        em.find(Report, { $and: [{ id: { $in: known } }, readableReports(viewer)] } as FilterQuery<Report>, {
          disableIdentityMap: true,
        }),
      )
      const byId = new Map(found.map((report) => [report.id, report]))
      return ids.map((id) => byId.get(id) ?? null)
    },

    async page(
      viewer: Viewer,
      reading: Reading,
      options: PageArguments & { filter?: ReportFilter | null; order?: ReportOrder | null },
    ): Promise<Page<Report>> {
      requireScope(viewer, 'reports:read')
      const where = {
        $and: [readableReports(viewer), conditionOf(viewer, options.filter ?? {})],
      } as FilterQuery<Report>
      const page = await reading.read((em) =>
        readPage(em, Report, where, ORDERS[options.order ?? 'CREATED_AT_DESC'], options),
      )
      return { ...page, totalCount: () => reading.read((em) => em.count(Report, where)) }
    },

    /** Attempts of each report, first to last. */
    async attempts(reading: Reading, ids: readonly string[]): Promise<ReportAttempt[][]> {
      const found = await reading.read((em) =>
        em.find(
          ReportAttempt,
          { reportId: { $in: [...ids] } },
          { orderBy: { number: 'asc' }, disableIdentityMap: true },
        ),
      )
      const byReport = Map.groupBy(found, (attempt) => attempt.reportId)
      return ids.map((id) => byReport.get(id) ?? [])
    },

    /** The first rows of each document, [] where there is none. */
    async previews(reading: Reading, ids: readonly string[]): Promise<Json[][][]> {
      const rows = await reading.read((em) =>
        em.execute<{ id: string; preview: Json[][] | null }[]>(
          `select id, preview from broadsheet.report where id = any(?::uuid[])`,
          [`{${ids.join(',')}}`],
        ),
      )
      const byId = new Map(rows.map((row) => [row.id, row.preview]))
      return ids.map((id) => byId.get(id) ?? [])
    },

    /** Whose report it is, before a tenant is known: for signed links. Null: there is none. */
    async tenantOf(reportId: string): Promise<string | null> {
      const [row] = await database.statement<{ tenant: string | null }>(
        `select broadsheet.tenant_of_report(?::uuid) as tenant`,
        [reportId],
      )
      return row?.tenant ?? null
    },

    /**
     * What these reports have come to beyond the sequence that is known of each, over all tenants: for live subscribers that
     * were authorised before. One statement for all; `gone` are those without a row.
     */
    async progress(known: ReadonlyMap<string, number>): Promise<{ rows: ProgressEvent[]; gone: string[] }> {
      const news = await database.statement<ProgressRow & { gone: boolean }>(
        `select * from broadsheet.progress_since(?::uuid[], ?::bigint[])`,
        [`{${[...known.keys()].join(',')}}`, `{${[...known.values()].join(',')}}`],
      )
      const { gone = [], there = [] } = Object.groupBy(news, (row) => (row.gone ? 'gone' : 'there'))
      return { rows: there.map(progressOf), gone: gone.map(({ id }) => id) }
    },
  }
}

export type Reports = ReturnType<typeof createReports>

function conditionOf({ tenantId }: Viewer, filter: ReportFilter): FilterQuery<Report> {
  const { status, type, priority, scheduleId, tag, createdFrom, createdBefore, titleContains, sha256 } = filter
  return {
    ...(status && { status: { $in: [...status] } }),
    ...(type && { typeName: { $in: [...type] } }),
    ...(priority && { priority: { $in: [...priority] } }),
    ...(scheduleId && { scheduleId }),
    ...(tag && { tags: { $contains: [tag] } }),
    ...((createdFrom || createdBefore) && {
      createdAt: { ...(createdFrom && { $gte: createdFrom }), ...(createdBefore && { $lt: createdBefore }) },
    }),
    ...(titleContains && { title: { $ilike: `%${titleContains.replaceAll(/[\\%_]/g, '\\$&')}%` } }),
    // An expired report has no document for anybody.
    ...(sha256 && {
      [raw((alias) => `${alias}.id in (select broadsheet.reports_of_bytes(?, ?))`, [tenantId, sha256])]: [],
      $and: [{ status: 'SUCCEEDED' }],
    }),
  } as FilterQuery<Report>
}

/** The same filter on an entity in hand, for live events. */
export function matches(filter: ReportFilter, report: Remembered): boolean {
  const { status, type, priority, scheduleId, tag, createdFrom, createdBefore, titleContains, sha256 } = filter
  return (
    (!status || status.includes(report.status)) &&
    (!type || type.includes(report.typeName)) &&
    (!priority || priority.includes(report.priority)) &&
    (!scheduleId || report.scheduleId === scheduleId) &&
    (!tag || report.tags.includes(tag)) &&
    (!createdFrom || report.createdAt >= createdFrom) &&
    (!createdBefore || report.createdAt < createdBefore) &&
    (!titleContains || report.title.toLowerCase().includes(titleContains.toLowerCase())) &&
    (!sha256 || (report.status === 'SUCCEEDED' && report.document?.sha256 === sha256))
  )
}
