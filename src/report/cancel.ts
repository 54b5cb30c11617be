import type { Database, EntityManager } from '../db/orm.ts'
import { refuse } from '../errors.ts'
import { requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { note } from './audit.ts'
import { lockManaged, move } from './managed.ts'
import { eventOf } from './progress-row.ts'
import type { Report } from './report.entity.ts'
import type { ProgressEvent } from '../progress/event.ts'
import type { Json } from '../report-type/define.ts'
import { mayMove, type ReportStatus } from './status.ts'
import type { Tell } from './tell.ts'

/** What waits ends at once; what runs is ended by its holder. */
const MOVES = {
  CANCELED: `status = 'CANCELED', stage = 'DONE', percent = null, eta_seconds = null, finished_at = clock_timestamp()`,
  CANCELING: `status = 'CANCELING'`,
} as const

/**
 * The same for reports of one schedule that a later slot takes the place of, in the caller's transaction: what is not under
 * way any more is passed over. `detail` says why in each report's audit. Resolves to what is to be told after the commit.
 */
export async function cancelForSlot(
  em: EntityManager,
  ids: readonly string[],
  detail: { readonly [name: string]: Json },
): Promise<ProgressEvent[]> {
  const wanted = `{${ids.join(',')}}`
  const locked = await em.execute<{ id: string; status: ReportStatus }[]>(
    `select id, status from broadsheet.report where id = any(?::uuid[]) and status in ('QUEUED', 'RUNNING') order by id for update`,
    [wanted],
  )
  const events: ProgressEvent[] = []
  for (const { id, status } of locked) {
    await em.execute(
      `insert into broadsheet.report_audit (tenant_id, report_id, kind, by_user, detail)
       select tenant_id, id, 'CANCELED', null, ?::jsonb from broadsheet.report where id = ?`,
      [JSON.stringify({ was: status, ...detail }), id],
    )
    events.push(eventOf(await move(em, id, MOVES[status === 'QUEUED' ? 'CANCELED' : 'CANCELING'])))
  }
  return events
}

export function createCancel({ database, tell }: { database: Database; tell: Tell }) {
  /**
   * QUEUED: CANCELED at once. RUNNING: CANCELING, which its holder sees within a second. CANCELING and CANCELED are the answer
   * as they are. Throws Refusal at ["id"]: NOT_FOUND, FORBIDDEN, NOT_CANCELABLE (with the report).
   */
  return async function cancel(viewer: Viewer, id: string): Promise<Report> {
    requireScope(viewer, 'reports:write')
    const { report, moved } = await database.inTenant(viewer.tenantId, async (em) => {
      const found = await lockManaged(em, viewer, id)
      if (found.status === 'CANCELING' || found.status === 'CANCELED') return { report: found, moved: false }
      const to = (['CANCELED', 'CANCELING'] as const).find((status) => mayMove(found.status, status))
      if (!to) throw refuse('NOT_CANCELABLE', ['id'], `The report has ended: it is ${found.status}.`, found)
      await note(em, viewer, found.id, 'CANCELED', { was: found.status })
      return { report: await move(em, found.id, MOVES[to]), moved: true }
    })
    if (moved) tell('CHANGED', eventOf(report))
    return report
  }
}
