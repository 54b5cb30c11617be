import type { EventSource, RequestEvent, SourceClient } from '../report-type/define.ts'

/** Events that are handed on together. */
const BATCH = 1_000

/**
 * Request events in a table of Postgres: request_id, time (timestamptz), visitor, path, referrer, user_agent, status. One statement
 * reads them all, so that they are of one moment. @param table checked where the settings are read, since it becomes a part of the text.
 */
export function createTableEvents(client: SourceClient, table: string): EventSource {
  const text = `select request_id::text, to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time,
      visitor::text, path::text, referrer::text, user_agent::text, status::integer
    from ${table} where time >= $1 and time < $2`
  return {
    async *between(from, to) {
      let batch: RequestEvent[] = []
      for await (const row of client.query(text, [from.toISOString(), to.toISOString()])) {
        const { request_id, user_agent, ...same } = row as never as Omit<RequestEvent, 'requestId' | 'userAgent'> & {
          request_id: string
          user_agent: string | null
        }
        batch.push({ requestId: request_id, userAgent: user_agent, ...same })
        if (batch.length < BATCH) continue
        yield batch
        batch = []
      }
      if (batch.length > 0) yield batch
    },
  }
}
