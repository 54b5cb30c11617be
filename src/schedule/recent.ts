import type { Database } from '../db/orm.ts'
import type { ScheduleChange } from '../progress/schedule-change.ts'
import type { ReadSchedules } from '../progress/schedule-news.ts'

interface Row {
  kind: 'COUNT' | 'CREATED' | 'CHANGED' | 'SLOT'
  tenant_id: string
  schedule_id: string | null
  created_by: string | null
  at: string | Date
  count: string | number | null
}

/** What has lately happened to the schedules of these tenants, for live subscribers that were authorised before: one statement. */
export function createReadSchedules(database: Pick<Database, 'statement'>): ReadSchedules {
  return async (tenantIds, lookBack) => {
    const rows = await database.statement<Row>(
      `select * from broadsheet.schedule_news(?::text[], make_interval(secs => ?))`,
      [`{${tenantIds.join(',')}}`, lookBack / 1_000],
    )
    const at = ({ at: moment }: Row) => new Date(moment).getTime()
    const counts = rows.filter(({ kind }) => kind === 'COUNT')
    const changes = rows
      .filter(({ kind }) => kind !== 'COUNT')
      .map((row) => ({
        kind: row.kind,
        scheduleId: row.schedule_id,
        tenantId: row.tenant_id,
        createdBy: row.created_by,
        at: at(row),
      })) as ScheduleChange[]
    const byTenant = Map.groupBy(changes, ({ tenantId }) => tenantId)
    return new Map(
      counts.map((row) => [
        row.tenant_id,
        { count: Number(row.count), recent: byTenant.get(row.tenant_id) ?? [], at: at(row) },
      ]),
    )
  }
}
