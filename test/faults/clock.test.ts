import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { postgresAccount } from '../../src/embedded/account.ts'
import { postgresBinaries } from '../../src/embedded/postgres-binaries.ts'
import { clusterArgument } from '../../src/embedded/postgres-cluster.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import type { TestDatabase } from '../support/database.ts'
import { ledgerFaults, schedulesIn } from '../support/schedules.ts'
import { startWorker, type RunningProcess } from '../support/service.ts'
import { until } from '../support/until.ts'

/** Debian's package libfaketime; without it this test is skipped. */
const LIBRARY = [
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`,
].find((path) => existsSync(path))
const PLAIN = `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'Plain', parameters: {}, columns: { one: 'Int' }, async *rows() { yield { one: 1 } } })`
const HOUR = 3_600_000
const TENS = 600_000

let directory: string
let clock: string
let server: ChildProcess
let worker: RunningProcess
let client: pg.Client

/** A Postgres whose clock a file moves, as a machine's clock may be moved under it. */
beforeAll(async () => {
  if (!LIBRARY) return
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-clock-'))
  await chmod(directory, 0o755)
  clock = join(directory, 'clock')
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
  server = spawn(
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
  client = await until(async () => {
    const one = new pg.Client(url.href)
    return one.connect().then(() => one, () => null)
  }, { what: 'Postgres takes connections' }) as pg.Client // prettier-ignore
  const reports = join(directory, 'reports')
  await mkdir(reports)
  await writeFile(join(reports, 'plain.ts'), PLAIN)
  worker = await startWorker({
    databaseUrl: url.href,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: reports,
  })
})
afterAll(async () => {
  if (!LIBRARY) return
  worker?.kill('SIGKILL')
  await worker?.stopped
  await client?.end()
  server?.kill('SIGINT')
  if (server && server.exitCode === null) await once(server, 'exit')
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

const move = (hours: number) => writeFile(clock, `${hours < 0 ? '' : '+'}${hours * 3600}\n`)
const sql = async <T extends object>(text: string, values: unknown[] = []) =>
  (await client.query(text, values)).rows as T[]

test.skipIf(!LIBRARY)(
  'the clock jumps by an hour in both directions: each slot comes once, and those it leapt over are caught up or MISSED (program: faketime)',
  async () => {
    const database = { sql } as unknown as TestDatabase
    const schedules = schedulesIn(database)
    const ada = await schedules.person()
    const [{ now }] = (await sql<{ now: Date }>('select clock_timestamp() as now')) as [{ now: Date }]
    expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(5_000)
    // Its next slot is in five minutes; the clock leaps over six, of which the last three are within the window.
    const createdAt = new Date(now.getTime() - TENS / 2)
    const id = await schedules.make({
      createdBy: ada,
      every: 'PT10M',
      catchUpWindow: 'PT30M',
      createdAt,
      nextSlotAt: new Date(createdAt.getTime() + TENS),
    })
    const outcomes = async () => (await schedules.ledger(id)).map(({ outcome }) => outcome)
    const offset = async () => {
      const [row] = await sql<{ now: Date }>('select clock_timestamp() as now')
      // Never -0, which is another value to a test.
      return Math.round((row!.now.getTime() - Date.now()) / HOUR) + 0
    }

    await move(1)
    expect(await offset()).toBe(1)
    const expected = ['MISSED', 'MISSED', 'MISSED', 'CAUGHT_UP', 'CAUGHT_UP', 'CAUGHT_UP']
    await until(async () => (await outcomes()).join() === expected.join(), {
      timeout: 60_000,
      what: 'what was leapt over is caught up or MISSED',
    })
    const before = await schedules.ledger(id)

    await move(0)
    expect(await offset()).toBe(0)
    // A second schedule shows that the scheduler goes on by the clock as it is now.
    const since = new Date()
    const other = await schedules.make({
      createdBy: ada,
      every: 'PT1S',
      createdAt: since,
      nextSlotAt: new Date(since.getTime() + 1_000),
      overlapPolicy: 'ALLOW',
    })
    await until(async () => (await schedules.ledger(other)).length >= 3, {
      timeout: 20_000,
      what: 'slots go on coming after the jump back',
    })
    await sql('update broadsheet.schedule set paused = true, next_slot_at = null where id = $1', [other])
    expect(await schedules.ledger(id)).toEqual(before)

    await move(1)
    await sql(
      "update broadsheet.schedule set next_slot_at = next_slot_at - interval '6 minutes', created_at = created_at - interval '6 minutes', slots_after = slots_after - interval '6 minutes' where id = $1",
      [id],
    )
    await until(async () => (await outcomes()).length === 7, {
      timeout: 20_000,
      what: 'the next slot of the first schedule comes',
    })
    await sql('delete from broadsheet.schedule where id = $1', [other])
    await sql('delete from broadsheet.report where schedule_id = $1', [other])
    const faults = (await ledgerFaults(database, 600)) as { fault: string }[]
    expect(faults.filter(({ fault }) => !['gap', 'first'].includes(fault))).toEqual([])
  },
  180_000,
)

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
