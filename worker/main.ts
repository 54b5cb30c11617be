import { readConfig } from '../src/config.ts'
import { createLifecycle } from '../src/lifecycle.ts'
import { createLog } from '../src/log.ts'
import { startup } from '../src/startup.ts'
import { startWorker } from './worker.ts'

/** What closing may take beyond the drain, in milliseconds. */
const BEYOND_DRAIN = 10_000

/** The worker's process. Says `ready` to a parent process once it claims. */
await startup(async () => {
  const config = readConfig()
  const log = createLog({ level: config.logLevel, process: 'worker' })
  const lifecycle = createLifecycle(log)
  lifecycle.handleSignals(config.drainSeconds * 1000 + BEYOND_DRAIN)
  await startWorker({ config, lifecycle, log })
  process.send?.({ ready: true })
})
