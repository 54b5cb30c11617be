import { environmentWith, readConfig, type Config, type EmbeddedSettings } from '../config.ts'
import { loopbackUrl } from '../local-url.ts'
import { linkTo, signInCodesIn, tellAddress } from './address.ts'
import { claimDataDirectory, keptPassword, openDataDirectory } from './data-directory.ts'
import { checkPort } from './port.ts'
import { startPostgres } from './postgres.ts'
import { keepProcess } from './processes.ts'
import { startRedis } from './redis.ts'
import { prepareShop } from './shop/source.ts'
import { prepareWeb } from './web/prepare.ts'

export interface Broadsheet {
  /** Where the API listens. */
  readonly url: string
  readonly adminToken: string
  /** Where everything is kept, absolute. */
  readonly dataDirectory: string
  /** A new link to the dashboard, which signs in once; null where HOST is no address of the loopback. */
  signInLink(): Promise<string | null>
  /** Resolves with a line when a part ends though nobody stopped it. */
  readonly lost: Promise<string>
  /** Stops everything in reverse order; running reports have DRAIN_SECONDS. Safe to call again. */
  stop(): Promise<void>
}

/** What a person sees of the start, lines and a bar while the shop is filled; and how the start is called off. */
export interface Watcher {
  say(line: string): void
  filling(done: number, total: number): void
  /** Aborted: the start rejects with its reason as soon as what was started is stopped. */
  signal?: AbortSignal
}

/**
 * The API and one worker, with an embedded Postgres and Redis for whatever the settings leave unset. Throws StartupError
 * with the remedy; whatever was started until then is stopped.
 */
export async function startBroadsheet(
  settings: EmbeddedSettings,
  { say, filling, signal }: Watcher,
): Promise<Broadsheet> {
  const config = checkSettings(settings)
  const dataDirectory = await openDataDirectory(settings.dataDirectory)
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>()
  const closers: (() => unknown)[] = []
  let stopped: Promise<void> | undefined
  const stop = () =>
    (stopped ??= (async () => {
      for (const close of closers.toReversed()) await close()
    })())

  try {
    // The two servers have locks of their own; this one is for the files that are made below, and for the port.
    const claim = await claimDataDirectory(dataDirectory, 'service')
    closers.push(() => claim.release())
    // A service that was killed has left its own.
    await tellAddress(dataDirectory, null)
    closers.push(() => tellAddress(dataDirectory, null))
    await checkPort(config)
    const web = prepareWeb({ dataDirectory, say })
    closers.push(web.stop)
    const secret = settings.secret ?? (await keptPassword(dataDirectory, 'secret')).password
    const adminToken = settings.adminToken ?? (await keptPassword(dataDirectory, 'admin-token')).password
    let { databaseUrl, redisUrl } = settings
    let sources = config.sources

    // Redis first: where it has to be installed, nothing else was started for nothing.
    signal?.throwIfAborted()
    if (redisUrl === null) {
      const redis = await startRedis({ dataDirectory, say, lost: lose })
      closers.push(() => redis.stop())
      redisUrl = redis.url
    }
    signal?.throwIfAborted()
    if (databaseUrl === null) {
      const postgres = await startPostgres({ dataDirectory, say, lost: lose })
      closers.push(() => postgres.stop())
      databaseUrl = postgres.url('broadsheet')
      const shop = await orAborted(prepareShop({ postgres, dataDirectory, onProgress: filling }), signal)
      sources = { shop, ...sources }
    }

    const environment = environmentWith({
      NODE_COMPILE_CACHE: `${dataDirectory}/compile-cache`,
      BROADSHEET_DATA_DIR: dataDirectory,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      BROADSHEET_SECRET: secret,
      BROADSHEET_ADMIN_TOKEN: adminToken,
      BROADSHEET_SOURCES: JSON.stringify(sources),
      LOG_LEVEL: settings.logLevel,
    })
    const own = { environment, drainSeconds: config.drainSeconds, lost: lose, say }
    // It reads the page when it starts.
    await orAborted(web.done, signal)
    const api = keepProcess('API', { ...own, words: ['--sign-in-codes', signInCodesIn(dataDirectory)] })
    closers.push(api.stop)
    const worker = keepProcess('worker', own)
    closers.push(worker.stop)
    const [{ publicUrl = '', port = config.port }] = await orAborted(Promise.all([api.ready, worker.ready]), signal)
    const local = loopbackUrl(config.host, port)
    await tellAddress(dataDirectory, local)
    const signInLink = async () => local && linkTo(local, dataDirectory)
    return { url: publicUrl, adminToken, dataDirectory, signInLink, lost, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Everything that the processes would complain about, before anything is started; what we bring along is not asked for. */
function checkSettings(settings: EmbeddedSettings): Config {
  const brought = 'brought-by-the-embedded-default'
  return readConfig(
    environmentWith({
      DATABASE_URL: settings.databaseUrl ?? 'postgres://brought',
      REDIS_URL: settings.redisUrl ?? 'redis://brought',
      BROADSHEET_SECRET: settings.secret ?? brought.repeat(2),
      BROADSHEET_ADMIN_TOKEN: settings.adminToken ?? brought.repeat(2),
      BROADSHEET_SOURCES: settings.sources ?? '{}',
    }),
  )
}

/** `work`, or the signal's reason where that comes first; the work itself then ends with the parts that it talks to. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
    // A work that was left behind fails when its part is stopped: that is no news.
    void work.catch(() => undefined)
  }
}
