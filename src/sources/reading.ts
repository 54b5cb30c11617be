import type { Client } from 'pg'
import { withWords } from '../report-type/columns.ts'
import type { Json, Row } from '../report-type/define.ts'
import type { Setting } from '../report-type/settings.ts'
import { readBatches } from './batches.ts'
import { cellTypes } from './cells.ts'
import type { Connection } from './connection.ts'
import { copyOut } from './copy-out.ts'
import { describeStatement } from './describe.ts'
import { reportFailure } from './failures.ts'
import { chooseForm, estimateRows } from './plan.ts'
import { documentDecoder } from './rows.ts'
import type { Reading, ReadingOptions, SessionOptions } from './source.ts'

/** Begins a read-only snapshot and binds everything that statements read there. Rejects with pg's error. */
export async function beginReading(
  client: Client,
  { reportId, settings, timeZone, timeoutMs }: Omit<SessionOptions, 'signal'>,
): Promise<void> {
  await client.query('begin isolation level repeatable read read only')
  await bind(client, [
    ['application_name', `broadsheet ${reportId}`],
    ['statement_timeout', String(Math.max(1, Math.ceil(timeoutMs)))],
    ['TimeZone', timeZone],
    ['DateStyle', 'ISO, YMD'],
    ['IntervalStyle', 'postgres'],
    ['extra_float_digits', '1'],
    ['bytea_output', 'hex'],
    ...settings,
  ])
}

/** One statement, whatever the number of settings; all of them end with the transaction. */
export async function bind(client: Client, settings: readonly Setting[]): Promise<void> {
  const calls = settings.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`)
  await client.query(`select ${calls.join(', ')}`, settings.flat())
}

/** Opens the snapshot on a fresh connection. `fail` gives the signal's reason where the signal is why a query ended. */
export async function startReading(connection: Connection, options: ReadingOptions): Promise<Reading> {
  const { client } = connection
  const { body, signal } = options
  const fail = (error: unknown): Error => (signal.aborted ? (signal.reason as Error) : reportFailure(error))
  await beginReading(client, options)
  const columns = withWords(await describeStatement(client, body.statement), body.columnWords)
  const chosen = await chooseForm(client, body.statement, body.once.statement)

  async function summary(): Promise<{ [column: string]: Json } | null> {
    if (body.summary === null) return null
    try {
      const { statement } = await chooseForm(client, body.summary, body.once.summary ?? body.summary)
      // Whatever its author wrote, one row of it is read.
      const { rows } = await client.query({
        text: `select * from (\n${statement}\n) as summary limit 1`,
        types: cellTypes as never,
      })
      return (rows[0] as { [column: string]: Json } | undefined) ?? null
    } catch (error) {
      throw fail(error)
    }
  }

  return {
    columns,
    estimate: async () => (await estimateRows(client, body.statement, options.settings)) ?? chosen.rows,
    copy: () => copyOut(client, chosen.statement, fail),
    batches: () => readBatches<Row>(client, { text: chosen.statement }, documentDecoder, fail) as AsyncIterable<Row[]>,
    summary,
    close: () => connection.end(),
  }
}
