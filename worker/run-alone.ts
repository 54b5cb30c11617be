import { Temporal } from 'temporal-polyfill'
import type { CompressionName } from '../src/document/compression.ts'
import type { CsvDialect, Format } from '../src/formats/format.ts'
import { checkParameters } from '../src/report-type/parameters.ts'
import type { ReportType } from '../src/report-type/report-type.ts'
import type { Definition } from '../src/report-type/rows-report.ts'
import type { Named, Sources } from '../src/sources/index.ts'
import type { Store } from '../src/stores/store.ts'
import type { Finished } from './attempt-messages.ts'
import { createSteps } from './steps.ts'
import { createTally, type Tally } from './counting.ts'
import { localFiles, readingLocalFiles } from './local-files.ts'
import { carryOut } from './pipeline.ts'

/** Where and for whom a report runs that nobody has asked the service for. */
export interface Alone {
  readonly sources: Sources
  readonly named: Named
  readonly reportsDirectory: string
  readonly store: Store
  readonly format: Format['name']
  readonly compression?: CompressionName
  readonly csvDialect?: CsvDialect
  readonly timeZone: string
  /** What relative dates are resolved against. */
  readonly requestedAt: Date
  readonly signal: AbortSignal
  readonly tally?: Tally
  /** Instead of the one in the type's text. */
  readonly definition?: Definition
}

/**
 * One report without a server: the same checks of its parameters, the same pipeline, and nobody who tries again. `parameters` by their
 * names in GraphQL. Rejects with Refusal for parameters, ReportFailed, or what the author's code throws.
 */
export async function runAlone(
  type: ReportType,
  parameters: { readonly [name: string]: unknown },
  alone: Alone,
): Promise<Finished> {
  const { timeZone, requestedAt, format, compression = 'NONE', csvDialect = 'POSTGRES', tally = createTally() } = alone
  const now = Temporal.Instant.fromEpochMilliseconds(requestedAt.getTime())
  const { resolved } = checkParameters(type, parameters, { path: [], now, timeZone })
  const { pending, ...finished } = await carryOut({
    ...alone,
    store: readingLocalFiles(alone.store),
    type,
    steps: createSteps(),
    order: {
      reportId: 'alone',
      tenantId: 'default',
      viewerId: 'author',
      attempt: 1,
      key: 'default/alone/1',
      typeName: type.name,
      kind: type.body.kind,
      definition: type.text,
      // Only what is on last_slot is left open, and that is refused where there is no schedule.
      parameters: resolved!,
      uploads: await localFiles(type, resolved!),
      format,
      compression,
      csvDialect,
      timeZone,
      requestedAt,
    },
    tally,
  })
  await pending.promote()
  return finished
}
