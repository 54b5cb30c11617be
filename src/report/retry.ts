import type { Database, EntityManager } from '../db/orm.ts'
import { Refusal, refuse } from '../errors.ts'
import { requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { note } from './audit.ts'
import { lockManaged, move } from './managed.ts'
import { eventOf } from './progress-row.ts'
import type { QueueLimit } from '../claim/queue-limit.ts'
import type { Report } from './report.entity.ts'
import { isWindowTaken, WINDOW_TAKEN } from '../schedule/windows.ts'
import { isTerminal, mayMove } from './status.ts'
import type { Tell } from './tell.ts'
import { keepUploads } from '../upload/named.ts'

/** Its parameters stay resolved as they were, its attempts go on counting; only the charge begins anew. */
const AGAIN = `status = 'QUEUED', stage = 'QUEUED', charged = 0, losses = 0, available_at = clock_timestamp(), failure = null, finished_at = null,
  percent = null, rows_written = 0, rows_total = null, bytes_written = 0, message = null, eta_seconds = null`

export function createRetry({
  database,
  tell,
  queueLimit,
}: {
  database: Database
  tell: Tell
  queueLimit: QueueLimit
}) {
  /**
   * FAILED or CANCELED: the same report is QUEUED again, with three attempts more. Throws Refusal at ["id"]: NOT_FOUND,
   * FORBIDDEN, NOT_RETRYABLE (with the report); LIMIT_REACHED where too many wait.
   */
  return async function retry(viewer: Viewer, id: string): Promise<Report> {
    requireScope(viewer, 'reports:write')
    const report = await database.inTenant(viewer.tenantId, async (em) => {
      const found = await lockManaged(em, viewer, id)
      if (!isTerminal(found.status) || !mayMove(found.status, 'QUEUED'))
        throw refuse(
          'NOT_RETRYABLE',
          ['id'],
          `Only a FAILED or CANCELED report is tried again: it is ${found.status}.`,
          found,
        )
      if (await isWindowTaken(em, found)) throw refuse('NOT_RETRYABLE', ['id'], WINDOW_TAKEN, found)
      await keepFor(em, found)
      await queueLimit.check(em)
      await note(em, viewer, found.id, 'RETRIED', { was: found.status })
      return move(em, found.id, AGAIN)
    })
    tell('CHANGED', eventOf(report))
    return report
  }
}

/** It runs as who asked for it, whoever has it tried again. */
async function keepFor(em: EntityManager, report: Report): Promise<void> {
  const { tenantId, requestedBy: userId, uploads } = report
  try {
    await keepUploads(
      em,
      { tenantId, userId },
      uploads.map((id) => ({ id, path: ['id'] })),
    )
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw refuse('NOT_RETRYABLE', ['id'], `A file that it reads is gone: ${error.message}`, report)
  }
}
