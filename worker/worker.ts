import { resolve } from 'node:path'
import { v7 as uuid } from 'uuid'
import type { Config } from '../src/config.ts'
import { closeChannels, createChannels } from '../src/channels/index.ts'
import { migrate } from '../src/db/migrate.ts'
import { untilReachable } from '../src/db/unreachable.ts'
import { openDatabase } from '../src/db/orm.ts'
import { WORKER_ROLE } from '../src/db/roles.ts'
import { createSecrets } from '../src/delivery/secrets.ts'
import { createLinks } from '../src/document/links.ts'
import type { Lifecycle } from '../src/lifecycle.ts'
import { localUrl } from '../src/local-url.ts'
import type { Log } from '../src/log.ts'
import { createPublisher } from '../src/progress/publisher.ts'
import { createReportBell } from '../src/queue/report-queue.ts'
import { createCatalog } from '../src/report-type/catalog.ts'
import { createHolding } from '../src/claim/holding.ts'
import { createQueueLimit } from '../src/claim/queue-limit.ts'
import { resolveLastSlot } from '../src/schedule/last-slot.ts'
import { createScheduling } from '../src/schedule/scheduling.ts'
import { createNamed, createSources } from '../src/sources/index.ts'
import { openStore } from '../src/stores/index.ts'
import { createTracer } from '../src/tracing/tracer.ts'
import { uploadsOf } from '../src/upload/of-report.ts'
import { createCarrying } from './carrying.ts'
import { createChildren } from './children.ts'
import { createClaiming } from './claiming.ts'
import { createDelivering } from './deliver.ts'
import { createDefinitions } from './definitions.ts'
import { createHolder } from './holder.ts'
import { createPresence } from './presence.ts'
import { createScheduler } from './scheduler.ts'
import { createSweeper } from './sweeper.ts'

/** Connections of the worker itself to a source: it only describes. */
const SOURCE_CONNECTIONS = 2
/** What a child may take to call off an attempt, and a little more, in milliseconds. */
const CALL_OFF = 4_000
/** What deliveries under way may take from the moment on in which no more are taken, in milliseconds. */
const DRAIN_DELIVERIES = 5_000

/**
 * Puts a worker together; everything it opens is registered with the lifecycle, in the order of need. Closing claims nothing
 * more, gives running attempts `drainSeconds`, and hands back what is left.
 */
