import type { EntityManager } from '../db/orm.ts'
import { refuse } from '../errors.ts'
import type { Viewer } from '../identity/viewer.ts'
import { isTerminal, type ReportStatus } from '../report/status.ts'
import { GIVEN_TARGETS, insertTargets, rowsOf } from './kept-targets.ts'
import { MOST_DELIVERIES, MOST_TARGETS } from './status.ts'
import type { WantedTarget } from './targets.ts'

type Asker = Pick<Viewer, 'tenantId' | 'userId'>

/**
 * More targets for a report that is there already: they hear of its end, or at once where it has ended. The row is locked,
 * so that it can't end in between. Throws Refusal LIMIT_REACHED at ["deliveries"].
 */
export async function attachTargets(
  em: EntityManager,
  asker: Asker,
  reportId: string,
  targets: readonly WantedTarget[],
): Promise<void> {
  if (targets.length === 0) return
  const [report] = await em.execute<{ status: ReportStatus }[]>(
    `select status from broadsheet.report where id = ? for update`,
    [reportId],
  )
  if (report && isTerminal(report.status)) return startDeliveries(em, asker, reportId, targets)
  await checkRoom(em, 'delivery_target', reportId, targets.length, MOST_TARGETS)
  await insertTargets(em, asker, { reportId }, targets)
}

/** An ended report's outcome to these targets alone. The report is locked by the caller. Throws as `attachTargets`. */
export async function startDeliveries(
  em: EntityManager,
  { userId }: Asker,
  reportId: string,
  targets: readonly WantedTarget[],
): Promise<void> {
  await checkRoom(em, 'delivery', reportId, targets.length, MOST_DELIVERIES)
  await em.execute(
    `insert into broadsheet.delivery (tenant_id, report_id, requested_by, news_status, news_failure, news_at,
       channel, target, described, destination, secret, position, created_by)
     select r.tenant_id, r.id, r.requested_by, r.status, case when r.status = 'FAILED' then r.failure end,
       coalesce(r.finished_at, clock_timestamp()), given.channel, given.target, given.described, given.destination, given.secret,
       given.position, ?::uuid
     from broadsheet.report r cross join ${GIVEN_TARGETS}
     where r.id = ? and (r.status = 'SUCCEEDED' or (r.status in ('FAILED', 'CANCELED') and given.takes_failures)) order by given.position`,
    [userId, rowsOf(targets), reportId],
  )
}

/** Whether any delivery of the report is PENDING; asked while the report is locked. */
export async function isBeingDelivered(em: EntityManager, reportId: string): Promise<boolean> {
  const pending = await em.execute<object[]>(
    `select 1 as pending from broadsheet.delivery where report_id = ? and status = 'PENDING' limit 1`,
    [reportId],
  )
  return pending.length > 0
}

async function checkRoom(
  em: EntityManager,
  table: 'delivery' | 'delivery_target',
  reportId: string,
  more: number,
  most: number,
): Promise<void> {
  const [there] = await em.execute<{ count: number }[]>(
    `select count(*)::int as count from broadsheet.${table} where report_id = ?`,
    [reportId],
  )
  if (there!.count + more > most)
    throw refuse(
      'LIMIT_REACHED',
      ['deliveries'],
      `The report has ${there!.count} deliveries; at most ${most} are taken.`,
    )
}
