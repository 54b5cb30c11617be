import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { refuse } from '../errors.ts'
import { mayManage, mayRead } from '../identity/policy.ts'
import { isUuid } from '../uuid.ts'
import type { Viewer } from '../identity/viewer.ts'
import { Report } from './report.entity.ts'
import { EPOCH_SIZE } from './status.ts'

/**
 * The report, locked until the transaction ends, so that a claim and whoever else would move it take turns with the viewer.
 * Throws Refusal at ["id"]: NOT_FOUND where the viewer may not read it, FORBIDDEN where it may read but not manage it.
 */
export async function lockManaged(em: EntityManager, viewer: Viewer, id: string): Promise<Report> {
  const report = isUuid(id)
    ? await em.findOne(Report, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true })
    : null
  if (!report || !mayRead(viewer, report))
    throw refuse('NOT_FOUND', ['id'], 'There is no such report, or it is not yours to see.')
  if (!mayManage(viewer, report))
    throw refuse('FORBIDDEN', ['id'], 'That is for who asked for the report, and for an ADMIN.')
  return report
}

/** Moves a report that is locked to another status, which opens a new range of sequence numbers. `set` holds no value of a caller's. */
export async function move(em: EntityManager, id: string, set: string): Promise<Report> {
  await em.execute(
    `update broadsheet.report set ${set}, epoch = epoch + 1, sequence = (epoch + 1) * ${EPOCH_SIZE}, progress_at = clock_timestamp() where id = ?`,
    [id],
  )
  return em.findOneOrFail(Report, id, { disableIdentityMap: true })
}
