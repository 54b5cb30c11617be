import type { Database } from '../db/orm.ts'

/** Rows that go in one statement, and statements in one purge: what is left goes with the next one. */
const STEP = 500
const MOST_STEPS = 20

/** Idempotency keys hold for 24 hours; in milliseconds, with as much again for clocks and long outages. */
const KEYS_KEPT = 48 * 3600 * 1000

/**
 * What goes when it is older than ROW_RETENTION, in this order. An ended report takes with it what hangs on it (attempts and
 * the like, by their foreign keys); one whose document lives is not ended yet: it becomes EXPIRED first. `keep`: a time of its own.
 */
const OLD = [
  {
    table: 'report',
    condition: `status in ('FAILED', 'CANCELED', 'EXPIRED') and finished_at`,
    order: 'finished_at',
    keep: null,
  },
  { table: 'report_audit', condition: 'at', order: 'at', keep: null },
  // A run of slots is as old as its last one; what waits is not over.
  { table: 'schedule_slot', condition: `outcome <> 'WAITING' and at`, order: 'at', keep: null },
  { table: 'upload', condition: `status in ('REFUSED', 'EXPIRED') and expires_at`, order: 'expires_at', keep: null },
  { table: 'idempotency_key', condition: 'used_at', order: 'used_at', keep: KEYS_KEPT },
] as const

/**
 * Removes rows that are older than `retention` milliseconds, a bounded number, in short transactions; several workers may do
 * it at once. `closing` is asked between two steps. Resolves to how many rows went.
 */
export async function purgeOldRows(
  database: Database,
  retention: number,
  closing: () => boolean = () => false,
): Promise<number> {
  let removed = 0
  for (const { table, condition, order, keep } of OLD) {
    for (let step = 0; step < MOST_STEPS && !closing(); step++) {
      const [row] = await database.statement<{ count: number }>(
        `with old as (
            select ctid from broadsheet.${table} where ${condition} < clock_timestamp() - make_interval(secs => ?)
            order by ${order} limit ${STEP} for update skip locked
          ), gone as (delete from broadsheet.${table} where ctid = any(array(select ctid from old)) returning 1)
          select count(*)::int as count from gone`,
        [(keep ?? retention) / 1000],
      )
      removed += row!.count
      if (row!.count < STEP) break
    }
  }
  return removed
}
