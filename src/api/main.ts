import { readConfig } from '../config.ts'
import { createLifecycle } from '../lifecycle.ts'
import { createLog } from '../log.ts'
import { startup } from '../startup.ts'
import { createApi } from './compose.ts'

/** The API process. Says `ready` to a parent process once it listens. */
await startup(async () => {
  const config = readConfig()
  const log = createLog({ level: config.logLevel, process: 'api' })
  const lifecycle = createLifecycle(log)
  lifecycle.handleSignals()
  const { publicUrl } = await createApi({ config, log, lifecycle })
  process.send?.({ ready: true, publicUrl })
})
