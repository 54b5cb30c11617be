import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { PassThrough } from 'node:stream'
import type { Json, ReportDefinition, SourceClient } from '../src/report-type/define.ts'
import { camelCase } from '../src/report-type/names.ts'
import { typeOfDefinition } from '../src/report-type/rows-report.ts'
import { isNamed, type Named, type Source } from '../src/sources/index.ts'
import type { Store } from '../src/stores/store.ts'
import { countersOf, createTally } from './counting.ts'
import { runAlone } from './run-alone.ts'

/**
 * The test kit of report types in TypeScript, `broadsheet/test`: runs one as the service does, with fixtures for its sources, and
 * compares with a golden CSV. It needs no server, no Postgres and no Redis.
 */

/** Rows for every query, or a client that looks at what is asked. */
type Fixture = SourceClient | object | readonly Record<string, unknown>[]

export interface RunOptions {
  /** Whatever the definition reads, by name. */
  readonly sources?: Readonly<Record<string, Fixture>>
  /** IANA name. Default UTC. */
  readonly timeZone?: string
  /** What relative dates and {date} are resolved against. Default 2026-01-01T00:00:00Z, so that a golden file stays as it is. */
  readonly requestedAt?: Date
  readonly signal?: AbortSignal
  /** The type's name, in its file's name. Default "report". */
  readonly name?: string
}

/** What a run has come to. */
export interface Run {
  readonly csv: string
  readonly fileName: string
  readonly rowCount: number
  readonly summary: { readonly [key: string]: Json } | null
  /** Percent in the end, as a watcher would see it; null: the author told no total. */
  readonly percent: number | null
}

/**
 * @param definition what the file exports by default.
 * @param parameters by the names in the file. Checked as in GraphQL: rejects with a Refusal whose `userErrors` say what is wrong.
 * Rejects also with what `rows` throws.
 */
export async function runReport(
  definition: object,
  parameters: { readonly [name: string]: unknown } = {},
  options: RunOptions = {},
): Promise<Run> {
  const { sources = {}, timeZone = 'UTC', requestedAt = new Date('2026-01-01T00:00:00Z'), name = 'report' } = options
  const type = typeOfDefinition(name, definition)
  const document = inMemory()
  const tally = createTally()
  const finished = await runAlone(
    type,
    Object.fromEntries(Object.entries(parameters).map(([key, value]) => [camelCase(key), value])),
    {
      sources: new Map(Object.entries(sources).map(([key, fixture]) => [key, asSource(key, fixture)])),
      named: asNamed(sources),
      reportsDirectory: '',
      store: document.store,
      format: 'CSV',
      timeZone,
      requestedAt,
      signal: options.signal ?? new AbortController().signal,
      tally,
      definition: definition as ReportDefinition,
    },
  )
  const { done, total } = countersOf(tally)
  const { fileName, rowCount, summary } = finished.document
  return {
    csv: await document.text(),
    fileName,
    rowCount,
    summary,
    percent: total === null ? null : (done / total) * 100,
  }
}

/**
 * Compares with a golden file, and throws an Error that names the first line that differs. The file is made once with
 * `npm run report -- NAME ... --out FILE`, or by hand, and reviewed like code.
 */
export async function expectGolden(csv: string, file: string | URL): Promise<void> {
  const golden = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    throw new Error(`There is no golden file yet. It would be:\n${csv}`)
  })
  if (golden === csv) return
  const [wanted, given] = [golden.split('\n'), csv.split('\n')]
  const line = given.findIndex((text, index) => text !== wanted[index])
  const place = line < 0 ? given.length : line
  throw new Error(
    `Line ${place + 1} differs from the golden file:\n- ${wanted[place] ?? '(no such line)'}\n+ ${given[place] ?? '(no such line)'}`,
  )
}

function asSource(name: string, fixture: Fixture): Source {
  const unused = () => Promise.reject(new Error(`The fixture "${name}" is no database: it has queries alone.`))
  return {
    name,
    checkSource: () => Promise.resolve(null),
    describe: unused,
    openReading: unused,
    client: () =>
      Array.isArray(fixture) ? rowsClient(fixture as Record<string, unknown>[]) : (fixture as SourceClient),
    close: () => Promise.resolve(),
  }
}

function rowsClient(rows: readonly Record<string, unknown>[]): SourceClient {
  return {
    async *query() {
      yield* rows
    },
  }
}

function asNamed(sources: Readonly<Record<string, Fixture>>): Named {
  return {
    fault: (name) => (isNamed(name) && name in sources ? null : `The test gives no source "${name}".`),
    warm: () => Promise.resolve(),
    open: (name) => Promise.resolve(sources[name] as never),
  }
}

/** The bytes of one document, for as long as a test looks at them. */
function inMemory(): { store: Store; text(): Promise<string> } {
  const stream = new PassThrough()
  const bytes = buffer(stream)
  // Where the run fails, its own error says so.
  bytes.catch(() => undefined)
  const unused = () => Promise.reject(new Error('A document in memory is only written.'))
  return {
    text: () => bytes.then(String),
    store: {
      write: () =>
        Promise.resolve({
          stream,
          promote: () => Promise.resolve(),
          discard: async () => void stream.destroy(),
        }),
      read: unused,
      size: unused,
      remove: unused,
      // oxlint-disable-next-line require-yield
      async *olderThan() {
        await unused()
      },
      check: unused,
      close: () => Promise.resolve(),
    },
  }
}
