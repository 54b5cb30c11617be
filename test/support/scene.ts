import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { migrate } from '../../src/db/migrate.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startRedis } from '../../src/embedded/redis.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from './service.ts'

/** A server that a test may stop, kill, freeze and start again on the same port. */
export interface Part {
  readonly pid: number
  start(): Promise<void>
  /** As its operator stops it; what it keeps is kept. */
  stop(): Promise<void>
  /** SIGKILL; with `forget` it starts with nothing. */
  kill(options?: { forget?: boolean }): Promise<void>
  freeze(): void
  thaw(): void
}

/** Servers of a test's own and the processes of the service on them, all of which may meet their end. */
export interface Scene {
  readonly directory: string
  readonly databaseUrl: string
  readonly redisUrl: string
  /** What the reports read, as the role that reads it. */
  readonly sourceUrl: string
  readonly postgres: Part
  readonly redis: Part
  /** As the owner of the service's database, in a connection of its own. */
  sql<T extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>
  /** Ends at close() where nobody ended it. `redisUrl` on another way there. */
  api(env?: Record<string, string>, urls?: Urls): Promise<RunningApi>
  worker(env?: Record<string, string>, urls?: Urls): Promise<RunningProcess>
  close(): Promise<void>
}
type Urls = Partial<{ databaseUrl: string; redisUrl: string }>

/** The role that reads the source. Its name is what tells its backends from the service's. */
export const READER = 'scene_reader'

/** `reports`: file name to text; they read the source "main", an empty database of the same Postgres. */
export async function openScene(options: {
  reports: Readonly<Record<string, string>>
  withoutRedis?: boolean
}): Promise<Scene> {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-scene-'))
  await chmod(directory, 0o755)
  const reportsDirectory = join(directory, 'reports')
  await mkdir(reportsDirectory)
  await Promise.all(
    Object.entries(options.reports).map(([name, text]) => writeFile(join(reportsDirectory, name), text)),
  )
  const postgres = await postgresOf(directory)
  const redis = await redisOf(directory)
  const databaseUrl = postgres.url('broadsheet')
  await prepare(postgres.url)
  if (options.withoutRedis) await redis.stop()
  const sourceUrl = postgres.url('source', READER, 'reader')
  const running: RunningProcess[] = []
  const settings = (env: Record<string, string> = {}, urls: Urls = {}) => ({
    databaseUrl,
    redisUrl: redis.url,
    ...urls,
    dataDirectory: directory,
    reportsDirectory,
    sources: { main: sourceUrl },
    env,
  })
  const kept = <T extends RunningProcess>(started: T): T => {
    running.push(started)
    return started
  }
  return {
    directory,
    databaseUrl,
    redisUrl: redis.url,
    sourceUrl,
    postgres,
    redis,
    sql: (text, values) => query(databaseUrl, text, values),
    api: async (env, urls) => kept(await startApi(settings(env, urls))),
    worker: async (env, urls) => kept(await startWorker(settings(env, urls))),
    async close() {
      for (const each of running) {
        each.kill('SIGCONT')
        each.kill('SIGKILL')
        await each.stopped
      }
      await redis.close()
      await postgres.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function query<T extends object>(url: string, text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client(url)
  client.on('error', () => undefined) // a server that is killed meanwhile: the query says so
  await client.connect()
  try {
    return (await client.query(text, values)).rows as T[]
  } finally {
    await client.end()
  }
}

async function prepare(url: (database: string) => string): Promise<void> {
  await migrate(url('broadsheet'))
  for (const statement of [
    'create database source',
    `create role ${READER} login password 'reader'`,
    `grant ${READER} to current_user`,
    'revoke connect on database broadsheet from public',
  ])
    await query(url('postgres'), statement)
}

/** Durable, as users have it: what was committed is there after a crash. */
async function postgresOf(directory: string) {
  let server = await startPostgres({ dataDirectory: directory })
  const { port, url } = server
  const pid = async () => Number((await readFile(join(directory, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0])
  return partOf({
    pid: await pid(),
    url,
    start: async () => {
      server = await startPostgres({ dataDirectory: directory, port })
      return pid()
    },
    stop: () => server.stop(),
    forget: () => Promise.reject(new Error('Postgres is the truth: it forgets nothing.')),
  })
}

async function redisOf(directory: string) {
  let server = await startRedis({ dataDirectory: directory })
  const { port, url } = server
  const pid = () => redisPid(url)
  return partOf({
    pid: await pid(),
    url,
    start: async () => {
      server = await startRedis({ dataDirectory: directory, port })
      return pid()
    },
    stop: () => server.stop(),
    forget: () => rm(join(directory, 'redis'), { recursive: true, force: true }),
  })
}

async function redisPid(url: string): Promise<number> {
  const client = new Redis(url)
  try {
    return Number(/process_id:(\d+)/.exec(await client.info('server'))![1])
  } finally {
    client.disconnect()
  }
}

function partOf<Url>(server: {
  pid: number
  url: Url
  start(): Promise<number>
  stop(): Promise<void>
  forget(): Promise<void>
}) {
  let pid = server.pid
  let up = true
  const signal = (name: NodeJS.Signals) => void (up && process.kill(pid, name))
  const part = {
    url: server.url,
    get pid() {
      return pid
    },
    async start() {
      if (up) return
      pid = await server.start()
      up = true
    },
    async stop() {
      signal('SIGCONT')
      up = false
      await server.stop()
    },
    async kill({ forget = false } = {}) {
      signal('SIGKILL')
      up = false
      // Waits for its end, and lets go of its place.
      await server.stop()
      if (forget) await server.forget()
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    close: () => (up ? part.kill() : Promise.resolve()),
  }
  return part
}
