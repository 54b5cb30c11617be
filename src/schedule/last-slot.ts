import { Temporal } from 'temporal-polyfill'
import type { Claimed } from '../claim/claim.ts'
import type { Database } from '../db/orm.ts'
import { Refusal, ReportFailed } from '../errors.ts'
import type { Json } from '../report-type/define.ts'
import { withLocalInstants } from '../report-type/local-instants.ts'
import { checkParameters } from '../report-type/parameters.ts'
import type { ReportType } from '../report-type/report-type.ts'
import { defaultTitle } from '../report/title.ts'

interface OpenRow {
  parameters: { [name: string]: Json }
  resolved_parameters: { [name: string]: Json } | null
  title: string
  moment: string | Date
  last_slot: string | Date | null
}

/**
 * What a report that is on last_slot runs with: resolved when its first attempt starts, when the slot before has come to its
 * end, and kept for all its attempts. Guarded by worker and attempt: null where somebody else holds the report by now.
 * Throws ReportFailed(INVALID_PARAMETERS) where the values do not fit any more.
 */
export async function resolveLastSlot(
  database: Database,
  workerId: string,
  claimed: Pick<Claimed, 'id' | 'attempt' | 'timeZone'>,
  type: Pick<ReportType, 'title' | 'parameters' | 'check'>,
): Promise<{ [name: string]: Json } | null> {
  const holder = [claimed.id, claimed.attempt, workerId]
  return database.transaction(async (em) => {
    const [row] = await em.execute<OpenRow[]>(
      `select r.parameters, r.resolved_parameters, r.title, coalesce(r.scheduled_for, r.created_at) as moment,
         coalesce(r.last_slot, s.last_slot) as last_slot
       from broadsheet.report r left join broadsheet.schedule_success s on s.schedule_id = r.schedule_id
       where r.id = ? and r.attempt = ? and r.worker_id = ?::uuid and r.status in ('RUNNING', 'CANCELING') for update of r`,
      holder,
    )
    if (!row || row.resolved_parameters) return row?.resolved_parameters ?? null
    const resolved = resolve(row, claimed.timeZone, type)
    const title = defaultTitle({ ...type, title: row.title }, withLocalInstants(type, resolved, claimed.timeZone))
    await em.execute(
      `update broadsheet.report set resolved_parameters = ?::jsonb, last_slot = ?::timestamptz, title = ?
       where id = ? and attempt = ? and worker_id = ?::uuid`,
      [JSON.stringify(resolved), new Date(row.last_slot!).toISOString(), title, ...holder],
    )
    return resolved
  })
}

function resolve(
  row: OpenRow,
  timeZone: string,
  type: Pick<ReportType, 'parameters' | 'check'>,
): { [name: string]: Json } {
  if (row.last_slot === null)
    throw new ReportFailed('INVALID_PARAMETERS', 'last_slot is not known any more: the schedule was deleted.')
  const moment = Temporal.Instant.fromEpochMilliseconds(new Date(row.moment).getTime())
  const lastSlot = Temporal.Instant.fromEpochMilliseconds(new Date(row.last_slot).getTime())
  try {
    const context = { path: [], timeZone, now: moment, slot: moment, lastSlot }
    return checkParameters(type, row.parameters, context).resolved!
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new ReportFailed('INVALID_PARAMETERS', error.message)
  }
}
