import { LockMode } from '@mikro-orm/core'
import type { QueueLimit } from '../claim/queue-limit.ts'
import { runIn, type Database, type EntityManager } from '../db/orm.ts'
import { Refusal, refuse, type UserError } from '../errors.ts'
import { createBehindFirst } from '../idempotency/behind-first.ts'
import { copyTargets, insertTargets, keepableOf, removeTargets, replaceTargets } from '../delivery/kept-targets.ts'
import type { DeliveryInput, Targets } from '../delivery/targets.ts'
import { once, type KeyUse, type Made } from '../idempotency/idempotency.ts'
import { mayManageSchedule, requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { insertAccepted } from '../report/accept.ts'
import { eventOf } from '../report/progress-row.ts'
import { Report } from '../report/report.entity.ts'
import { acceptRequest } from '../report/request.ts'
import { askedOf } from '../report/request-words.ts'
import type { Tell } from '../report/tell.ts'
import type { Catalog } from '../report-type/catalog.ts'
import { isUuid } from '../uuid.ts'
import { requestOf } from './asking.ts'
import { checkSchedule, type CadenceWords, type ScheduleWords } from './checking.ts'
import { foresee } from './foresee.ts'
import { viewerOf } from './owner.ts'
import { beginningOf, cadenceColumns, cadenceOf, reckoningOf } from './reckoning.ts'
import { scheduleReads } from './reads.ts'
import { settleDue } from './settle.ts'
import { Schedule } from './schedule.entity.ts'
import { changeOf, type TellSchedule } from './tell.ts'
import { keepUploads } from '../upload/named.ts'
import { clock, insertSchedule, ownerIn, pauseSlots, freezeLastSlot } from './rows.ts'

export type CreateSchedule = ScheduleWords & {
  cadence: CadenceWords
  deliveries: readonly DeliveryInput[]
  idempotencyKey: string | null
}
/** deliveries: those that it has from now on; left out, they stay. */
export type UpdateSchedule = Partial<Omit<ScheduleWords, 'paused'>> & {
  cadence?: CadenceWords
  deliveries?: readonly DeliveryInput[]
}

interface Dependencies {
  database: Database
  catalog: Catalog
  queueLimit: QueueLimit
  targets: Targets
  tell: Tell
  tellSchedule: TellSchedule
}

/** The verbs on schedules that the API has. What comes of their slots is the scheduler's. */
export function createSchedules({ database, catalog, queueLimit, targets, tell, tellSchedule }: Dependencies) {
  const behindFirst = createBehindFirst()

  /** One object for each key, as for reports. */
  function make<T extends { readonly id: string }>(
    viewer: Viewer,
    use: KeyUse,
    work: (em: EntityManager, id: string) => Promise<T>,
    find: (em: EntityManager, id: string) => Promise<T | null>,
  ): Promise<Made<T>> {
    const name = use.key == null ? null : JSON.stringify([viewer.tenantId, viewer.userId, use.mutation, use.key])
    return behindFirst(name, () =>
      database.inTenant(viewer.tenantId, (em) =>
        once(em, viewer, use, {
          make: async (id) => ({ object: await work(em, id), created: true }),
          find: (id) => find(em, id),
        }),
      ),
    )
  }

  /** One change of a schedule that is the viewer's to manage, in one transaction that holds it. */
  async function change(
    viewer: Viewer,
    id: string,
    work: (em: EntityManager, schedule: Schedule, now: Date) => Promise<Partial<Schedule> | null>,
  ): Promise<Schedule> {
    requireScope(viewer, 'schedules:write')
    const { schedule: after, changed } = await database.inTenant(viewer.tenantId, async (em) => {
      const schedule = await lock(em, viewer, id)
      const now = await clock(em)
      const changes = await work(em, schedule, now)
      if (changes === null) return { schedule, changed: false }
      await em.nativeUpdate(Schedule, { id: schedule.id }, { ...changes, updatedAt: now } as never)
      const fresh = { disableIdentityMap: true, refresh: true } as const
      return { schedule: await em.findOneOrFail(Schedule, { id: schedule.id }, fresh), changed: true }
    })
    if (changed) tellSchedule(changeOf('CHANGED', after, after.updatedAt))
    return after
  }

  return {
    ...scheduleReads,
    foresee,

    /** Throws Refusal with every user error at once; its paths lead into the mutation's input. */
    async create(viewer: Viewer, { idempotencyKey: key, deliveries, ...words }: CreateSchedule): Promise<Schedule> {
      requireScope(viewer, 'schedules:write')
      const input = {
        ...words,
        report: askedOf(words.report, catalog),
        deliveries: deliveries.length ? deliveries : null,
      }
      const find = (em: EntityManager, id: string) => em.findOne(Schedule, { id }, { disableIdentityMap: true })
      const { object, created } = await make(
        viewer,
        { mutation: 'createSchedule', key, input },
        async (em, id) => {
          const now = await clock(em)
          const [{ report, cadence, named, ...checked }, wanted] = await allOrRefusal(
            () => checkSchedule(viewer, words, words.cadence, catalog, { now, createdAt: now }),
            () => targets.check(em, viewer, deliveries, ['deliveries'], words),
          )
          await keepUploads(em, viewer, named)
          const { overlapPolicy, catchUpWindow, priority, format, compression, csvDialect, visibility, paused } = words
          const schedule = await insertSchedule(em, {
            id,
            tenantId: viewer.tenantId,
            createdBy: viewer.userId,
            ...checked,
            ...report!,
            ...beginningOf(cadence, checked.timeZone, now),
            overlapPolicy,
            catchUpWindow,
            priority,
            format,
            compression,
            csvDialect,
            visibility,
            paused,
            updatedAt: now,
          })
          await insertTargets(em, viewer, { scheduleId: id }, wanted)
          return schedule
        },
        find,
      )
      if (created) tellSchedule(changeOf('CREATED', object, object.updatedAt))
      return object
    },

    /**
     * What is left out stays as it is. Another cadence or time zone counts from now on; the ledger stays. It is checked
     * under the right of the schedule's owner, whose reports they are. Throws Refusal: NOT_FOUND at ["id"], and as for create.
     */
    update(viewer: Viewer, id: string, { cadence, deliveries, ...given }: UpdateSchedule): Promise<Schedule> {
      return change(viewer, id, async (em, schedule, now) => {
        const words: ScheduleWords = { ...wordsOf(schedule), ...given }
        const owner = viewerOf(await ownerIn(em, schedule))
        const moments = { now, createdAt: schedule.createdAt }
        const kept = given.report === undefined ? { usesLastSlot: schedule.usesLastSlot } : null
        const keepable = await keepableOf(em, schedule.id)
        const [checked, wanted] = await allOrRefusal(
          () => checkSchedule(owner, words, cadence ?? cadenceOf(schedule), catalog, moments, kept),
          async () => {
            const stays = ({ id: target }: { id: string }) =>
              !deliveries || deliveries.some(({ keep }) => keep === target)
            if (given.report !== undefined) targets.checkMayFill(viewer, keepable.filter(stays), ['report'])
            if (deliveries) return targets.check(em, viewer, deliveries, ['deliveries'], words, keepable)
            targets.checkKept(keepable, ['deliveries'], words)
            return undefined
          },
        )
        if (given.report !== undefined) await keepUploads(em, owner, checked.named)
        if (wanted !== undefined) await replaceTargets(em, viewer, schedule.id, wanted)
        const { title, tags, timeZone } = checked
        const { overlapPolicy, catchUpWindow, priority, format, compression, csvDialect, visibility } = words
        const columns = cadenceColumns(checked.cadence)
        const moved = cadence !== undefined || timeZone !== schedule.timeZone
        if (moved) await settleDue(em, schedule, now)
        const after = new Date(Math.max(now.getTime(), schedule.slotsAfter.getTime()))
        const next = reckoningOf({ ...columns, createdAt: schedule.createdAt, timeZone }).next(after.getTime())
        return {
          title,
          tags,
          timeZone,
          ...columns,
          ...(given.report !== undefined && checked.report),
          overlapPolicy,
          catchUpWindow,
          priority,
          format,
          compression,
          csvDialect,
          visibility,
          ...(moved && { slotsAfter: after, nextSlotAt: next === null ? null : new Date(next) }),
        } as Partial<Schedule>
      })
    },

    /** Slots that come from now on, and those that wait, are SKIPPED_PAUSED. Paused already: itself. Throws Refusal NOT_FOUND. */
    pause(viewer: Viewer, id: string): Promise<Schedule> {
      return change(viewer, id, async (em, schedule) => {
        if (schedule.paused) return null
        await pauseSlots(em, schedule.id)
        return { paused: true }
      })
    },

    /** The first slot after now is asked for again. Not paused: itself. Throws Refusal NOT_FOUND. */
    resume(viewer: Viewer, id: string): Promise<Schedule> {
      return change(viewer, id, (_, schedule, now) =>
        Promise.resolve(schedule.paused ? { paused: false, pausedUntil: now } : null),
      )
    },

    /** Its reports stay, and so does what is under way; the ledger goes. Throws Refusal NOT_FOUND. */
    async remove(viewer: Viewer, id: string): Promise<void> {
      requireScope(viewer, 'schedules:write')
      const gone = await database.inTenant(viewer.tenantId, async (em) => {
        const schedule = await lock(em, viewer, id)
        const now = await clock(em)
        await freezeLastSlot(em, schedule.id)
        await removeTargets(em, schedule.id)
        await em.nativeDelete(Schedule, { id: schedule.id })
        return changeOf('DELETED', schedule, now)
      })
      tellSchedule(gone)
    },

    /**
     * A report now, outside the cadence: it is the owner's, like all reports of the schedule; no slot is written, nothing overlaps
     * with it, and last_slot does not move with it. Relative dates are resolved against now. Throws Refusal at ["id"]: NOT_FOUND,
     * INVALID or FORBIDDEN where it can't be asked for; LIMIT_REACHED where too many wait.
     */
    async runNow(viewer: Viewer, id: string, key: string | null): Promise<Report> {
      requireScope(viewer, 'schedules:write')
      const use = { mutation: 'runScheduleNow', key, input: { id: id.toLowerCase() } }
      const find = (em: EntityManager, reportId: string) =>
        em.findOne(Report, { id: reportId }, { disableIdentityMap: true })
      const { object, created } = await make(
        viewer,
        use,
        async (em, reportId) => {
          const schedule = await lock(em, viewer, id)
          const owner = await ownerIn(em, schedule)
          if (owner.removed) throw refuse('INVALID', ['id'], `Its owner, ${owner.name}, was removed.`)
          const now = await clock(em)
          const { type, row } = atId(() =>
            acceptRequest(viewerOf(owner), requestOf(schedule), catalog, now, { schedule }),
          )
          await queueLimit.check(em)
          const detail = { schedule: schedule.title, now: true }
          const report = await insertAccepted(runIn(em), viewer, { id: reportId, type, row, detail })
          await copyTargets(em, schedule.id, reportId)
          return report
        },
        find,
      )
      if (created) tell('CREATED', eventOf(object))
      return object
    },
  }
}

export type Schedules = ReturnType<typeof createSchedules>

/** Throws Refusal NOT_FOUND at ["id"]: an id that is not the viewer's to manage is not told from one that nobody has. */
async function lock(em: EntityManager, viewer: Viewer, id: string): Promise<Schedule> {
  const schedule = isUuid(id)
    ? await em.findOne(Schedule, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true })
    : null
  if (!schedule || !mayManageSchedule(viewer, schedule))
    throw refuse('NOT_FOUND', ['id'], 'There is no such schedule, or it is not yours to see.')
  return schedule
}

function wordsOf(schedule: Schedule): ScheduleWords {
  const { title, overlapPolicy, catchUpWindow, paused } = schedule
  return { ...requestOf(schedule), title, overlapPolicy, catchUpWindow, paused }
}

/** Both checks are made, so that all that is wrong is told at once. */
async function allOrRefusal<A, B>(first: () => A, second: () => Promise<B>): Promise<[A, B]> {
  const errors: UserError[] = []
  const refused = (error: unknown): undefined => {
    if (!(error instanceof Refusal)) throw error
    errors.push(...error.userErrors)
  }
  const a = await Promise.resolve().then(first).catch(refused)
  const b = await second().catch(refused)
  if (errors.length > 0) throw new Refusal(errors)
  return [a as A, b as B]
}

/** What can't be asked for is the fault of the schedule that was named: the mutation has no other input. */
function atId<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const forbidden = error.userErrors.some(({ code }) => code === 'FORBIDDEN')
    throw refuse(forbidden ? 'FORBIDDEN' : 'INVALID', ['id'], `It can't be asked for: ${error.message}`)
  }
}
