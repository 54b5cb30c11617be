import type { FilterQuery } from '@mikro-orm/core'
import type { Reading } from '../db/orm.ts'
import { targetsOf } from '../delivery/kept-targets.ts'
import { readPage, type Page, type PageArguments } from '../db/page.ts'
import { manageableSchedules, requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { isUuid } from '../uuid.ts'
import { Schedule, ScheduleSlot } from './schedule.entity.ts'

/** What the API reads of schedules, in the operation's Reading. */
export const scheduleReads = {
  /** In the order asked for; null where there is none or the viewer may not read it. */
  async byIds(viewer: Viewer, reading: Reading, ids: readonly string[]): Promise<(Schedule | null)[]> {
    requireScope(viewer, 'schedules:read')
    const known = ids.filter(isUuid)
    const found = await reading.read((em) =>
      em.find(Schedule, { $and: [{ id: { $in: known } }, manageableSchedules(viewer)] } as FilterQuery<Schedule>, {
        disableIdentityMap: true,
      }),
    )
    const byId = new Map(found.map((schedule) => [schedule.id, schedule]))
    return ids.map((id) => byId.get(id) ?? null)
  },

  /** Newest first. */
  async page(viewer: Viewer, reading: Reading, page: PageArguments): Promise<Page<Schedule>> {
    requireScope(viewer, 'schedules:read')
    const where = manageableSchedules(viewer) as FilterQuery<Schedule>
    const found = await reading.read((em) => readPage(em, Schedule, where, { createdAt: 'desc', id: 'desc' }, page))
    return { ...found, totalCount: () => reading.read((em) => em.count(Schedule, where)) }
  },

  /** The ledger of a schedule that the viewer has in hand, newest first. Throws BadInput for a bad page. */
  async slots(reading: Reading, scheduleId: string, page: PageArguments): Promise<Page<ScheduleSlot>> {
    const where = { scheduleId } as FilterQuery<ScheduleSlot>
    const found = await reading.read((em) => readPage(em, ScheduleSlot, where, { scheduledFor: 'desc' }, page))
    return { ...found, totalCount: () => reading.read((em) => em.count(ScheduleSlot, where)) }
  },

  /** Where the reports of each of these go, in order. */
  targets: targetsOf,

  /** What last_slot means for each of these now. */
  async lastSucceededSlots(reading: Reading, ids: readonly string[]): Promise<Date[]> {
    const rows = await reading.read((em) =>
      em.execute<{ id: string; last: string | Date }[]>(
        `select schedule_id as id, last_slot as last from broadsheet.schedule_success where schedule_id = any(?::uuid[])`,
        [`{${ids.join(',')}}`],
      ),
    )
    const byId = new Map(rows.map(({ id, last }) => [id, new Date(last)]))
    return ids.map((id) => byId.get(id)!)
  },
}
