import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { environmentWith, type EmbeddedSettings } from '../config.ts'
import { StartupError } from '../errors.ts'
import { claimDataDirectory, keptPassword, openDataDirectory } from './data-directory.ts'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import { prepareShop } from './shop/source.ts'

/** Longest wait for a process of ours to say that it is ready, and to leave when told, in milliseconds. */
const READY_WITHIN = 60_000
const LEAVE_WITHIN = 45_000

const API = fileURLToPath(new URL('../api/main.ts', import.meta.url))
const WORKER = fileURLToPath(new URL('../../worker/main.ts', import.meta.url))

export interface Service {
  /** Where the API listens. */
  readonly url: string
  readonly adminToken: string
  /** Resolves with a line when a part ends though nobody stopped it. */
  readonly lost: Promise<string>
  /** Stops everything in reverse order; safe to call again. */
  stop(): Promise<void>
}

/** What a person sees of the start: lines, and a bar while the shop is filled. */
export interface Watcher {
  say(line: string): void
  filling(done: number, total: number): void
}

/**
 * The API and one worker, with an embedded Postgres and Redis for whatever the settings leave unset. Throws StartupError
 * with the remedy; whatever was started until then is stopped.
 */
export async function startService(settings: EmbeddedSettings, { say, filling }: Watcher): Promise<Service> {
  const dataDirectory = await openDataDirectory(settings.dataDirectory)
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>()
  const closers: (() => unknown)[] = []
  let stopped: Promise<void> | undefined
  const stop = () =>
    (stopped ??= (async () => {
      for (const close of closers.toReversed()) await close()
    })())

  try {
    // The two servers have locks of their own; this one is for the files that are made below.
    const claim = await claimDataDirectory(dataDirectory, 'service')
    closers.push(() => claim.release())
    const own: Record<string, string> = { BROADSHEET_DATA_DIR: dataDirectory }
    own['BROADSHEET_SECRET'] = settings.secret ?? (await keptPassword(dataDirectory, 'secret')).password
    const adminToken = settings.adminToken ?? (await keptPassword(dataDirectory, 'admin-token')).password
    own['BROADSHEET_ADMIN_TOKEN'] = adminToken

    // Redis first: where it has to be installed, nothing else was started for nothing.
    if (settings.redisUrl === null) {
      const redis = await startRedis({ dataDirectory, say, lost: lose })
      closers.push(() => redis.stop())
      own['REDIS_URL'] = redis.url
    }
    if (settings.databaseUrl === null) {
      const postgres = await startPostgres({ dataDirectory, say, lost: lose })
      closers.push(() => postgres.stop())
      own['DATABASE_URL'] = postgres.url('broadsheet')
      const shop = await prepareShop({ postgres, dataDirectory, onProgress: filling })
      own['BROADSHEET_SOURCES'] = withShop(settings.sources, shop)
    }

    const environment = environmentWith({ NODE_COMPILE_CACHE: `${dataDirectory}/compile-cache`, ...own })
    const api = await startProcess('API', API, environment, lose)
    closers.push(() => leave(api.process))
    const worker = await startProcess('worker', WORKER, environment, lose)
    closers.push(() => leave(worker.process))
    return { url: api.publicUrl ?? '', adminToken, lost, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The settings' own sources, and the shop where they don't name another one so. What is no JSON is told by the processes. */
function withShop(sources: string | null, shop: string): string {
  if (sources === null) return JSON.stringify({ shop })
  try {
    return JSON.stringify({ shop, ...(JSON.parse(sources) as object) })
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return sources
  }
}

interface Ready {
  ready: true
  publicUrl?: string
}

async function startProcess(name: string, file: string, environment: Record<string, string>, lose: (line: string) => void) {
  const child = fork(file, [], { env: environment, execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true })
  const ended = once(child, 'exit').then(([code, signal]) => `The ${name} ended (${signal ?? `code ${code}`}).`)
  const ready = once(child, 'message', { signal: AbortSignal.timeout(READY_WITHIN) }).then(([message]) => message as Ready)
  const first = await Promise.race([ready, ended])
  if (typeof first === 'string') throw new StartupError([`${first} What it said stands above.`])
  void ended.then(lose)
  return { process: child, publicUrl: first.publicUrl }
}

/** Politely, then not. */
async function leave(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), LEAVE_WITHIN)
  await gone
  clearTimeout(timer)
}
