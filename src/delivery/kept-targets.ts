import type { EntityManager, Reading } from '../db/orm.ts'
import type { Viewer } from '../identity/viewer.ts'
import { DeliveryTarget } from './delivery.entity.ts'
import type { Keepable, NewTarget, WantedTarget } from './targets.ts'

/** Who has targets: one report, or each report of a schedule. */
export type TargetOwner = { readonly reportId: string } | { readonly scheduleId: string }

const COLUMNS = 'channel, target, described, destination, takes_failures, secret, position, created_by'

/** New targets as rows of a statement, for one value of `rowsOf`; secrets travel sealed, as base64. */
export const GIVEN_TARGETS = `(select channel, target, described, destination, "takesFailures" as takes_failures,
  decode(secret, 'base64') as secret, position from jsonb_to_recordset(?::jsonb) as given (channel text, target jsonb,
  described text, destination text, "takesFailures" boolean, secret text, position int)) given`

/** The value for GIVEN_TARGETS. Positions are those in the list. */
export function rowsOf(targets: readonly WantedTarget[]): string {
  return JSON.stringify(
    targets.flatMap((target, position) =>
      'keep' in target ? [] : [{ ...target, secret: target.secret?.toString('base64') ?? null, position }],
    ),
  )
}

/** In the transaction that makes the owner, or locks it. `viewer` is who is answerable: links are worth what they may read. */
export async function insertTargets(
  em: EntityManager,
  viewer: Pick<Viewer, 'tenantId' | 'userId'>,
  owner: TargetOwner,
  targets: readonly WantedTarget[],
): Promise<void> {
  if (!targets.some((target): target is NewTarget => !('keep' in target))) return
  const { reportId, scheduleId } = { reportId: null, scheduleId: null, ...owner }
  await em.execute(
    `insert into broadsheet.delivery_target (tenant_id, report_id, schedule_id, ${COLUMNS})
     select ?, ?::uuid, ?::uuid, channel, target, described, destination, takes_failures, secret, position, ?::uuid from ${GIVEN_TARGETS}`,
    [viewer.tenantId, reportId, scheduleId, viewer.userId, rowsOf(targets)],
  )
}

/** A schedule's targets as its update says: what is neither kept nor new goes. The schedule's row is locked by the caller. */
export async function replaceTargets(
  em: EntityManager,
  viewer: Pick<Viewer, 'tenantId' | 'userId'>,
  scheduleId: string,
  targets: readonly WantedTarget[],
): Promise<void> {
  const kept = targets.flatMap((target, position) => ('keep' in target ? [{ id: target.keep, position }] : []))
  await em.execute(
    `with kept as (select id, position from jsonb_to_recordset(?::jsonb) as k (id uuid, position int)),
      moved as (update broadsheet.delivery_target t set position = kept.position from kept
        where t.id = kept.id and t.schedule_id = ?::uuid)
     delete from broadsheet.delivery_target where schedule_id = ?::uuid and id not in (select id from kept)`,
    [JSON.stringify(kept), scheduleId, scheduleId],
  )
  await insertTargets(em, viewer, { scheduleId }, targets)
}

/** The schedule's targets for one of its reports, in the transaction that accepts it. Either role may. */
export async function copyTargets(em: EntityManager, scheduleId: string, reportId: string): Promise<void> {
  await em.execute(
    `insert into broadsheet.delivery_target (tenant_id, report_id, ${COLUMNS})
     select tenant_id, ?::uuid, ${COLUMNS} from broadsheet.delivery_target where schedule_id = ?::uuid`,
    [reportId, scheduleId],
  )
}

/** The same for many at once, each of a schedule. */
export async function copyAllTargets(
  em: EntityManager,
  reports: readonly { readonly id: string; readonly scheduleId: string | null }[],
): Promise<void> {
  if (reports.length === 0) return
  await em.execute(
    `insert into broadsheet.delivery_target (tenant_id, report_id, ${COLUMNS})
     select t.tenant_id, r.id, ${COLUMNS} from jsonb_to_recordset(?::jsonb) as r (id uuid, schedule_id uuid)
     join broadsheet.delivery_target t on t.schedule_id = r.schedule_id`,
    [JSON.stringify(reports.map(({ id, scheduleId }) => ({ id, schedule_id: scheduleId })))],
  )
}

/** The schedule goes, and its targets with it; those of its reports stay. */
export async function removeTargets(em: EntityManager, scheduleId: string): Promise<void> {
  await em.execute('delete from broadsheet.delivery_target where schedule_id = ?', [scheduleId])
}

/** A schedule's targets: what `keep` may name. */
export async function keepableOf(em: EntityManager, scheduleId: string): Promise<Keepable[]> {
  return em.execute<Keepable[]>('select id, channel, target from broadsheet.delivery_target where schedule_id = ?', [
    scheduleId,
  ])
}

/** The same targets for a report that is asked for again, by who asks now. */
export async function repeatTargets(
  em: EntityManager,
  viewer: Pick<Viewer, 'userId'>,
  reportId: string,
  newId: string,
): Promise<void> {
  await em.execute(
    `insert into broadsheet.delivery_target (tenant_id, report_id, ${COLUMNS})
     select tenant_id, ?::uuid, ${COLUMNS.replace('created_by', '?::uuid')} from broadsheet.delivery_target where report_id = ?::uuid`,
    [newId, viewer.userId, reportId],
  )
}

/** Targets of each schedule, in order; the schedules' room has asked before whether the viewer may see them. */
export async function targetsOf(reading: Reading, scheduleIds: readonly string[]): Promise<DeliveryTarget[][]> {
  const found = await reading.read((em) =>
    em.find(
      DeliveryTarget,
      { scheduleId: { $in: [...scheduleIds] } },
      { orderBy: { position: 'asc', id: 'asc' }, disableIdentityMap: true },
    ),
  )
  const bySchedule = Map.groupBy(found, (target) => target.scheduleId)
  return scheduleIds.map((id) => bySchedule.get(id) ?? [])
}
