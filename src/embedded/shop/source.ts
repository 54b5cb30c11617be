import pg from 'pg'
import { keptPassword } from '../data-directory.ts'
import type { EmbeddedPostgres } from '../postgres.ts'
import { fillShop } from './fill.ts'

const DATABASE = 'shop'
/** May read the shop and nothing else, here or in the service's own database. */
const READER = 'shop_reader'

/**
 * Makes the demo shop in the embedded Postgres, a database of its own, and answers the URL under which reports read it.
 * A second call finds it there. `onProgress` is told rows done and rows in all while it is filled.
 */
export async function prepareShop(options: {
  postgres: Pick<EmbeddedPostgres, 'url'>
  dataDirectory: string
  onProgress?(done: number, total: number): void
}): Promise<string> {
  const { postgres, dataDirectory, onProgress } = options
  const { password } = await keptPassword(dataDirectory, 'shop-reader.password')
  await onDatabase(postgres.url('postgres'), async (client) => {
    const { rows } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (rows.length === 0) await client.query(`create database ${DATABASE}`)
    const { rows: roles } = await client.query('select from pg_roles where rolname = $1', [READER])
    if (roles.length === 0) await client.query(`create role ${READER} login`)
    await client.query(`alter role ${READER} password ${client.escapeLiteral(password)} connection limit 64`)
    // By default everybody may connect everywhere and make temporary tables there.
    await client.query(`revoke connect, temporary on database broadsheet, ${DATABASE} from public`)
    await client.query(`grant connect on database ${DATABASE} to ${READER}`)
  })
  await fillShop({ ownerUrl: postgres.url(DATABASE), readerRole: READER, ...(onProgress && { onProgress }) })
  return postgres.url(DATABASE, READER, password)
}

async function onDatabase(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, statement_timeout: 60_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
