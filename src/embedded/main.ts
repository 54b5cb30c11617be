import { readEmbeddedSettings } from '../config.ts'
import { startup } from '../startup.ts'
import { runBroadsheet } from './run.ts'
import { terminal } from '../terminal.ts'
import { tellWhere } from './tell-where.ts'

/** `npm start`: everything on this machine, until Ctrl-C. */
await startup(async () => {
  const { say, bar } = terminal()
  const filled = bar('Filling the demo shop')
  const filling = (done: number, total: number) => filled(done / total)
  const code = await runBroadsheet(readEmbeddedSettings(), { say, filling }, async (service) => {
    await tellWhere(service, say)
    return 'stay'
  })
  process.exit(code)
})
