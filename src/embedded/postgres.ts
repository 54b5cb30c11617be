import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { postgresAccount } from './account.ts'
import { claimDataDirectory, keptPassword, openDataDirectory } from './data-directory.ts'
import { listen } from './listen.ts'
import { postgresBinaries } from './postgres-binaries.ts'
import { clusterArgument, disownPidFile, OWNER, prepareCluster } from './postgres-cluster.ts'
import { stopOrphans, type Farewell } from './server.ts'

export interface EmbeddedPostgres {
  /**
   * The URL of `database` for a role: without one for the owner, who may create databases and roles and is no superuser.
   * The database `broadsheet` exists from the first start; others the caller creates.
   */
  url(database: string, user?: string, password?: string): string
  port: number
  /** Fast shutdown: open transactions are rolled back. At most 18 s, the last of it SIGKILL. Safe to call again. */
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Kept under `<dataDirectory>/postgres`; made where it is missing. */
  dataDirectory: string
  /** Takes lines for the terminal: what takes long or is out of the ordinary. */
  say?(line: string): void
  /** Default true. False (tests) leaves out fsync: quicker, and lost when the machine crashes. */
  durable?: boolean
  /** Default UTC. */
  timeZone?: string
  /** Default: a free one. */
  port?: number
  /** Called once with one line when the server ends though nobody stopped it. */
  lost?(line: string): void
}

/** SIGINT is Postgres's fast shutdown, SIGQUIT its immediate one (recovery at the next start). */
const FAREWELL: Farewell = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 6_000],
  ['SIGKILL', 2_000],
]

/**
 * Starts the bundled Postgres on 127.0.0.1. One that an earlier, killed process left running here is stopped first.
 *
 * @throws StartupError when the data directory is in use, or Postgres can't run here; the message names the remedy
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const directory = await openDataDirectory(options.dataDirectory)
  const claim = await claimDataDirectory(directory, 'postgres')
  try {
    const { server, port, password } = await start(directory, options)
    return {
      port,
      url(database, user = OWNER, userPassword = user === OWNER ? password : undefined) {
        const secret = userPassword === undefined ? '' : `:${encodeURIComponent(userPassword)}`
        return `postgres://${encodeURIComponent(user)}${secret}@127.0.0.1:${port}/${encodeURIComponent(database)}`
      },
      async stop() {
        await server.stop()
        claim.release()
      },
    }
  } catch (error) {
    claim.release()
    throw error
  }
}

async function start(directory: string, options: PostgresOptions) {
  const { say = () => undefined, durable = true, timeZone = 'UTC', lost = () => undefined } = options
  const cluster = join(directory, 'postgres')
  const account = await postgresAccount(cluster)
  const bin = await postgresBinaries(account, say)
  const { password, made } = await keptPassword(directory, 'postgres.password')

  // Postgres knows no such setting: it marks the command line, by which the next start finds what this one left. A hash,
  // since every SQL session can read it.
  const mark = `broadsheet.directory=${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`
  const orphans = await stopOrphans(({ line }) => line.includes('/bin/postgres -D ') && line.endsWith(mark), FAREWELL)
  if (orphans > 0) say('Stopped the Postgres that an earlier Broadsheet left running here')
  await disownPidFile(cluster)
  await prepareCluster({ cluster, bin, account, durable, ownerPassword: password, passwordMade: made, say })

  const safety = durable ? 'on' : 'off'
  const settings = (port: number) => [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    `timezone=${timeZone}`,
    `fsync=${safety}`,
    `full_page_writes=${safety}`,
    `synchronous_commit=${safety}`,
    // Without statements, which hold parameters, and without a line for each checkpoint: the log stays small.
    'log_min_messages=log',
    'log_checkpoints=off',
    mark,
  ]
  const { server, port } = await listen({
    name: 'The embedded Postgres',
    port: options.port,
    // Another program took the port, or children of a killed server still hold its memory for a moment.
    passing: /Address already in use|pre-existing shared memory block/,
    lost,
    ready: (_, { pid }) => accepts(cluster, pid),
    launch: async (chosen) => ({
      program: join(bin, 'postgres'),
      args: ['-D', clusterArgument(cluster, account), ...settings(chosen).flatMap((setting) => ['-c', setting])],
      cwd: cluster,
      log: join(directory, 'postgres.log'),
      farewell: FAREWELL,
      account,
    }),
  })
  return { server, port, password }
}

/** Postgres writes into line 8 of postmaster.pid when it takes connections, as pg_ctl reads it too. */
async function accepts(cluster: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
}
