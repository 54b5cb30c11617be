import type { Database } from '../db/orm.ts'
import type { ProgressEvent } from '../progress/event.ts'
import { PROGRESS_COLUMNS, progressOf, type ProgressRow } from '../report/progress-row.ts'
import { LEASE_SECONDS, type Taken } from './take.ts'

type Held = Pick<Taken, 'id' | 'attempt'>

/** The longest lastError. */
const LONGEST_ERROR = 500

const REPORT = PROGRESS_COLUMNS.split(', ')
  .map((name) => `r.${name}`)
  .join(', ')

/**
 * What the worker that tries a delivery may write, guarded by worker and the try's number: where the guard fails somebody else
 * tries it by now, nothing is written, and the answer is null. Else the report's event: who watches it looks at its deliveries.
 */
export function createFate({ database, workerId }: { database: Database; workerId: string }) {
  async function end({ id, attempt }: Held, set: string, values: unknown[]): Promise<ProgressEvent | null> {
    const [row] = await database.transaction((em) =>
      em.execute<ProgressRow[]>(
        `update broadsheet.delivery d set ${set}, worker_id = null from broadsheet.report r
         where d.id = ? and d.attempts = ? and d.worker_id = ?::uuid and d.status = 'PENDING' and r.id = d.report_id returning ${REPORT}`,
        [...values, id, attempt, workerId],
      ),
    )
    return row ? progressOf(row) : null
  }

  return {
    /** Renews the leases; resolves to the ids that are still this worker's. */
    async renew(tries: readonly Held[]): Promise<Set<string>> {
      const rows = await database.transaction((em) =>
        em.execute<{ id: string }[]>(
          `update broadsheet.delivery d set due_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds'
           from jsonb_to_recordset(?::jsonb) as t (id uuid, attempt int)
           where d.id = t.id and d.attempts = t.attempt and d.worker_id = ?::uuid and d.status = 'PENDING' returning d.id`,
          [JSON.stringify(tries.map(({ id, attempt }) => ({ id, attempt }))), workerId],
        ),
      )
      return new Set(rows.map(({ id }) => id))
    },

    /** It has arrived. */
    succeed: (held: Held) =>
      end(
        held,
        `status = 'SUCCEEDED', delivered_at = clock_timestamp(), last_error = null, due_at = null, counted = false`,
        [],
      ),

    /** Not this time: the next try comes after so many milliseconds; null: there is none. */
    fail: (held: Held, why: string, pause: number | null) =>
      pause === null
        ? end(held, `status = 'FAILED', last_error = ?, due_at = null, counted = false`, [shortened(why)])
        : end(held, `last_error = ?, due_at = clock_timestamp() + make_interval(secs => ?)`, [
            shortened(why),
            pause / 1000,
          ]),

    /** A worker that stops gives it back: not charged, due at once. */
    handBack: (held: Held) => end(held, `charged = d.charged - 1, due_at = clock_timestamp()`, []),
  }
}

export type Fate = ReturnType<typeof createFate>

function shortened(text: string): string {
  const clean = text.replaceAll('\0', '').toWellFormed()
  return clean.length > LONGEST_ERROR ? `${clean.slice(0, LONGEST_ERROR - 1).toWellFormed()}…` : clean
}
