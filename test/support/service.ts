import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { isUnreachable } from '../../src/db/unreachable.ts'
import { WIDE_LIMITS } from './limits.ts'
import { until } from './until.ts'

export interface ServiceOptions {
  databaseUrl: string
  redisUrl: string
  /** Documents and the log live here. */
  dataDirectory: string
  sources?: Record<string, string>
  reportsDirectory?: string
  env?: Record<string, string>
}

/** A process of the service as an operator starts it. */
export interface RunningProcess {
  readonly process: ChildProcess
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Exit code, or the signal that ended it. */
  readonly stopped: Promise<number | NodeJS.Signals>
  /** What it has logged. */
  log(): Promise<string>
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
let started = 0

/** `node worker/main.ts`; resolves when its row is in broadsheet.worker. The caller ends it. */
export async function startWorker(options: ServiceOptions): Promise<RunningProcess> {
  const worker = startProcess('worker/main.ts', options)
  await until(() => isPresent(options.databaseUrl, worker), { timeout: 20_000, what: 'the worker is present' })
  return worker
}

export interface RunningApi extends RunningProcess {
  /** Where it listens: a free port of its own. */
  readonly url: string
  /** Of an ADMIN of the tenant "default" with every scope. */
  readonly adminToken: string
  /** SIGTERM, and waits for the end. */
  stop(): Promise<number | NodeJS.Signals>
}

/** `node src/api/main.ts` on a free port; resolves when it listens. The caller ends it. */
export async function startApi(options: ServiceOptions): Promise<RunningApi> {
  const adminToken = options.env?.['BROADSHEET_ADMIN_TOKEN'] ?? 'an-admin-token-of-the-tests-made-by-hand'
  const api = startProcess('src/api/main.ts', {
    ...options,
    env: { PORT: '0', BROADSHEET_ADMIN_TOKEN: adminToken, ...options.env },
  })
  const ready = once(api.process, 'message').then(([message]) => message as { publicUrl: string })
  const first = await Promise.race([ready, api.stopped])
  if (typeof first !== 'object') throw new Error(`the API has ended (${first}):\n${await api.log()}`)
  const stop = () => {
    api.kill('SIGTERM')
    return api.stopped
  }
  return { ...api, url: first.publicUrl, adminToken, stop }
}

export function startProcess(entry: string, options: ServiceOptions): RunningProcess {
  const logFile = join(options.dataDirectory, `process-${(started += 1)}.log`)
  const fd = openSync(logFile, 'a')
  const child = spawn(process.execPath, [entry], {
    cwd: ROOT,
    // Without its IPC channel a process ends: none outlives a test run that was killed.
    stdio: ['ignore', fd, fd, 'ipc'],
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: options.databaseUrl,
      REDIS_URL: options.redisUrl,
      BROADSHEET_DATA_DIR: options.dataDirectory,
      BROADSHEET_SECRET: 'a secret of forty characters for testing',
      BROADSHEET_SOURCES: JSON.stringify(options.sources ?? {}),
      BROADSHEET_REPORTS_DIR: resolve(options.reportsDirectory ?? join(ROOT, 'reports')),
      WORKER_CONCURRENCY: '2',
      LOG_LEVEL: 'debug',
      ...WIDE_LIMITS,
      ...options.env,
    },
  })
  const stopped = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals)
  return {
    process: child,
    pid: child.pid!,
    kill: (signal) => void child.kill(signal),
    stopped,
    log: () => readFile(logFile, 'utf8'),
  }
}

async function isPresent(databaseUrl: string, worker: RunningProcess): Promise<boolean> {
  if (worker.process.exitCode !== null) throw new Error(`the worker has ended:\n${await worker.log()}`)
  const client = new pg.Client(databaseUrl)
  client.on('error', () => undefined) // the query says so
  try {
    await client.connect()
    const { rows } = await client.query(`select to_regclass('broadsheet.worker') is not null as there`)
    if (!rows[0].there) return false
    return (await client.query('select from broadsheet.worker where pid = $1', [worker.pid])).rowCount === 1
  } catch (error) {
    // A worker waits for a database that is away, and so does who starts it.
    if (isUnreachable(error)) return false
    throw error
  } finally {
    await client.end()
  }
}

/** The children of a process, by /proc; empty where there is no /proc. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map(Number)
}
