import { readEmbeddedSettings } from '../config.ts'
import { startup } from '../startup.ts'
import { runBroadsheet } from './run.ts'
import { terminal } from '../terminal.ts'

/** `npm start`: everything on this machine, until Ctrl-C. */
await startup(async () => {
  const { say, bar } = terminal()
  const filled = bar('Filling the demo shop')
  const filling = (done: number, total: number) => filled(done / total)
  const code = await runBroadsheet(
    readEmbeddedSettings(),
    { say, filling },
    async ({ url, adminToken, dataDirectory }) => {
      say(`Broadsheet runs at ${url}/graphql`)
      say(`Admin token: ${adminToken}`)
      say(`Ctrl-C stops it; the data stays in ${dataDirectory}`)
      return 'stay'
    },
  )
  process.exit(code)
})
