import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '../../src/db/migrate.ts'
import { postgresAccount } from '../../src/embedded/account.ts'
import { postgresBinaries } from '../../src/embedded/postgres-binaries.ts'
import { clusterArgument } from '../../src/embedded/postgres-cluster.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { until } from './until.ts'

const LIBRARY = [
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`,
].find((path) => existsSync(path))

/** Debian's package libfaketime; tests that need it are skipped without. */
export const HAS_FAKETIME = LIBRARY !== undefined

/** A Postgres whose clock a file moves, as a machine's clock may be moved under it. The service's tables are there. */
export async function openMovedClock() {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-clock-'))
  await chmod(directory, 0o755)
  const clock = join(directory, 'clock')
  /** Seconds from the machine's own clock. */
  const move = (seconds: number) => writeFile(clock, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  await move(0)
  // Prepared as ever, and then started by hand: what the service starts inherits nothing, and so no other clock.
  const prepared = await startPostgres({ dataDirectory: directory, durable: false })
  const url = new URL(prepared.url('broadsheet'))
  await migrate(url.href)
  await prepared.stop()
  const cluster = join(directory, 'postgres')
  const account = await postgresAccount(cluster)
  const port = await freePort()
  url.port = String(port)
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'fsync=off']
  const server = spawn(
    join(await postgresBinaries(account, () => undefined), 'postgres'),
    ['-D', clusterArgument(cluster, account), ...settings.flatMap((setting) => ['-c', setting])],
    {
      cwd: cluster,
      ...account,
      stdio: 'ignore',
      env: {
        LD_PRELOAD: LIBRARY,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        LC_ALL: 'C',
      },
    },
  )
  const client = await until(async () => {
    const one = new pg.Client(url.href)
    return one.connect().then(() => one, () => null)
  }, { what: 'Postgres takes connections' }) as pg.Client // prettier-ignore

  return {
    directory,
    databaseUrl: url.href,
    move,
    /** As the owner of the service's database. */
    sql: async <T extends object>(text: string, values: unknown[] = []) =>
      (await client.query(text, values)).rows as T[],
    async close() {
      await client.end()
      server.kill('SIGINT')
      if (server.exitCode === null) await once(server, 'exit')
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
export type MovedClock = Awaited<ReturnType<typeof openMovedClock>>

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
