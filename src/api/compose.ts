import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSchema } from '../../schema/index.ts'
import { closeChannels, createChannels } from '../channels/index.ts'
import type { Config } from '../config.ts'
import { migrate } from '../db/migrate.ts'
import { untilReachable } from '../db/unreachable.ts'
import { openDatabase } from '../db/orm.ts'
import { API_ROLE } from '../db/roles.ts'
import { createDeliveries } from '../delivery/deliveries.ts'
import { createSecrets } from '../delivery/secrets.ts'
import { createTargets } from '../delivery/targets.ts'
import { createLinks } from '../document/links.ts'
import { StartupError } from '../errors.ts'
import { createAuthenticator } from '../identity/authenticate.ts'
import { createVerifier, type VerifierSettings } from '../identity/jwt.ts'
import { createSignInCodes } from '../identity/sign-in-codes.ts'
import { createTokens } from '../identity/tokens.ts'
import { createUsers } from '../identity/users.ts'
import type { Viewer } from '../identity/viewer.ts'
import { createWatchTokens } from '../identity/watch-token.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { localUrl } from '../local-url.ts'
import type { Log } from '../log.ts'
import { createQueueLimit } from '../claim/queue-limit.ts'
import { createPublisher } from '../progress/publisher.ts'
import { createSubscriber } from '../progress/subscriber.ts'
import { createReportBell } from '../queue/report-queue.ts'
import { createCatalog } from '../report-type/catalog.ts'
import { createReportEvents } from '../report/events.ts'
import { createReports } from '../report/reports.ts'
import type { Tell } from '../report/tell.ts'
import { createScheduleEvents } from '../schedule/events.ts'
import { createReadSchedules } from '../schedule/recent.ts'
import { createSchedules } from '../schedule/schedules.ts'
import { createNamed, createSources } from '../sources/index.ts'
import { openStore } from '../stores/index.ts'
import { createSystem } from '../system/system.ts'
import { createSystemWatch } from '../system/watch.ts'
import { createRateLimit } from '../rate/rate-limit.ts'
import { createAdmission } from './admission.ts'
import { createTracer } from '../tracing/tracer.ts'
import { createPutLinks } from '../upload/links.ts'
import { createReceiving } from '../upload/receive.ts'
import { createUploads } from '../upload/uploads.ts'
import { createDashboard } from './dashboard.ts'
import { createDownload } from './download.ts'
import { createHealth } from './health.ts'
import { createMetrics } from './metrics.ts'
import { createOrigins } from './origins.ts'
import { createRest } from './rest/serve.ts'
import { createHttpServer } from './server.ts'
import { createSignIn } from './sign-in.ts'
import { createUploadDoor } from './upload.ts'
import { createCredentialWatch } from './credentials.ts'
import { serveWebSocket } from './websocket.ts'
import { createPipeline } from './yoga.ts'

/** Connections of the API to its own database, and to each source for describing report types. */
const DATABASE_CONNECTIONS = 16
const SOURCE_CONNECTIONS = 2
/** How long requests that are under way may go on while closing, in milliseconds; and how often idle connections are shut. */
const LONGEST_REQUEST = 5_000
const LOOK_FOR_IDLE = 20

interface Dependencies {
  config: Config
  log: Log
  lifecycle: Lifecycle
  /** Where the dashboard was built to. */
  dashboard: string
  /** Where the embedded default keeps its one-time codes; null: nobody signs in by a link. */
  signInCodes: string | null
}

/**
 * Composes the rooms and opens the doors; everything that it opens is closed by `lifecycle`, also what was opened before a
 * failure. Rejects with StartupError for faults of settings, report files and ports.
 */
