import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { createCopyPreview, previewOfRows } from '../src/document/preview.ts'
import { ReportFailed } from '../src/errors.ts'
import type { Format, RowBatch } from '../src/formats/format.ts'
import type { Column, Json } from '../src/report-type/define.ts'
import { withLocalInstants } from '../src/report-type/local-instants.ts'
import type { ReportType, RowsBody, SqlBody } from '../src/report-type/report-type.ts'
import { loadDefinition, type Definition } from '../src/report-type/rows-report.ts'
import { settingsOf, type Asker } from '../src/report-type/settings.ts'
import { isNamed, type Named, type Sources } from '../src/sources/index.ts'
import type { Handed } from '../src/sources/sent-row.ts'
import type { SessionOptions } from '../src/sources/source.ts'
import type { Store } from '../src/stores/store.ts'
import type { Order } from './attempt-messages.ts'
import { createPhases } from './phases.ts'
import { checkLimit, watchBatches, watchChunks, type Tally } from './counting.ts'
import { createGroups } from './groups.ts'
import { namedFiles } from './named-files.ts'
import { rowBatches } from './row-batches.ts'
import { createSaidColumns } from './said-columns.ts'

/** A report's rows on their way to the store: the document's bytes, and what is known of them in the end. */
export interface Opened {
  readonly columns: readonly Column[]
  readonly bytes: Readable
  /** After the bytes have ended: proves that all rows were there. Rejects with ReportFailed where they were not. */
  complete(): Promise<{ rowCount: number; summary: { [key: string]: Json } | null }>
  preview(): Json[][]
  /** Gives the source back. Never rejects. */
  close(): Promise<void>
}

export interface Opening {
  readonly type: ReportType
  readonly order: Order
  readonly format: Format
  readonly sources: Sources
  readonly named: Named
  readonly store: Pick<Store, 'read'>
  readonly reportsDirectory: string
  readonly definition?: Definition
  readonly timeoutMs: number
  readonly tally: Tally
  readonly signal: AbortSignal
}

export function openRows(opening: Opening): Promise<Opened> {
  const { body } = opening.type
  return body.kind === 'sql' ? openSql(opening, body) : openGenerator(opening, body)
}

async function openSql(opening: Opening, body: SqlBody): Promise<Opened> {
  const { type, order, format, tally } = opening
  const source = opening.sources.get(body.source)
  if (!source)
    throw new ReportFailed('SOURCE_UNAVAILABLE', 'The report reads a source that this worker does not have.', {
      retryable: true,
    })
  const reading = await source.openReading({ ...session(opening), body })
  const columns = reading.columns.map((column) =>
    Object.hasOwn(body.columnWords, column.name) ? { ...column, description: body.columnWords[column.name]! } : column,
  )
  const options = { columns, csvDialect: order.csvDialect, timeZone: order.timeZone }
  tally.total = await reading.estimate()
  const opened = (bytes: Readable, preview: () => Json[][], counted: () => Promise<number>): Opened => ({
    columns,
    bytes,
    preview,
    complete: async () => ({ rowCount: await counted(), summary: await reading.summary() }),
    close: () => reading.close(),
  })

  if (!format.fromCopy) {
    const preview = previewOfRows(columns)
    const bytes = format.encode(
      countBatches(reading.batches(), opening, (batch) => preview.take(batch)),
      options,
    )
    return opened(
      bytes,
      () => preview.rows(),
      async () => tally.rows(),
    )
  }
  const copy = reading.copy()
  const preview = createCopyPreview(columns)
  tally.rows = copy.rows
  const watched = watchChunks((chunk) => {
    preview.take(chunk)
    if (copy.rows() > 0) tally.stage = 'WRITING'
    checkLimit(copy.rows(), type.maxRows)
  })
  // Either end's fault destroys the other, and whoever reads the bytes hears of it: nothing is left to call back.
  pipeline(copy.stream, watched, () => undefined)
  return opened(
    format.fromCopy(watched, options),
    () => preview.rows(),
    async () => {
      const [seen, sent] = [copy.rows(), await copy.serverRows()]
      if (seen !== sent)
        throw new ReportFailed('SOURCE_UNAVAILABLE', `Of ${sent} rows only ${seen} arrived.`, { retryable: true })
      return sent
    },
  )
}

