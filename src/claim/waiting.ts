import type { Reading } from '../db/orm.ts'
import { positionOf, type Waiting, type WaitingTenant } from './queue-position.ts'

/**
 * Each wanted report that waits, with how many of its own tenant and priority that are due come before it: counted from one
 * wanted report to the next along the index, so that no row is looked at twice.
 */
const RANKS = `
with wanted as (
  select id, priority, tenant_id, created_at, lag(created_at, 1, '-infinity') over line as from_at,
    lag(id, 1, '00000000-0000-0000-0000-000000000000') over line as from_id
  from broadsheet.report where id = any(?::uuid[]) and status = 'QUEUED'
  window line as (partition by priority order by created_at, id)
), stepped as (
  select wanted.*, (select count(*) from broadsheet.report r where r.status = 'QUEUED' and r.priority = wanted.priority
    and r.tenant_id = wanted.tenant_id and (r.created_at, r.id) >= (wanted.from_at, wanted.from_id)
    and (r.created_at, r.id) < (wanted.created_at, wanted.id) and r.available_at <= clock_timestamp()) as step
  from wanted
)
select id, priority, (sum(step) over (partition by priority order by created_at, id))::int as rank, p.weight, p.served
from stepped join broadsheet.priority_turn p using (priority)`

/**
 * How many reports would start before each of these, null for what does not wait. Reports of other tenants come in as counts.
 * Left out of account: pauses after a failure, TENANT_MAX_RUNNING, and types that no worker has.
 */
export async function queuePositions(reading: Reading, ids: readonly string[]): Promise<(number | null)[]> {
  const wanted = `{${ids.join(',')}}`
  const ranks = await reading.read((em) => em.execute<(Waiting & { id: string })[]>(RANKS, [wanted]))
  if (ranks.length === 0) return ids.map(() => null)
  const line = await reading.read((em) => em.execute<WaitingTenant[]>(`select * from broadsheet.waiting_line()`))
  const byId = new Map(ranks.map((report) => [report.id, report]))
  return ids.map((id) => {
    const report = byId.get(id)
    return report ? positionOf(line, report) : null
  })
}
