import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { inject } from 'vitest'
import { closeChannels, createChannels, type Channels } from '../../src/channels/index.ts'
import { readConfig } from '../../src/config.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { createSecrets } from '../../src/delivery/secrets.ts'
import { createLinks } from '../../src/document/links.ts'
import { createPublisher } from '../../src/progress/publisher.ts'
import { NO_TRACER } from '../../src/tracing/tracer.ts'
import { openStore } from '../../src/stores/index.ts'
import { createDelivering } from '../../worker/deliver.ts'
import { SECRET, type Ground } from './api.ts'

/** The part of a worker that delivers, in this process, over a ground; `channels` in place of the shelf's own. */
export async function startDeliverer(
  ground: Pick<Ground, 'database' | 'directory'>,
  options: {
    allow?: string
    channels?: Channels
    secrets?: readonly string[]
    tries?: { most: number; window: number }
  } = {},
) {
  const log = pino({ level: 'silent' })
  const { reach, deliveryTries } = readConfig({
    DATABASE_URL: ground.database.url,
    REDIS_URL: inject('redisUrl'),
    BROADSHEET_SECRET: SECRET,
    WEBHOOK_ALLOW: options.allow ?? '',
  })
  const channels = options.channels ?? createChannels({ reach, log })
  const publisher = createPublisher({ redisUrl: inject('redisUrl'), log })
  const store = await openStore(`file:${ground.directory}`)
  const workerId = randomUUID()
  const delivering = createDelivering({
    database: await ground.database.open(WORKER_ROLE),
    workerId,
    channels,
    secrets: createSecrets(options.secrets ?? [SECRET]),
    store,
    links: createLinks({ publicUrl: () => 'http://reports.test', secrets: [SECRET] }),
    publisher,
    tries: options.tries ?? deliveryTries,
    tracer: NO_TRACER,
    log,
  })
  return {
    workerId,
    look: delivering.look,
    async close(drain = 0) {
      await delivering.stop()
      await delivering.drain(drain)
      await closeChannels(channels)
      await publisher.close()
      await store.close()
    },
  }
}
