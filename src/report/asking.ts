import { v7 as uuid } from 'uuid'
import { createClock } from '../db/clock.ts'
import { runIn, type Database, type EntityManager, type Reading } from '../db/orm.ts'
import { attachTargets } from '../delivery/attach.ts'
import { insertTargets, repeatTargets } from '../delivery/kept-targets.ts'
import type { Targets, WantedTarget } from '../delivery/targets.ts'
import { Refusal, refuse, type UserError } from '../errors.ts'
import { requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { insertAccepted, insertAll, reportOf } from './accept.ts'
import { note } from './audit.ts'
import { createBehindFirst } from '../idempotency/behind-first.ts'
import type { Catalog } from '../report-type/catalog.ts'
import type { Json } from '../report-type/define.ts'
import { once, type KeyUse, type Made } from '../idempotency/idempotency.ts'
import { lockManaged } from './managed.ts'
import { eventOf } from './progress-row.ts'
import type { QueueLimit } from '../claim/queue-limit.ts'
import { Report } from './report.entity.ts'
import { acceptRequest, type Origin, type ReportRequest } from './request.ts'
import { askedOf, takesUploads } from './request-words.ts'
import { findReusable } from './reuse.ts'
import { activeTraceparent } from '../tracing/tracer.ts'
import { checkUploads, keepUploads } from '../upload/named.ts'
import type { Tell } from './tell.ts'
import { createTogether } from './together.ts'

interface Dependencies {
  database: Database
  catalog: Catalog
  tell: Tell
  queueLimit: QueueLimit
  targets: Targets
}

/** The verbs that make a report: one by a request, one like another. */
export function createAsking({ database, catalog, tell, queueLimit, targets }: Dependencies) {
  const behindFirst = createBehindFirst()
  const clock = createClock(database)
  const together = createTogether((tenantId, accepted) => insertAll(database.statement, accepted, tenantId))

  /** Checks all of the request, keeps the type's definition, inserts the row QUEUED; or finds one that will do. */
  async function accept(
    em: EntityManager,
    viewer: Viewer,
    id: string,
    request: ReportRequest,
    now: Date,
    origin: Origin = {},
  ): Promise<Made<Report>> {
    const { accepted, wanted } = await checkAll(em, viewer, request, now, origin)
    const { type, row, reuseWithin, named } = accepted
    await keepUploads(em, viewer, named)
    const known = reuseWithin === null ? null : await findReusable(em, row, reuseWithin)
    if (known) {
      await note(em, viewer, known.id, 'REUSED')
      await attachTargets(em, viewer, known.id, wanted)
      return { object: known, created: false }
    }
    await queueLimit.check(em)
    const report = await insertAccepted(runIn(em), viewer, { id, type, row, traceparent: activeTraceparent() })
    await insertTargets(em, viewer, { reportId: id }, wanted)
    return { object: report, created: true }
  }

  /** A request that looks at nothing that is there already: one journey to the database, with others that come then. */
  async function acceptNew(viewer: Viewer, request: ReportRequest): Promise<Report> {
    const { type, row } = acceptRequest(viewer, request, catalog, await clock.now())
    const inserted = await together(viewer.tenantId, {
      id: uuid(),
      type,
      row,
      traceparent: activeTraceparent(),
      by: viewer.userId,
      detail: null,
    })
    const report = reportOf(inserted)
    tell('CREATED', eventOf(report))
    return report
  }

  /** The request and its deliveries: what is wrong with either is told at once. */
  async function checkAll(em: EntityManager, viewer: Viewer, request: ReportRequest, now: Date, origin: Origin) {
    const errors: UserError[] = []
    const refused = (error: unknown) => {
      if (!(error instanceof Refusal)) throw error
      errors.push(...error.userErrors)
    }
    let accepted: ReturnType<typeof acceptRequest> | undefined
    let wanted: WantedTarget[] = []
    try {
      accepted = acceptRequest(viewer, request, catalog, now, origin)
    } catch (error) {
      refused(error)
    }
    const { deliveries = [] } = request
    if (deliveries.length > 0)
      wanted = await targets.check(em, viewer, deliveries, ['deliveries'], request).catch((error: unknown) => {
        refused(error)
        return []
      })
    if (!accepted || errors.length > 0) throw new Refusal(errors)
    return { accepted, wanted }
  }

  async function make(
    viewer: Viewer,
    use: KeyUse,
    accepted: (em: EntityManager, id: string, now: Date) => Promise<Made<Report>>,
  ): Promise<Report> {
    // Before the transaction: who holds a connection and waits for another may wait for one that does the same.
    const now = await clock.now()
    const name = use.key == null ? null : JSON.stringify([viewer.tenantId, viewer.userId, use.mutation, use.key])
    const { object, created } = await behindFirst(name, () =>
      database.inTenant(viewer.tenantId, (em) =>
        once(em, viewer, use, {
          make: (id) => accepted(em, id, now),
          find: (id) => em.findOne(Report, { id }, { disableIdentityMap: true }),
        }),
      ),
    )
    if (created) tell('CREATED', eventOf(object))
    return object
  }

  return {
    /**
     * A report for the request: a new one, QUEUED; the one that was made with the same key; or one that will do (reuseWithin).
     * Throws Refusal with every user error at once; its paths lead into the mutation's input.
     */
    request(viewer: Viewer, request: ReportRequest): Promise<Report> {
      requireScope(viewer, 'reports:write')
      const { idempotencyKey: key, deliveries, ...asked } = request
      const alone =
        key == null &&
        request.reuseWithin == null &&
        !deliveries?.length &&
        !queueLimit.on &&
        !takesUploads(request.report, catalog)
      if (alone) return acceptNew(viewer, request)
      const input = {
        ...asked,
        report: askedOf(request.report, catalog),
        // No deliveries are the same input as in the days when there were none to ask for.
        deliveries: deliveries?.length ? deliveries : null,
      }
      return make(viewer, { mutation: 'requestReport', key, input }, (em, id, now) =>
        accept(em, viewer, id, request, now),
      )
    },

    /**
     * What `request` would make of the parameters now: resolved as the report would keep them, by their names in the type's file. Writes
     * nothing, and does not look how many reports wait. Throws Refusal as `request` does.
     */
    async resolve(viewer: Viewer, reading: Reading, request: ReportRequest): Promise<{ [name: string]: Json } | null> {
      requireScope(viewer, 'reports:write')
      const { row, named } = acceptRequest(viewer, request, catalog, await clock.now())
      if (named.length > 0) await reading.read((em) => checkUploads(em, viewer, named))
      return row.resolvedParameters
    },

    /**
     * A new report of the viewer's with the same request, its deliveries too: relative dates are resolved anew (of a scheduled report against its
     * slot), by the type's file as it is now. Throws Refusal at ["id"]: NOT_FOUND, FORBIDDEN, INVALID where the type does not
     * take the request any more.
     */
    regenerate(viewer: Viewer, id: string, key: string | null): Promise<Report> {
      requireScope(viewer, 'reports:write')
      return make(
        viewer,
        { mutation: 'regenerateReport', key, input: { id: id.toLowerCase() } },
        async (em, newId, now) => {
          const report = await lockManaged(em, viewer, id)
          try {
            const made = await accept(em, viewer, newId, requestOf(report), now, {
              regeneratedFrom: report.id,
              scheduledFor: report.scheduledFor ?? null,
              lastSlot: await lastSlotOf(em, report),
            })
            await repeatTargets(em, viewer, report.id, newId)
            return made
          } catch (error) {
            if (!(error instanceof Refusal) || error.userErrors.some(({ code }) => code === 'LIMIT_REACHED'))
              throw error
            const forbidden = error.userErrors.some(({ code }) => code === 'FORBIDDEN')
            throw refuse(
              forbidden ? 'FORBIDDEN' : 'INVALID',
              ['id'],
              `The same can't be asked for again: ${error.message}`,
            )
          }
        },
      )
    },
  }
}

/** The same window again where the report had one; else, of a schedule that is still there, what last_slot means now. */
async function lastSlotOf(em: EntityManager, { lastSlot, scheduleId }: Report): Promise<Date | null> {
  if (lastSlot || !scheduleId) return lastSlot ?? null
  const [known] = await em.execute<{ last: string | Date }[]>(
    `select last_slot as last from broadsheet.schedule_success where schedule_id = ?`,
    [scheduleId],
  )
  return known ? new Date(known.last) : null
}

/** What was asked for; a title that was not chosen is made anew. */
function requestOf(report: Report): ReportRequest {
  const { format, compression, csvDialect, timeZone, visibility, tags, priority } = report
  return {
    report: { byName: { type: report.typeName, parameters: report.parameters } },
    title: report.titleGiven ? report.title : null,
    format,
    compression,
    csvDialect,
    timeZone,
    visibility,
    tags,
    priority,
  }
}
