import { readEmbeddedSettings } from '../config.ts'
import { startup } from '../startup.ts'
import { startService } from './service.ts'
import { terminal } from './terminal.ts'

/** `npm start`: everything on this machine, until Ctrl-C. */
await startup(async () => {
  const { say, filling } = terminal()
  const started = startService(readEmbeddedSettings(), { say, filling })
  let leaving = false
  const leave = () => {
    // A second signal leaves at once; the servers end with this process.
    if (leaving) process.exit(1)
    leaving = true
    say('Stopping')
    void started.then((service) => service.stop()).then(() => process.exit(0))
  }
  process.on('SIGINT', leave)
  process.on('SIGTERM', leave)

  const service = await started
  say(`Broadsheet runs at ${service.url}/graphql`)
  say(`Admin token: ${service.adminToken}`)
  say('Ctrl-C stops it; the data stays.')
  const line = await service.lost
  if (leaving) return
  say(line)
  await service.stop()
  process.exit(1)
})
