import { createHash } from 'node:crypto'
import { v7 as uuid } from 'uuid'
import type { EntityManager } from '../db/orm.ts'
import { refuse, Unavailable } from '../errors.ts'
import type { Viewer } from '../identity/viewer.ts'
import { isStorable, NOT_STORABLE } from '../storable.ts'

const LONGEST_KEY = 255
/** How long a key stands for what was made with it; then it is free, and the sweep purges it. */
const KEPT = `interval '24 hours'`

/** One use of a key: for this tenant, user and mutation. `input` is what was asked, after defaults, without the key itself. */
export interface KeyUse {
  mutation: string
  key: string | null | undefined
  input: unknown
}

/** created: false where an object that was there already is the answer, so that nobody is told of a new one. */
export interface Made<T> {
  object: T
  created: boolean
}

/**
 * Makes an object once for each key, within the caller's transaction: key and object are committed together or not at all,
 * so neither a refused input nor a crash uses the key. Of several at once the first makes it, the others wait for its commit
 * and get the same. Throws Refusal at ["idempotencyKey"]: INVALID, IDEMPOTENCY_KEY_REUSED for another input, CONFLICT where
 * the object was deleted. `find` answers the object as it is now, null where it is gone.
 */
export async function once<T extends { readonly id: string }>(
  em: EntityManager,
  viewer: Viewer,
  { mutation, key, input }: KeyUse,
  { make, find }: { make(id: string): Promise<Made<T>>; find(id: string): Promise<T | null> },
): Promise<Made<T>> {
  const id = uuid()
  if (key == null) return make(id)
  if (key === '' || [...key].length > LONGEST_KEY)
    throw refuse('INVALID', ['idempotencyKey'], `A key has 1 to ${LONGEST_KEY} characters.`)
  if (!isStorable(key)) throw refuse('INVALID', ['idempotencyKey'], `The key ${NOT_STORABLE}`)
  const fingerprint = createHash('sha256').update(canonical(input)).digest('base64url')
  const whose = [viewer.tenantId, viewer.userId, mutation, key]
  const used = await take(em, whose, fingerprint, id)
  if (used === 'taken') {
    const made = await make(id)
    if (made.object.id !== id)
      await em.execute(
        `update broadsheet.idempotency_key set object_id = ? where (tenant_id, user_id, mutation, key) = (?, ?, ?, ?)`,
        [made.object.id, ...whose],
      )
    return made
  }
  if (used.fingerprint !== fingerprint)
    throw refuse(
      'IDEMPOTENCY_KEY_REUSED',
      ['idempotencyKey'],
      'This key was used for another input within 24 hours: take a new one.',
    )
  const object = await find(used.id)
  if (!object) throw refuse('CONFLICT', ['idempotencyKey'], 'What was made with this key was deleted: take a new one.')
  return { object, created: false }
}

interface Used {
  fingerprint: string
  id: string
}

/** 'taken': by this transaction; else what it stands for. Waits for whoever is taking it, and locks nothing that was taken before. */
async function take(
  em: EntityManager,
  whose: readonly string[],
  fingerprint: string,
  id: string,
): Promise<Used | 'taken'> {
  const [fresh] = await em.execute<object[]>(
    `insert into broadsheet.idempotency_key (tenant_id, user_id, mutation, key, fingerprint, object_id) values (?, ?, ?, ?, ?, ?)
     on conflict do nothing returning 1 as taken`,
    [...whose, fingerprint, id],
  )
  if (fresh) return 'taken'
  const [used] = await em.execute<Used[]>(
    `select fingerprint, object_id as id from broadsheet.idempotency_key
     where (tenant_id, user_id, mutation, key) = (?, ?, ?, ?) and used_at > clock_timestamp() - ${KEPT}`,
    [...whose],
  )
  if (used) return used
  const [free] = await em.execute<object[]>(
    `update broadsheet.idempotency_key set fingerprint = ?, object_id = ?, used_at = clock_timestamp()
     where (tenant_id, user_id, mutation, key) = (?, ?, ?, ?) and used_at <= clock_timestamp() - ${KEPT} returning 1 as taken`,
    [fingerprint, id, ...whose],
  )
  if (free) return 'taken'
  throw new Unavailable('The key was taken anew, or purged, in this moment. Try again.')
}

/** JSON that is the same for the same input: keys in order, nothing for what is null or left out. */
function canonical(input: unknown): string {
  return JSON.stringify(input, (_, part: unknown) => {
    if (typeof part === 'bigint') return String(part)
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    const entries = Object.entries(part).filter(([, value]) => value != null)
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
