import Cursor from 'pg-cursor'
import type { Client } from 'pg'
import { cellTypes } from './cells.ts'
import { reportFailure } from './failures.ts'

/** Rows of one batch: measured, fewer cost more round trips and more cost memory without gain. */
const BATCH = 1000

/**
 * Rows of a query in batches; the next batch is asked for before the current one is given, so that the source and the
 * reader work at the same time. At most two batches are held. Ends with the cursor closed, however it ends.
 * @typeParam R arrays in the order of the columns, or objects, as `rowMode` says.
 */
export async function* readBatches<R>(
  client: Client,
  query: { readonly text: string; readonly values?: readonly unknown[]; readonly rowMode: 'array' | 'object' },
  fail: (error: unknown) => Error = reportFailure,
): AsyncGenerator<R[], void, undefined> {
  const config = { types: cellTypes, ...(query.rowMode === 'array' ? { rowMode: 'array' as const } : {}) }
  const cursor = client.query(
    new Cursor<R>(query.text, query.values as unknown[] | undefined, config as ConstructorParameters<typeof Cursor>[2]),
  )
  let next = read(cursor)
  try {
    for (;;) {
      const rows = await next
      if (rows.length === 0) return
      next = read(cursor)
      yield rows
    }
  } catch (error) {
    throw fail(error)
  } finally {
    const usable = await next.then(() => true, () => false) // prettier-ignore
    // A failed cursor is closed by its error already; on a connection that is lost meanwhile, close() would wait for ever.
    if (usable) await Promise.race([cursor.close(), new Promise((resolve) => client.once('end', resolve))])
  }
}

/** A rejection must have a listener from its first moment, though it is awaited only after the current batch was used. */
function read<R>(cursor: Cursor<R>): Promise<R[]> {
  const rows = cursor.read(BATCH)
  rows.catch(() => {})
  return rows
}
