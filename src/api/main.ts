import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readConfig } from '../config.ts'
import { createLifecycle } from '../lifecycle.ts'
import { createLog } from '../log.ts'
import { startup } from '../startup.ts'
import { createApi } from './compose.ts'

const DASHBOARD = fileURLToPath(new URL('../../web/dist', import.meta.url))

/**
 * The API process. Says `ready` to a parent process once it listens. `--sign-in-codes DIRECTORY` is what the embedded default says to
 * the one that it starts: no setting of an operator lets people in by a link.
 */
await startup(async () => {
  const { values } = parseArgs({ options: { 'sign-in-codes': { type: 'string' } }, strict: false })
  const { 'sign-in-codes': signInCodes } = values
  const config = readConfig()
  const log = createLog({ level: config.logLevel, process: 'api' })
  const lifecycle = createLifecycle(log)
  lifecycle.handleSignals()
  const { publicUrl, port } = await createApi({
    config,
    log,
    lifecycle,
    dashboard: DASHBOARD,
    signInCodes: typeof signInCodes === 'string' ? signInCodes : null,
  })
  process.send?.({ ready: true, publicUrl, port })
})
