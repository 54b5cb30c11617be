import { hostname } from 'node:os'
import pg from 'pg'
import { readConfig } from '../src/config.ts'
import { WORKER_ROLE } from '../src/db/roles.ts'
import { startup } from '../src/startup.ts'

/** A worker says every 5 s that it is there: so long without a word, in seconds, is not a pause. */
const SILENT_FOR = 30
/** Milliseconds, for each of connecting and asking. */
const WITHIN = 3_000

/**
 * `node scripts/worker-health.ts`: code 0 when a worker of this machine (in a container: the worker) has said lately that it is there,
 * else 1 with a line that says why. A worker has no port to ask at; its row is what everybody goes by. It loads the bare
 * driver, since it runs every half minute beside the work.
 */
await startup(async () => {
  const client = new pg.Client({
    connectionString: readConfig().databaseUrl,
    connectionTimeoutMillis: WITHIN,
    query_timeout: WITHIN,
    options: `-c role=${WORKER_ROLE}`,
  })
  client.on('error', () => undefined) // a connection that breaks fails the query, too
  try {
    await client.connect()
    const { rowCount } = await client.query(
      `select from broadsheet.worker where host = $1 and last_seen_at > clock_timestamp() - make_interval(secs => $2)`,
      [hostname(), SILENT_FOR],
    )
    if (!rowCount) throw new Error(`no worker of ${hostname()} has said within ${SILENT_FOR} s that it is there`)
  } catch (error) {
    process.stderr.write(`Not well: ${error instanceof Error ? error.message : String(error)}.\n`)
    process.exitCode = 1
  } finally {
    await client.end().catch(() => undefined)
  }
})
