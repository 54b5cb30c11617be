import type { Database, Reading } from '../db/orm.ts'
import { requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { ChangeKind, ProgressEvent } from '../progress/event.ts'
import { projectStream } from '../progress/project.ts'
import type { ProgressSubscriber } from '../progress/subscriber.ts'
import type { REPORT_EVENT_KINDS } from './status.ts'
import { matches, type ReportFilter, type Reports } from './reports.ts'

/** Reports that one subscriber is known to have in sight, at most; beyond it the oldest is asked for again. */
const MOST_KNOWN = 10_000

export interface ReportEvent {
  readonly kind: (typeof REPORT_EVENT_KINDS)[number]
  readonly reportId: string | null
  readonly event: ProgressEvent | null
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What happens to the reports that one viewer may see, narrowed by a filter: for dashboards. */
export function createReportEvents({
  database,
  reports,
  progress,
}: {
  database: Database
  reports: Reports
  progress: ProgressSubscriber
}) {
  async function inReading<T>(viewer: Viewer, read: (reading: Reading) => Promise<T>): Promise<T> {
    const reading = database.reading(viewer.tenantId)
    try {
      return await read(reading)
    } finally {
      await reading.end()
    }
  }
  const look = (viewer: Viewer, id: string) => inReading(viewer, (reading) => reports.byId(viewer, reading, id))
  const lookBack = (viewer: Viewer, id: string) =>
    inReading(viewer, (reading) => reports.rememberDeleted(reading, viewer, id))

  return {
    /** Throws Forbidden at once. Ends when the reader leaves. */
    watch(viewer: Viewer, filter: ReportFilter): AsyncIterableIterator<ReportEvent> {
      requireScope(viewer, 'reports:read')
      const sight = createSight()
      return projectStream(progress.listen(viewer.tenantId), async (news) => {
        if (news.kind === 'READY' || news.kind === 'RESYNC')
          return { kind: news.kind, reportId: null, event: null, at: Date.now() }
        const { kind, event } = news
        const known = sight.has(event.reportId)
        if (kind === 'PROGRESSED' && known) return told(kind, event)
        if (kind === 'DELETED') {
          // The client may have it from a list that it read: the row is gone, but its audit remembers who could see it.
          const remembered = sight.drop(event.reportId) ? null : await lookBack(viewer, event.reportId)
          return known || remembered ? { ...told(kind, event), event: null } : undefined
        }
        const report = await look(viewer, event.reportId)
        if (report && matches(filter, report)) {
          sight.add(event.reportId)
          return told(kind, event)
        }
        sight.drop(event.reportId)
        // The client may have it from a list that it read; where the viewer may not see it, nothing is told.
        return known || (report && kind === 'CHANGED')
          ? { ...told('CHANGED', event), kind: 'LEFT', event: null }
          : undefined
      })
    },
  }
}

export type ReportEvents = ReturnType<typeof createReportEvents>

/** Ids of the reports that one subscriber was told of; the oldest goes where there are too many, and is looked at again. */
function createSight() {
  const ids = new Set<string>()
  return {
    has: (id: string) => ids.has(id),
    drop: (id: string) => ids.delete(id),
    add(id: string) {
      ids.delete(id)
      ids.add(id)
      const [oldest] = ids
      if (ids.size > MOST_KNOWN && oldest !== undefined) ids.delete(oldest)
    },
  }
}

function told(kind: ChangeKind, event: ProgressEvent): ReportEvent {
  return { kind, reportId: event.reportId, event, at: event.at }
}
