import { hostname } from 'node:os'
import type { Database } from '../src/db/orm.ts'
import type { Log } from '../src/log.ts'

/** How often a worker says that it is there, in milliseconds. */
const SAY_EVERY = 5_000

/**
 * This worker's row: who is there, and which types it has. Written now and every 5 s, taken away by close(); rows of workers
 * that have died stay a day for who wants to know, then they go. An outage is logged once.
 */
export function createPresence(deps: {
  database: Database
  workerId: string
  concurrency: number
  types(): readonly string[]
  log: Log
}) {
  const { database, workerId, concurrency, log } = deps
  let outage = false
  let closed = false
  let timer: NodeJS.Timeout | undefined

  async function say(): Promise<void> {
    try {
      await database.transaction(async (em) => {
        await em.execute(
          `insert into broadsheet.worker (id, host, pid, concurrency, types) values (?, ?, ?, ?, ?::text[])
           on conflict (id) do update set last_seen_at = clock_timestamp(), types = excluded.types`,
          [workerId, hostname(), process.pid, concurrency, `{${deps.types().join(',')}}`],
        )
        await em.execute(`delete from broadsheet.worker where last_seen_at < clock_timestamp() - interval '1 day'`)
      })
      outage = false
    } catch (error) {
      if (!outage) log.warn({ err: error }, 'the worker could not say that it is there')
      outage = true
    }
  }

  let saying = say()
  function next(): void {
    if (!closed) timer = setTimeout(() => (saying = say().then(next)), SAY_EVERY)
  }
  void saying.then(next)

  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await saying
      await database.statement('delete from broadsheet.worker where id = ?', [workerId])
    },
  }
}
