import type { Database, Reading } from '../db/orm.ts'
import { Refusal, refuse } from '../errors.ts'
import { mayManage, requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { note } from '../report/audit.ts'
import { lockManaged } from '../report/managed.ts'
import { eventOf } from '../report/progress-row.ts'
import type { Report } from '../report/report.entity.ts'
import type { Reports } from '../report/reports.ts'
import type { Tell } from '../report/tell.ts'
import { isWindowTaken, WINDOW_TAKEN } from '../schedule/windows.ts'
import { isUuid } from '../uuid.ts'
import { startDeliveries } from './attach.ts'
import { Delivery } from './delivery.entity.ts'
import type { DeliveryInput, Targets } from './targets.ts'

interface Dependencies {
  database: Database
  reports: Pick<Reports, 'byIds'>
  targets: Targets
  tell: Tell
}

/** What the API does with deliveries. Who may read a report sees them; who may manage it sees where they go, and moves them. */
export function createDeliveries({ database, reports, targets, tell }: Dependencies) {
  return {
    /** Oldest first; the caller has asked whether the viewer may read the reports. */
    async ofReports(reading: Reading, reportIds: readonly string[]): Promise<Delivery[][]> {
      const found = await reading.read((em) =>
        em.find(
          Delivery,
          { reportId: { $in: [...reportIds] } },
          { orderBy: { createdAt: 'asc', position: 'asc', id: 'asc' }, disableIdentityMap: true },
        ),
      )
      const byReport = Map.groupBy(found, (delivery) => delivery.reportId)
      return reportIds.map((id) => byReport.get(id) ?? [])
    },

    /** In the order asked for; null for unknown and foreign ids. */
    async byIds(viewer: Viewer, reading: Reading, ids: readonly string[]): Promise<(Delivery | null)[]> {
      const found = await reading.read((em) =>
        em.find(Delivery, { id: { $in: ids.filter(isUuid) } }, { disableIdentityMap: true }),
      )
      const readable = await reports.byIds(viewer, reading, [...new Set(found.map(({ reportId }) => reportId))])
      const seen = new Set(readable.map((report) => report?.id))
      const byId = new Map(
        found.filter(({ reportId }) => seen.has(reportId)).map((delivery) => [delivery.id, delivery]),
      )
      return ids.map((id) => byId.get(id) ?? null)
    },

    /** Whether the viewer sees where it goes and what went wrong: addresses are not for every reader of a report. */
    isOpenTo(viewer: Viewer, delivery: Pick<Delivery, 'tenantId' | 'requestedBy'>): boolean {
      return mayManage(viewer, delivery)
    },

    /**
     * A finished document to new targets, at once. Throws Refusal: at ["id"] NOT_FOUND, FORBIDDEN, CONFLICT (with the report)
     * where there is no document; below ["deliveries"] what is wrong with them, or LIMIT_REACHED.
     */
    async deliver(viewer: Viewer, id: string, inputs: readonly DeliveryInput[]): Promise<Report> {
      requireScope(viewer, 'reports:write')
      const report = await database.inTenant(viewer.tenantId, async (em) => {
        const found = await lockManaged(em, viewer, id)
        if (found.status !== 'SUCCEEDED')
          throw refuse('CONFLICT', ['id'], `The report has no document to deliver: it is ${found.status}.`, found)
        if (inputs.length === 0) throw refuse('REQUIRED', ['deliveries'], 'Say where the document goes.')
        const wanted = await targets.check(em, viewer, inputs, ['deliveries'], found)
        await startDeliveries(em, viewer, found.id, wanted)
        await note(em, viewer, found.id, 'DELIVERED', {
          to: wanted.flatMap((target) => ('keep' in target ? [] : [target.channel])),
        })
        return found
      })
      tell('CHANGED', eventOf(report))
      return report
    },

    /**
     * FAILED: PENDING again, with as many tries as a new one, the first at once. Throws Refusal at ["id"]: NOT_FOUND, FORBIDDEN,
     * NOT_RETRYABLE (with the delivery).
     */
    async retry(viewer: Viewer, id: string): Promise<Delivery> {
      requireScope(viewer, 'reports:write')
      const { report, delivery } = await database.inTenant(viewer.tenantId, async (em) => {
        const known = isUuid(id) ? await em.findOne(Delivery, { id }, { disableIdentityMap: true }) : null
        // The report first, as whoever deletes it does.
        const owner = known && (await lockManaged(em, viewer, known.reportId).catch(asNoDelivery))
        if (!known || !owner) throw refuse('NOT_FOUND', ['id'], NO_DELIVERY)
        if (known.channel === 'WAREHOUSE' && known.status === 'FAILED' && (await isWindowTaken(em, owner)))
          throw refuse('NOT_RETRYABLE', ['id'], WINDOW_TAKEN, known)
        const again = await em.execute<object[]>(
          `update broadsheet.delivery set status = 'PENDING', charged = 0, worker_id = null, due_at = clock_timestamp(), counted = false
           where id = ? and status = 'FAILED' returning 1 as moved`,
          [id],
        )
        const found = await em.findOneOrFail(Delivery, { id }, { disableIdentityMap: true })
        if (again.length === 0)
          throw refuse('NOT_RETRYABLE', ['id'], `Only a FAILED delivery is tried again: it is ${found.status}.`, found)
        return { report: owner, delivery: found }
      })
      tell('CHANGED', eventOf(report))
      return delivery
    },
  }
}

const NO_DELIVERY = 'There is no such delivery, or it is not yours to see.'

/** A delivery of a report that the viewer may not see is told in the same words as one that is not there. */
function asNoDelivery(error: unknown): null {
  if (error instanceof Refusal && error.userErrors.some(({ code }) => code === 'NOT_FOUND')) return null
  throw error
}

export type Deliveries = ReturnType<typeof createDeliveries>
