import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { StartupError } from '../errors.ts'
import type { Log } from '../log.ts'
import { isNamed, type Named, type Sources } from '../sources/index.ts'
import { createAvailability } from './availability.ts'
import type { ReportType } from './report-type.ts'
import { loadRowsReport, parseRowsReport } from './rows-report.ts'
import { parseSqlReport } from './sql-report.ts'

/** Types of the shipped reports live on these sources; a service without them is right, too. */
const SHIPPED: readonly string[] = ['shop', 'events']
/** Where nothing is said of sources that are no database: there are none. */
const NONE_NAMED: Pick<Named, 'fault'> = { fault: (name) => `Source "${name}" is not configured here.` }
/** How often types that can't be asked for are tried again, in milliseconds. */
const RETRY_EVERY = 30_000
/** Older definitions that are held parsed. */
const KEPT = 100

export interface Catalog {
  /** Reads every file of the directory. Throws StartupError with the static faults of all files. */
  load(): Promise<void>
  /**
   * Describes every SQL type on its source: columns, and whether it can be asked for. Throws StartupError for what only a
   * source can tell and no waiting mends (syntax, more than one statement, columns without a name of their own).
   */
  refreshAvailability(): Promise<void>
  /** The same for one type alone. Throws a TypeError for a name that it does not have. */
  check(name: string): Promise<ReportType>
  /** Tries unavailable types again every 30 s until close(). */
  start(): void
  /** Resolves when no try is under way any more. */
  close(): Promise<void>
  /** As it is now; a refresh replaces it, so ask again rather than hold it. */
  get(name: string): ReportType | undefined
  byInputField(field: string): ReportType | undefined
  /** By name. */
  all(): readonly ReportType[]
  /** The type as a report was accepted with it, from the text that the report has kept. Throws StartupError where it can't be read any more. */
  parseKept(name: string, text: string, kind: ReportType['body']['kind']): Promise<ReportType>
}

export function createCatalog(options: {
  directory: string
  sources: Sources
  /** Those that are no database. Default: there are none. */
  named?: Pick<Named, 'fault'>
  log: Log
  /** False: shipped types are there also without what they read. */
  leaveOut?: boolean
  retryEvery?: number
}): Catalog {
  const { directory, sources, named = NONE_NAMED, log, leaveOut = true } = options
  let types: ReadonlyMap<string, ReportType> = new Map()
  const kept = new Map<string, ReportType>()
  const availability = createAvailability(sources, named, log)
  let timer: NodeJS.Timeout | undefined
  let trying: Promise<void> = Promise.resolve()
  let closed = false

  function replace(changed: readonly ReportType[]): void {
    const next = new Map(types)
    for (const type of changed) next.set(type.name, Object.freeze(type))
    types = next
  }
  /** Fields are few; a lookup may go through them. */
  const byInputField = (field: string) => [...types.values()].find((type) => type.inputField === field)

  async function tryAgain(): Promise<void> {
    const waiting = [...types.values()].filter((type) => type.unavailableReason !== null)
    if (waiting.length > 0) replace((await availability.check(waiting)).types)
  }
  function next(): void {
    if (closed) return
    timer = setTimeout(() => {
      trying = tryAgain()
        .catch((error: unknown) => log.error({ err: error }, 'report types could not be tried again'))
        .then(next)
    }, options.retryEvery ?? RETRY_EVERY).unref()
  }

  return {
    async load() {
      const found = await readFiles(directory)
      const without = (name: string) =>
        leaveOut && SHIPPED.includes(name) && (isNamed(name) ? named.fault(name) !== null : !sources.has(name))
      const left = found.filter(({ body }) => !(body.kind === 'sql' ? [body.source] : body.sources).some(without))
      if (left.length < found.length)
        log.info(
          `${found.length - left.length} report types are left out, because what they read is not configured: ${SHIPPED.filter(without).join(', ')}`,
        )
      types = new Map(left.map((type) => [type.name, type]))
    },
    async refreshAvailability() {
      const { types: checked, faults } = await availability.check([...types.values()])
      if (faults.length > 0) throw new StartupError(faults)
      replace(checked)
    },
    async check(name) {
      const type = types.get(name)
      if (!type) throw new TypeError(`There is no report type "${name}".`)
      const { types: checked, faults } = await availability.check([type])
      if (faults.length > 0) throw new StartupError(faults)
      replace(checked)
      return types.get(name)!
    },
    start: next,
    async close() {
      closed = true
      clearTimeout(timer)
      await trying
    },
    get: (name) => types.get(name),
    byInputField,
    all: () => [...types.values()],
    async parseKept(name, text, kind) {
      const key = `${name}.${kind}\n${text}`
      const known = [types.get(name), kept.get(key)].find((type) => type?.text === text && type.body.kind === kind)
      if (known) return known
      const type =
        kind === 'sql' ? parseSqlReport(`${name}.sql`, text) : await parseRowsReport(`${name}.ts`, text, directory)
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!)
      kept.set(key, type)
      return type
    },
  }
}

/** All types of the directory by name, or all faults of all its files at once. */
async function readFiles(directory: string): Promise<ReportType[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new StartupError([
      `BROADSHEET_REPORTS_DIR: the directory can't be read (${error.code}): create it, or name another.`,
    ])
  })
  const files = entries.filter((entry) => !entry.isDirectory() && /\.(sql|ts)$/.test(entry.name) && !/\.d\.ts$|^\./.test(entry.name)).map(({ name }) => name).sort() // prettier-ignore
  const faults: string[] = []
  const types: ReportType[] = []
  for (const file of files) {
    try {
      types.push(
        file.endsWith('.sql')
          ? parseSqlReport(file, await readFile(join(directory, file), 'utf8'))
          : await loadRowsReport(file, directory),
      )
    } catch (error) {
      if (!(error instanceof StartupError)) throw error
      faults.push(...error.faults)
    }
  }
  faults.push(...taken(files))
  if (faults.length > 0) throw new StartupError(faults)
  return types
}

/** Names taken twice: by sales.sql and sales.ts, or by two that are one in GraphQL. */
function taken(files: readonly string[]): string[] {
  const byField = new Map<string, string>()
  return files.flatMap((file) => {
    const name = basename(basename(file, '.sql'), '.ts')
    const field = name.replace(/_/g, '').toLowerCase()
    const other = byField.get(field)
    byField.set(field, file)
    return other === undefined
      ? []
      : [`${file}: its name is taken by ${other} (in GraphQL both are one field): rename one.`]
  })
}