export async function createApi({ config, log, lifecycle, dashboard, signInCodes }: Dependencies) {
  const tracer = createTracer(config.tracing, { process: 'api', log })
  lifecycle.onClose('tracing', tracer.close)
  await untilReachable(() => migrate(config.databaseUrl), log)
  const database = await openDatabase({
    url: config.databaseUrl,
    role: API_ROLE,
    maxConnections: DATABASE_CONNECTIONS,
    log,
  })
  lifecycle.onClose('database', database.close)

  const sources = createSources(config.sources, { log, maxConnections: SOURCE_CONNECTIONS })
  lifecycle.onClose('sources', () => Promise.all([...sources.values()].map((source) => source.close())))
  const catalog = createCatalog({
    directory: config.reportsDirectory,
    sources,
    named: createNamed(config.named, sources),
    log,
  })
  await catalog.load()
  await catalog.refreshAvailability()
  catalog.start()
  lifecycle.onClose('catalog', catalog.close)

  const store = await openStore(config.storeUrl, config.reach.objectStore)
  lifecycle.onClose('store', store.close)
  const bell = createReportBell({ redisUrl: config.redisUrl, log, role: 'ringer' })
  lifecycle.onClose('bell', bell.close)
  const publisher = createPublisher({ redisUrl: config.redisUrl, log })
  lifecycle.onClose('publisher', publisher.close)

  const channels = createChannels({ reach: config.reach, log })
  lifecycle.onClose('channels', () => closeChannels(channels))
  const targets = createTargets({ channels, secrets: createSecrets(config.secrets) })
  const queueLimit = createQueueLimit(config.queueMax)
  const ring = (reportId: string) => {
    const span = tracer.start('ring', { kind: 'PRODUCER', attributes: { 'broadsheet.report.id': reportId } })
    bell.ring(reportId)
    span.end()
  }
  const tell: Tell = (kind, event) => {
    if (event.status === 'QUEUED') ring(event.reportId)
    publisher.publish({ kind, event })
  }
  const reports = createReports({ database, catalog, store, queueLimit, targets, tell, log })
  const system = createSystem({ database, tenantMaxRunning: config.tenantMaxRunning })
  const systemWatch = createSystemWatch({ system, log })
  const metrics = createMetrics({
    token: config.metricsToken,
    version: system.version,
    figures: system.figures,
    live: () => ({ subscribers: progress.watching, sockets: sockets.connections }),
    log,
  })
  const progress = createSubscriber({
    redisUrl: config.redisUrl,
    log,
    readProgress: reports.progress,
    readSchedules: createReadSchedules(database),
    onEvent: metrics.heard,
  })
  const users = createUsers({ database })
  let publicUrl = config.publicUrl ?? ''
  const links = createLinks({ publicUrl: () => publicUrl, secrets: config.secrets })
  const watchTokens = createWatchTokens({ secrets: config.secrets })
  const putLinks = createPutLinks({ publicUrl: () => publicUrl, secrets: config.secrets })
  const authenticator = createAuthenticator({
    database,
    verifier: createVerifier(jwtSettings(config.jwt)),
    adminToken: config.adminToken,
    watchTokens,
  })
  const tokens = createTokens({ database, limits: config.limits })
  const rooms = {
    catalog,
    reports,
    deliveries: createDeliveries({ database, reports, targets, tell }),
    schedules: createSchedules({
      database,
      catalog,
      queueLimit,
      targets,
      tell,
      tellSchedule: publisher.publishSchedule,
    }),
    uploads: createUploads({ database, links: putLinks, limits: config.uploads }),
    users,
    tokens,
    watchTokens,
    links,
    progress,
    reportEvents: createReportEvents({ database, reports, progress }),
    scheduleEvents: createScheduleEvents({ progress }),
    system,
    systemWatch,
  }

  const rateLimit = createRateLimit({ redisUrl: config.redisUrl, log })
  lifecycle.onClose('rate limit', rateLimit.close)
  const admission = createAdmission({ authenticator, limits: config.limits, badTokens: config.badTokens, rateLimit })
  const credentials = createCredentialWatch({ authenticator, log })
  const doors = { config, admission, credentials, log }
  const schema = buildSchema(catalog)
  const pipeline = await createPipeline({ schema, database, rooms, tracer, ...doors })
  const health = createHealth({ parts: { postgres: database.ping, redis: progress.ping, store: store.check }, log })
  const download = createDownload({
    database,
    links,
    reports,
    users,
    store,
    redirect: config.reach.downloads === 'redirect',
    log,
  })
  const receive = createReceiving({ database, store })
  const upload = createUploadDoor({ database, links: putLinks, users, receive, log })
  const rest = createRest({ pipeline, schema, publicUrl: () => publicUrl, longestBody: config.longestBody, log })
  const { adminToken } = config
  const signIn = createSignIn({
    codes: signInCodes === null || adminToken === null ? null : createSignInCodes({ directory: signInCodes }),
    tokens,
    administrator: () => authenticator.authenticate(`Bearer ${adminToken}`) as Promise<Viewer>,
    log,
  })
  const origins = createOrigins({ allowed: config.corsOrigins, publicUrl: config.publicUrl })
  const server = createHttpServer({
    pipeline,
    download,
    upload,
    health,
    metrics,
    rest,
    dashboard: await createDashboard({ directory: dashboard, log }),
    signIn,
    graphiql: config.graphiql,
    origins,
    https: config.publicUrl?.startsWith('https:') ?? false,
    log,
  })
  const sockets = serveWebSocket({ server, pipeline, origins, ...doors })
  lifecycle.onClose('doors', () =>
    closeDoors(server, async () => {
      await sockets.close()
      // Ends what is streamed over SSE: no server closes before its last response has.
      systemWatch.close()
      await progress.close()
    }),
  )
  const { port } = await listen(server, config)
  publicUrl = config.publicUrl ?? localUrl(config.host, port)
  log.info({ host: config.host, port, publicUrl }, 'listening')
  return { publicUrl, port, progress, systemWatch, sockets }
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new StartupError([`PORT: ${port} is in use by another program: stop it, or set PORT to another.`])
    throw new StartupError([`HOST, PORT: can't listen on ${host}:${port} (${code}).`])
  }
  return server.address() as AddressInfo
}

/** Takes nothing new, ends the streams, lets the requests that are under way finish within their time. */
async function closeDoors(server: Server, endStreams: () => Promise<void>): Promise<void> {
  const closed = server.listening ? once(server, 'close') : Promise.resolve()
  server.close()
  await endStreams()
  const idle = setInterval(() => server.closeIdleConnections(), LOOK_FOR_IDLE)
  const late = setTimeout(() => server.closeAllConnections(), LONGEST_REQUEST)
  await closed.finally(() => {
    clearInterval(idle)
    clearTimeout(late)
  })
}

/** What is not set is left out. */
function jwtSettings({ secret, jwksUrl, issuer, audience }: Config['jwt']): VerifierSettings {
  return {
    secret: secret ?? undefined,
    jwksUrl: jwksUrl ?? undefined,
    issuer: issuer ?? undefined,
    audience: audience ?? undefined,
  }
}
