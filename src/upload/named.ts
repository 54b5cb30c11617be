import type { EntityManager } from '../db/orm.ts'
import { Refusal, type UserError } from '../errors.ts'
import type { Viewer } from '../identity/viewer.ts'
import { isUuid } from '../uuid.ts'
import type { UploadStatus } from './status.ts'

/** An upload that a request names: by its uuid ('' where it is no id of an upload), and where in the input. */
export interface NamedUpload {
  readonly id: string
  readonly path: readonly string[]
}

/** Whether something that is not over names the upload `u`. */
export const HELD = `(exists (select from broadsheet.report r where r.uploads <> '{}' and r.uploads @> array[u.id]
    and r.status in ('QUEUED', 'RUNNING', 'CANCELING'))
  or exists (select from broadsheet.schedule s where s.uploads <> '{}' and s.uploads @> array[u.id]))`

/** What is asked of a row: whose it is; and whether its bytes are there, or will not be any more. */
const MINE = `id = ? and tenant_id = ? and created_by = ?`
const STANDING = `status, expires_at > clock_timestamp() or ${HELD} as alive`
const LOOK = `select ${STANDING} from broadsheet.upload u where ${MINE}`
/** Touched, not only locked: a sweep that has looked already looks again at what was changed meanwhile. */
const KEEP = `update broadsheet.upload u set used_at = clock_timestamp() where ${MINE} returning ${STANDING}`

type Owner = Pick<Viewer, 'tenantId' | 'userId'>

/**
 * Has these uploads kept for what is about to name them, in the transaction that writes it. Throws Refusal with a user error at
 * each that can't be read: NOT_FOUND where it is not the owner's, INVALID where its bytes are not there (any more).
 */
export function keepUploads(em: EntityManager, owner: Owner, named: readonly NamedUpload[]): Promise<void> {
  return judge(em, owner, named, KEEP)
}

/** Refuses what keepUploads would refuse, and writes nothing. */
export function checkUploads(em: EntityManager, owner: Owner, named: readonly NamedUpload[]): Promise<void> {
  return judge(em, owner, named, LOOK)
}

async function judge(em: EntityManager, owner: Owner, named: readonly NamedUpload[], statement: string): Promise<void> {
  const ids = [...new Set(named.map(({ id }) => id))].filter(isUuid).sort()
  const usable = new Map<string, UploadStatus>()
  for (const id of ids) {
    const values = [id, owner.tenantId, owner.userId]
    const [row] = await em.execute<{ status: UploadStatus; alive: boolean }[]>(statement, values)
    if (row) usable.set(id, row.alive || row.status === 'REFUSED' ? row.status : 'EXPIRED')
  }
  const errors = named.flatMap(({ id, path }): UserError[] => {
    const status = usable.get(id)
    if (status === 'READY') return []
    const field = [...path]
    return status === undefined
      ? [{ field, code: 'NOT_FOUND', message: 'There is no such upload, or it is not yours.' }]
      : [{ field, code: 'INVALID', message: `${REASONS[status]} Make a new one with createUpload.` }]
  })
  if (errors.length > 0) throw new Refusal(errors)
}

const REASONS: Record<Exclude<UploadStatus, 'READY'>, string> = {
  WAITING: 'The bytes of this upload have not come: PUT them first, at the address that createUpload gave.',
  REFUSED: 'The bytes of this upload were refused.',
  EXPIRED: 'This upload has expired.',
}