async function openGenerator(opening: Opening, body: RowsBody): Promise<Opened> {
  const { type, order, format, tally, signal } = opening
  const definition = opening.definition ?? (await loadDefinition(type, opening.reportsDirectory))
  let summary: { [key: string]: Json } | null = null
  const handed: Handed = { last: null }
  const phases = createPhases(definition.phases ?? {}, () => tally.rows())
  tally.phases = phases.standing
  const groups: { close(): Promise<void> }[] = []
  const said = createSaidColumns(type.columns)
  const attempt = {
    // The same text that a query reads.
    parameters: withLocalInstants(type, order.parameters, order.timeZone) as never,
    signal,
    phase(name: string, rows?: number) {
      phases.begin(name, rows)
      tally.message = null
    },
    progress(done: number, total: number | null, message?: string) {
      if (message !== undefined) tally.message = String(message)
      if (phases.progress(done, total)) return
      if (Number.isFinite(done) && done >= 0) tally.done = done
      // Whatever an author hands over: the row takes whole numbers of 64 bits.
      tally.total = typeof total === 'number' && total > 0 && total < Number.MAX_SAFE_INTEGER ? Math.ceil(total) : null
    },
    summary: (figures: { [key: string]: Json }) => void (summary = figures),
    groups<V>(join: (a: V, b: V) => V) {
      const made = createGroups(join)
      groups.push(made)
      return made
    },
    columns: said.say,
    upload: namedFiles(opening) as never,
    sources: (await sourcesOf(opening, body, handed)) as never,
    timeZone: order.timeZone,
    requestedAt: order.requestedAt,
    tenantId: order.tenantId,
    viewerId: order.viewerId,
  }
  const rows = await said.begun(definition.rows(attempt))
  const { columns } = said
  const preview = previewOfRows(columns)
  const batches = countBatches(rowBatches(rows, columns, handed), opening, (batch) => preview.take(batch))
  return {
    columns,
    bytes: format.encode(batches, { columns, csvDialect: order.csvDialect, timeZone: order.timeZone }),
    preview: () => preview.rows(),
    complete: async () => ({ rowCount: tally.rows(), summary }),
    close: async () => void (await Promise.all([said.close(), ...groups.map((each) => each.close())])),
  }
}

/** Clients of what the definition names, or of every database where it names nothing. */
async function sourcesOf(opening: Opening, body: RowsBody, handed: Handed): Promise<Record<string, unknown>> {
  const { sources, named } = opening
  const names = body.sources.length > 0 ? body.sources : [...sources.keys()]
  const missing = names.find((name) =>
    body.sources.length > 0 && isNamed(name) ? named.fault(name) !== null : !sources.has(name),
  )
  if (missing !== undefined)
    throw new ReportFailed('SOURCE_UNAVAILABLE', 'The report reads a source that this worker does not have.', {
      retryable: true,
    })
  const opened = await Promise.all(
    names.map(async (name) =>
      isNamed(name) && body.sources.length > 0
        ? named.open(name, session(opening))
        : sources.get(name)!.client(session(opening), handed),
    ),
  )
  return Object.fromEntries(names.map((name, index) => [name, opened[index]]))
}

function countBatches(
  batches: AsyncIterable<RowBatch>,
  { tally, type }: Opening,
  look: (batch: RowBatch) => void,
): AsyncGenerator<RowBatch> {
  let rows = 0
  tally.rows = () => rows
  return watchBatches(batches, (batch) => {
    rows += batch.length
    tally.stage = 'WRITING'
    checkLimit(rows, type.maxRows)
    look(batch)
  })
}

function session({ type, order, timeoutMs, signal }: Opening): SessionOptions {
  const asker: Asker = {
    tenantId: order.tenantId,
    viewerId: order.viewerId,
    timeZone: order.timeZone,
    requestedAt: order.requestedAt,
  }
  // A TypeScript report binds its own values; what a source's row-level security reads is always there.
  const settings =
    type.body.kind === 'sql' ? settingsOf(type, order.parameters, asker) : settingsOf({ parameters: [] }, {}, asker)
  return { reportId: order.reportId, settings, timeZone: order.timeZone, timeoutMs, signal }
}
