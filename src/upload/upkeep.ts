import type { Database } from '../db/orm.ts'
import { HELD } from './named.ts'

/** How many one step ends; the next step takes more. */
const STEP = 200
/** Since a PUT may begin until the end of its time, and then takes a while. */
const LONGEST_PUT = `interval '1 hour'`
/** What was named just now may be held by what is being committed. */
const JUST_NAMED = `interval '1 minute'`

/**
 * EXPIRED where an upload's time is over, or its bytes never came, and nothing names it that is not over. The caller removes the
 * bytes under the keys that it is given, after this commit: a crash between leaves bytes that no upload names.
 */
export async function expireUploads(database: Database): Promise<{ id: string; key: string | null }[]> {
  return database.statement<{ id: string; key: string | null }>(
    `with ended as (
        select u.id, u.key from broadsheet.upload u
        where u.status in ('WAITING', 'READY') and (u.used_at is null or u.used_at < clock_timestamp() - ${JUST_NAMED})
          and (u.expires_at <= clock_timestamp() or (u.status = 'WAITING' and u.put_until <= clock_timestamp() - ${LONGEST_PUT}))
          and not ${HELD}
        order by u.expires_at limit ${STEP} for update of u skip locked
      )
      update broadsheet.upload u set status = 'EXPIRED', key = null, sha256 = null from ended where u.id = ended.id
      returning u.id, ended.key`,
  )
}

/** Which of these keys an upload still names. */
export async function uploadKeysInUse(database: Database, keys: readonly string[]): Promise<Set<string>> {
  const rows = await database.statement<{ key: string }>(
    `select u.key from jsonb_array_elements_text(?::jsonb) as k (key) join broadsheet.upload u on u.key = k.key`,
    [JSON.stringify(keys)],
  )
  return new Set(rows.map(({ key }) => key))
}
