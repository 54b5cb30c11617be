import { connect } from 'node:net'
import { Client } from 'pg'
import type { Log } from '../log.ts'

/** How long a connection may take to come up, and a goodbye to be said, in milliseconds. */
const CONNECT_WITHIN = 10_000
const END_WITHIN = 2_000
/** How long asking Postgres to cancel may take. */
const CANCEL_WITHIN = 3_000

export interface Connection {
  readonly client: Client
  /** Ends it at once, whatever runs there: asks Postgres to cancel, then drops the socket. */
  cut(): void
  /** Says goodbye where nothing runs, cuts it where something does. Never rejects. */
  end(): Promise<void>
}

/** What pg's types leave out and its own documentation of Submittable relies on. */
interface Inside {
  readonly host: string
  readonly port: number
  readonly processID: number | null
  readonly secretKey: number | null
  readonly connection: { readonly stream: { destroy(): void } }
  getTransactionStatus(): string | null
  readonly readyForQuery?: boolean
}

/**
 * One connection of its own, never pooled: a paused stream would hold a pool's place, and a session that ran a report's query is
 * not handed to another. Rejects with pg's error. `signal` cuts it, also while it comes up. `name`: what the server's own list of
 * sessions calls it.
 */
export async function openConnection(
  url: string,
  log: Log,
  signal?: AbortSignal,
  name = 'broadsheet',
): Promise<Connection> {
  signal?.throwIfAborted()
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_WITHIN,
    keepAlive: true,
    application_name: name,
  })
  const inside = client as unknown as Inside
  // The query that runs hears of a lost connection itself; without a listener of the client's own the process would end.
  client.on('error', (error) => log.debug({ err: error }, 'a connection was lost'))
  let cutAlready = false
  const cut = () => {
    if (cutAlready) return
    cutAlready = true
    askToCancel(inside, log)
    inside.connection.stream.destroy()
  }
  signal?.addEventListener('abort', cut, { once: true })
  try {
    await client.connect()
    // A backend whose client is gone notices within half a second, even in the middle of a sort. Where the platform
    // or an older Postgres can't, the cancel above and statement_timeout are left.
    await client.query('set client_connection_check_interval = 500').catch((error: unknown) => {
      signal?.throwIfAborted()
      log.debug({ err: error }, 'the server does not check for lost clients')
    })
  } catch (error) {
    signal?.removeEventListener('abort', cut)
    inside.connection.stream.destroy()
    throw error
  }
  return {
    client,
    cut,
    async end() {
      signal?.removeEventListener('abort', cut)
      if (cutAlready) return
      if (inside.readyForQuery !== true) return cut()
      const timer = setTimeout(cut, END_WITHIN)
      try {
        await client.end()
      } catch (error) {
        log.debug({ err: error }, 'a connection did not end cleanly')
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** Postgres' CancelRequest, on a connection of its own: it needs no free place on the server and no password. */
function askToCancel({ host, port, processID, secretKey }: Inside, log: Log): void {
  if (processID === null || secretKey === null) return
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(80877102, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  socket.on('error', (error) => log.debug({ err: error }, 'a server could not be asked to cancel'))
  socket.setTimeout(CANCEL_WITHIN, () => socket.destroy())
  socket.end(request)
  socket.resume()
}
