import { mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { readAuthorSettings } from '../src/config.ts'
import { StartupError } from '../src/errors.ts'
import { createLog } from '../src/log.ts'
import { createCatalog } from '../src/report-type/catalog.ts'
import { createNamed, createSources } from '../src/sources/index.ts'
import { startup } from '../src/startup.ts'
import { openStore } from '../src/stores/index.ts'
import { terminal } from '../src/terminal.ts'
import { authorsErrors, readCommand, usage } from './command-line.ts'
import { countersOf, createTally } from './counting.ts'
import { runAlone } from './run-alone.ts'

/** `npm run report -- NAME --param value --out file.csv`: one report type without a server, for who writes it. */

const SOURCE_CONNECTIONS = 4
/** The bar moves so often, in milliseconds. */
const MOVES_EVERY = 100

await startup(async () => {
  const settings = readAuthorSettings()
  const log = createLog({ level: 'error', process: 'report' })
  const { say, bar } = terminal()
  const sources = createSources(settings.sources, { log, maxConnections: SOURCE_CONNECTIONS })
  const named = createNamed(settings.named, sources)
  const reportsDirectory = resolve(settings.reportsDirectory)
  const catalog = createCatalog({ directory: reportsDirectory, sources, named, log, leaveOut: false })
  await catalog.load()
  const words = process.argv.slice(2)
  const asked = catalog.get(words[0] ?? '')
  if (!asked) throw new StartupError([usage(catalog.all(), words[0])])
  const type = await catalog.check(asked.name)
  const command = readCommand(type, words.slice(1))
  if (command === 'help') return say(usage([type], type.name))
  if (type.unavailableReason !== null) throw new StartupError([`${type.name}: ${type.unavailableReason}`])

  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new StartupError(['Stopped: nothing was written.'])))
  const tally = createTally()
  const move = bar(type.name)
  const shown = () => {
    const { done, total, rows, message } = countersOf(tally)
    move(
      total === null || total === 0 ? null : Math.min(0.99, done / total),
      `${rows} rows${message ? `, ${message}` : ''}`,
    )
  }
  const moving = setInterval(shown, MOVES_EVERY)
  const out = resolve(command.out ?? `${type.name}.csv`)
  // Beside its place, so that it gets there in one step: never a part of a document.
  const directory = await mkdtemp(join(dirname(out), '.broadsheet-')).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no directory' : `nothing can be written (${cause.code}) into`
    throw new StartupError([`--out: ${why} "${dirname(out)}".`])
  })
  try {
    const store = await openStore(`file:${directory}`)
    const { document } = await runAlone(type, command.parameters, {
      sources,
      named,
      reportsDirectory,
      store,
      ...command.shape,
      timeZone: command.timeZone,
      requestedAt: new Date(),
      signal: stop.signal,
      tally,
    })
    await rename(join(directory, document.key), out)
    move(1, `${document.rowCount} rows, ${document.byteSize} bytes`)
    say(`${out}  sha256 ${document.sha256}`)
    if (document.summary !== null) say(JSON.stringify(document.summary))
  } catch (error) {
    throw authorsErrors(error)
  } finally {
    clearInterval(moving)
    await rm(directory, { recursive: true, force: true })
    await Promise.all([...sources.values()].map((source) => source.close()))
  }
})
