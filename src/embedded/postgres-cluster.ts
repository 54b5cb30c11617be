import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartupError } from '../errors.ts'
import { run, type Account } from './program.ts'

/** The role that owns Broadsheet's databases: it may create databases and roles, and is no superuser. */
export const OWNER = 'broadsheet'

/**
 * How Postgres is told where its cluster is. It is always started in that directory; another account than ours may not
 * be allowed to pass through the folders above it, but can always enter the one it stands in.
 */
export function clusterArgument(cluster: string, account: Account | undefined): string {
  return account !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : cluster
}

export interface ClusterOptions {
  cluster: string
  bin: string
  account: Account | undefined
  durable: boolean
  ownerPassword: string
  passwordMade: boolean
  say(line: string): void
}

/**
 * Makes the cluster where there is none, and gives the owner the kept password where that is new. It is made beside its
 * place and renamed into it when it is whole, so a start that was killed half-way leaves nothing that looks finished.
 */
export async function prepareCluster(options: ClusterOptions): Promise<void> {
  const { cluster, account, ownerPassword } = options
  if (
    await stat(join(cluster, 'PG_VERSION')).then(
      () => true,
      () => false,
    )
  ) {
    if (options.passwordMade) await command(cluster, options, [`ALTER ROLE ${OWNER} PASSWORD '${ownerPassword}'`])
    return
  }
  options.say(`Creating the embedded Postgres in ${cluster}`)
  const unfinished = `${cluster}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  await chmod(unfinished, 0o700)
  if (account) await chown(unfinished, account.uid, account.gid)
  // The built-in C.UTF-8 sorts and folds the same on every machine, whatever locales are installed on it.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const made = await run(
    join(options.bin, 'initdb'),
    [
      '-D',
      clusterArgument(unfinished, account),
      '-U',
      'postgres',
      '--auth=trust',
      ...locale,
      ...(options.durable ? [] : ['--no-sync']),
    ],
    { account, cwd: unfinished },
  )
  if (made.code !== 0)
    throw new StartupError([`initdb failed: ${made.refused ?? made.output.trim().split('\n').slice(-5).join('\n')}`])
  // The superuser has no password, so nobody signs in as it.
  await writeFile(join(unfinished, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n')
  await command(unfinished, options, [
    `CREATE ROLE ${OWNER} LOGIN CREATEDB CREATEROLE PASSWORD '${ownerPassword}'`,
    `GRANT pg_monitor, pg_signal_backend TO ${OWNER}`,
    `CREATE DATABASE ${OWNER} OWNER ${OWNER}`,
  ])
  await rename(unfinished, cluster)
}

/** Runs statements in Postgres's single-user mode, which needs no server, no port and no password. */
async function command(cluster: string, options: ClusterOptions, statements: string[]): Promise<void> {
  const { code, output, refused } = await run(
    join(options.bin, 'postgres'),
    [
      '--single',
      '-D',
      clusterArgument(cluster, options.account),
      '-c',
      'log_statement=none',
      '-c',
      'log_min_error_statement=panic',
      'postgres',
    ],
    { account: options.account, cwd: cluster, input: statements.map((statement) => `${statement};\n`).join('') },
  )
  const failure = refused ?? output.split('\n').find((line) => /(ERROR|FATAL|PANIC):/.test(line))
  if (code !== 0 || failure !== undefined)
    throw new StartupError([`The embedded Postgres could not be set up: ${failure ?? output.trim()}`])
}

/**
 * A postmaster.pid left behind may hold a process id that another program has by now, and Postgres would refuse to start.
 * Call it only when no server of this cluster runs. Our own id takes its place, which Postgres knows for its parent and
 * passes over; the rest stays, by which it finds children of the old server that still use its memory.
 */
export async function disownPidFile(cluster: string): Promise<void> {
  const path = join(cluster, 'postmaster.pid')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text !== undefined) await writeFile(path, text.replace(/^\d+/, String(process.pid)))
}