export async function startWorker({
  config,
  lifecycle,
  log,
}: {
  config: Config
  lifecycle: Lifecycle
  log: Log
}): Promise<{ workerId: string }> {
  const workerId = uuid()
  const tracer = createTracer(config.tracing, { process: 'worker', log })
  lifecycle.onClose('tracing', tracer.close)
  const { applied } = await untilReachable(() => migrate(config.databaseUrl), log)
  if (applied.length > 0) log.info({ applied }, 'the database was brought up to date')
  const database = await openDatabase({
    url: config.databaseUrl,
    role: WORKER_ROLE,
    maxConnections: 4 + config.workerConcurrency,
    log,
  })
  lifecycle.onClose('database', () => database.close())

  const sources = createSources(config.sources, { log, maxConnections: SOURCE_CONNECTIONS })
  lifecycle.onClose(
    'sources',
    async () => void (await Promise.all([...sources.values()].map((source) => source.close()))),
  )
  const reportsDirectory = resolve(config.reportsDirectory)
  const catalog = createCatalog({
    directory: reportsDirectory,
    sources,
    named: createNamed(config.named, sources),
    log,
  })
  await catalog.load()
  await catalog.refreshAvailability()
  catalog.start()
  lifecycle.onClose('catalog', () => catalog.close())

  const store = await openStore(config.storeUrl, config.reach.objectStore)
  lifecycle.onClose('store', () => store.close())
  const publisher = createPublisher({ redisUrl: config.redisUrl, log })
  lifecycle.onClose('publisher', () => publisher.close())
  const setup = {
    sources: config.sources,
    named: config.named,
    wanted: [...new Set(catalog.all().flatMap(({ body }) => (body.kind === 'rows' ? body.sources : [])))],
    storeUrl: config.storeUrl,
    // Keys that the store does not need stay out of the processes that run authors' code.
    objectStore: config.storeUrl.startsWith('s3:') ? config.reach.objectStore : null,
    reportsDirectory,
    logLevel: config.logLevel,
  }
  const children = createChildren({ size: config.workerConcurrency, setup, log })
  lifecycle.onClose('children', () => children.close())

  const presence = createPresence({
    database,
    workerId,
    concurrency: config.workerConcurrency,
    types: () => catalog.all().map(({ name }) => name),
    log,
  })
  lifecycle.onClose('presence', () => presence.close())
  const holding = createHolding({ database, workerId })
  const holder = createHolder({ holding, publisher, log })
  lifecycle.onClose('leases', () => holder.close())
  const carrying = createCarrying({
    holder,
    holding,
    children,
    definitions: createDefinitions(database),
    async resolveOpen(claimed, { text, kind }) {
      return resolveLastSlot(database, workerId, claimed, await catalog.parseKept(claimed.typeName, text, kind))
    },
    uploadsOf: (claimed) => uploadsOf(database, claimed),
    store,
    publisher,
    tracer,
    log,
  })

  const channels = createChannels({ reach: config.reach, log })
  lifecycle.onClose('channels', () => closeChannels(channels))
  const delivering = createDelivering({
    database,
    workerId,
    channels,
    secrets: createSecrets(config.secrets),
    store,
    links: createLinks({
      publicUrl: () => config.publicUrl ?? localUrl(config.host, config.port),
      secrets: config.secrets,
    }),
    publisher,
    tries: config.deliveryTries,
    tracer,
    log,
  })
  lifecycle.onClose('deliveries', () => delivering.drain(DRAIN_DELIVERIES))

  const running = new Set<Promise<void>>()
  const bell = createReportBell({ redisUrl: config.redisUrl, log, role: 'listener' })
  const claiming = createClaiming({
    database,
    workerId,
    slots: config.workerConcurrency,
    tenantMaxRunning: config.tenantMaxRunning,
    // One that can't be read here and now waits: this worker would only use up its attempts.
    types: () =>
      catalog
        .all()
        .filter(({ unavailableReason }) => unavailableReason === null)
        .map(({ name }) => name),
    onClaimed(claimed, since) {
      const work = carrying.carry(claimed, since).finally(() => {
        running.delete(work)
        claiming.freed()
        bell.resume()
        void delivering.look()
      })
      running.add(work)
    },
    log,
  })
  const sweeper = createSweeper({
    database,
    store,
    rowRetention: config.rowRetention,
    log,
    onEvent(event) {
      publisher.publish({ kind: 'CHANGED', event })
      if (event.status === 'QUEUED') bell.ring(event.reportId)
    },
  })
  lifecycle.onClose('sweeper', () => sweeper.close())
  const queueLimit = createQueueLimit(config.queueMax)
  const scheduler = createScheduler({
    database,
    scheduling: createScheduling({ database, catalog, queueLimit, tracer, log }),
    tell({ kind, event }) {
      publisher.publish({ kind, event })
      if (event.status === 'QUEUED') bell.ring(event.reportId)
    },
    tellSchedule: publisher.publishSchedule,
    log,
  })
  // While attempts drain it goes on: slots that come meanwhile are in time, for whoever carries them out.
  lifecycle.onClose('scheduler', () => scheduler.close())
  lifecycle.onClose('running attempts', async () => {
    if (await within(config.drainSeconds * 1000, Promise.all(running))) return
    log.info({ reports: holder.count }, 'what still runs is handed back')
    holder.stopAll('DRAIN')
    await within(CALL_OFF, Promise.all(running))
  })
  lifecycle.onClose('claims', () => Promise.all([claiming.stop(), delivering.stop()]))
  lifecycle.onClose('bell', () => bell.close())
  await bell.listen(() => claiming.look())
  void claiming.look()
  void delivering.look()
  log.info({ workerId, types: catalog.all().length, concurrency: config.workerConcurrency }, 'the worker is ready')
  return { workerId }
}

/** False where `work` takes longer. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), milliseconds)))
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer))
}
