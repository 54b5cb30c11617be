import { isBeingDelivered } from '../delivery/attach.ts'
import type { Database } from '../db/orm.ts'
import { refuse } from '../errors.ts'
import { requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Log } from '../log.ts'
import type { Store } from '../stores/store.ts'
import { noteDeleted } from './audit.ts'
import { lockManaged } from './managed.ts'
import { eventOf } from './progress-row.ts'
import { Report } from './report.entity.ts'
import { EPOCH_SIZE, isTerminal } from './status.ts'
import type { Tell } from './tell.ts'

interface Dependencies {
  database: Database
  store: Pick<Store, 'remove'>
  tell: Tell
  log: Log
}

export function createRemove({ database, store, tell, log }: Dependencies) {
  /**
   * Removes a report that has ended, and its document: the row first, so that nothing can be downloaded any more, then the
   * bytes. A crash or a store that fails between leaves bytes that no report names, which the sweep removes. What remains is
   * its audit. Throws Refusal at ["id"]: NOT_FOUND, FORBIDDEN, CONFLICT where it, or a delivery of it, has not ended.
   */
  return async function remove(viewer: Viewer, id: string): Promise<void> {
    requireScope(viewer, 'reports:write')
    const report = await database.inTenant(viewer.tenantId, async (em) => {
      const found = await lockManaged(em, viewer, id)
      if (!isTerminal(found.status))
        throw refuse('CONFLICT', ['id'], `The report has not ended, it is ${found.status}: cancel it first.`)
      if (await isBeingDelivered(em, found.id))
        throw refuse(
          'CONFLICT',
          ['id'],
          'Deliveries of the report are PENDING: it can be deleted when they have ended.',
        )
      await noteDeleted(em, viewer, found)
      await em.nativeDelete(Report, { id: found.id })
      return found
    })
    tell('DELETED', { ...eventOf(report), sequence: (report.epoch + 1) * EPOCH_SIZE, at: Date.now() })
    if (!report.document) return
    await store
      .remove(report.document.key)
      .catch((error: unknown) =>
        log.warn({ err: error, reportId: report.id }, 'the bytes of a deleted report are left to the sweep'),
      )
  }
}
