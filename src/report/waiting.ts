import type { Reading } from '../db/orm.ts'
import { positionOf, type Waiting, type WaitingTenant } from './queue-position.ts'

/** Each wanted report that waits, with how many of its own tenant and priority that are due come before it. */
const RANKS = `
select waiting.id, waiting.priority, waiting.rank::int as rank, p.weight, p.served
from (
  select id, priority, count(*) filter (where available_at <= clock_timestamp()) over (
    partition by priority order by created_at, id rows between unbounded preceding and 1 preceding) as rank
  from broadsheet.report where status = 'QUEUED' and tenant_id = current_setting('broadsheet.tenant_id', true)
    and priority in (select priority from broadsheet.report where id = any(?::uuid[]))
) waiting join broadsheet.priority_turn p using (priority)
where waiting.id = any(?::uuid[])`

/**
 * How many reports would start before each of these, null for what does not wait. Reports of other tenants come in as counts.
 * Left out of account: pauses after a failure, TENANT_MAX_RUNNING, and types that no worker has.
 */
export async function queuePositions(reading: Reading, ids: readonly string[]): Promise<(number | null)[]> {
  const wanted = `{${ids.join(',')}}`
  const ranks = await reading.read((em) => em.execute<(Waiting & { id: string })[]>(RANKS, [wanted, wanted]))
  if (ranks.length === 0) return ids.map(() => null)
  const line = await reading.read((em) => em.execute<WaitingTenant[]>(`select * from broadsheet.waiting_line()`))
  const byId = new Map(ranks.map((report) => [report.id, report]))
  return ids.map((id) => {
    const report = byId.get(id)
    return report ? positionOf(line, report) : null
  })
}
