import type { SourceClient } from '../report-type/define.ts'
import type { Log } from '../log.ts'
import { readBatches } from './batches.ts'
import { oneByOne } from './one-by-one.ts'
import { openConnection, type Connection } from './connection.ts'
import { asSubquery, checkColumnNames, describeStatement } from './describe.ts'
import { describeFault, reportFailure } from './failures.ts'
import { createPermits } from './permits.ts'
import { beginReading, bind, startReading } from './reading.ts'
import { checkRole } from './role-check.ts'
import { sentRowDecoder } from './rows.ts'
import type { Handed, SentRow } from './sent-row.ts'
import { SourceFault, type Reading, type SessionOptions, type Source } from './source.ts'

/** Longest time that describing one statement may take, in milliseconds. */
const DESCRIBE_WITHIN = 10_000

/**
 * A Postgres that reports read. Connects only when asked.
 * @param options.maxConnections how many connections at once this process has to it; more wait their turn.
 */
export function createPostgresSource(name: string, url: string, options: { log: Log; maxConnections: number }): Source {
  const log = options.log.child({ source: name })
  const permits = createPermits(options.maxConnections)
  const open = new Set<Connection>()

  async function connect(signal?: AbortSignal): Promise<Connection> {
    const release = await permits.take(signal)
    try {
      const connection = await openConnection(url, log, signal)
      open.add(connection)
      return {
        ...connection,
        async end() {
          await connection.end()
          if (open.delete(connection)) release()
        },
      }
    } catch (error) {
      release()
      throw error
    }
  }

  return {
    name,

    async checkSource() {
      const connection = await connect().catch((error: unknown) => {
        throw describeFault(error, 'its role')
      })
      try {
        return await checkRole(connection.client)
      } catch (error) {
        throw describeFault(error, 'its role')
      } finally {
        await connection.end()
      }
    },

    async describe(statement, settings) {
      const connection = await connect().catch((error: unknown) => {
        throw describeFault(error, 'the query')
      })
      const { client } = connection
      try {
        await client.query(`begin read only; set local statement_timeout = ${DESCRIBE_WITHIN}`)
        await bind(client, settings)
        const columns = await describeStatement(client, statement)
        const wrapped = await describeStatement(client, asSubquery(statement))
        if (columns.length > 0 && wrapped.length !== columns.length)
          throw new SourceFault('INVALID', 'the query is no single SELECT.')
        checkColumnNames(columns)
        await client.query(asSubquery(statement)).catch(passDataErrors)
        return columns
      } catch (error) {
        throw describeFault(error, 'the query')
      } finally {
        await connection.end()
      }
    },

    async openReading(readingOptions): Promise<Reading> {
      const { signal } = readingOptions
      let connection: Connection | undefined
      try {
        connection = await connect(signal)
        return await startReading(connection, readingOptions)
      } catch (error) {
        await connection?.end()
        throw signal.aborted ? signal.reason : reportFailure(error)
      }
    },

    client: (session, handed) => createClient(connect, session, handed),

    async close() {
      permits.close()
      for (const connection of open) connection.cut()
      open.clear()
    },
  }
}

/** The values at hand while describing are empty; that they can't be cast says nothing about the query. */
function passDataErrors(error: unknown): void {
  if (!(error as { code?: string }).code?.startsWith('22')) throw error
}

function createClient(
  connect: (signal?: AbortSignal) => Promise<Connection>,
  session: SessionOptions,
  handed: Handed | undefined,
): SourceClient {
  const { signal } = session
  const fail = (error: unknown): Error => (signal.aborted ? (signal.reason as Error) : reportFailure(error))
  async function* batches(text: string, values: readonly unknown[]): AsyncGenerator<SentRow[]> {
    let connection: Connection | undefined
    try {
      connection = await connect(signal)
      await beginReading(connection.client, session)
      yield* readBatches(connection.client, { text, values }, sentRowDecoder, fail)
    } catch (error) {
      throw fail(error)
    } finally {
      await connection?.end()
    }
  }
  const give = (row: SentRow) => {
    if (handed) handed.last = row
    return row.object
  }
  return { query: (text, values = []) => oneByOne(batches(text, values), give) }
}
