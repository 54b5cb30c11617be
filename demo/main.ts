import { parseArgs } from 'node:util'
import { createClient } from '../client/client.ts'
import { factsOf, numbers } from '../client/facts.ts'
import { readDemoSettings } from '../src/config.ts'
import { StartupError } from '../src/errors.ts'
import { runBroadsheet } from '../src/embedded/run.ts'
import { tellWhere } from '../src/embedded/tell-where.ts'
import type { Broadsheet } from '../src/embedded/broadsheet.ts'
import { startup } from '../src/startup.ts'
import { terminal } from '../src/terminal.ts'
import { askForSales, waitForDocument } from './ask.ts'

/** Below the current directory. */
const DOWNLOADS = 'downloads/'

/** `npm run demo`: the service on a machine that has nothing, and a first report through its public API. */
await startup(async () => {
  const exit = readArguments()
  const { say, bar } = terminal()
  const filled = bar('Filling the demo shop')
  const filling = (done: number, total: number) => filled(done / total)
  let failure = exit ? 'The demo was stopped before its report was there.' : ''

  async function showReport({ url, adminToken }: Broadsheet, signal: AbortSignal): Promise<void> {
    const client = createClient({ url, token: adminToken })
    try {
      const started = performance.now()
      const { id, title } = await askForSales(client, signal)
      say(`Asked for: ${title}`)
      const written = bar('Writing the report')
      const document = await waitForDocument(client, id, {
        directory: DOWNLOADS,
        onProgress: (progress) => written(progress.percent == null ? null : progress.percent / 100, factsOf(progress)),
        signal,
      })
      const seconds = (performance.now() - started) / 1000
      say(
        `${numbers.format(document.rowCount)} rows, ${numbers.format(document.byteSize)} bytes in ${seconds.toFixed(1)} s; sha256 ${document.sha256} is right`,
      )
      say(`The file: ${document.path}`)
    } finally {
      await client.close()
    }
  }

  const code = await runBroadsheet(readDemoSettings(), { say, filling }, async (service, signal) => {
    try {
      await showReport(service, signal)
      failure = ''
    } catch (error) {
      if (signal.aborted) throw error
      failure = `The demo failed: ${(error as Error).message}`
      return 'leave'
    }
    if (exit) return 'leave'
    await tellWhere(service, say)
    return 'stay'
  })
  if (failure !== '') say(failure)
  process.exit(failure === '' ? code : 1)
})

/** Whether the demo ends after the download. */
function readArguments(): boolean {
  try {
    return parseArgs({ options: { exit: { type: 'boolean', default: false } } }).values.exit
  } catch (error) {
    throw new StartupError([`${(error as Error).message}\nUsage: npm run demo -- [--exit]`])
  }
}
