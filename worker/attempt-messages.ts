import type { ObjectStoreAccess } from '../src/config-aws.ts'
import type { NamedSettings } from '../src/config-named.ts'
import type { CompressionName } from '../src/document/compression.ts'
import type { CsvDialect, Format } from '../src/formats/format.ts'
import type { Json } from '../src/report-type/define.ts'
import type { DocumentFacts, Failure } from '../src/report/report.entity.ts'
import type { UploadFacts } from '../src/upload/of-report.ts'
import type { ReportStage } from '../src/report/status.ts'

/** What the worker and the child process that carries out attempts say to each other. Structured clone: dates stay dates. */

/** Said once, when the child has come up. It holds no secret but those of the sources and the store. */
export interface Setup {
  readonly sources: Readonly<Record<string, string>>
  readonly named: NamedSettings
  /** Sources that some report type names: what they need is loaded before the child is ready. */
  readonly wanted: readonly string[]
  readonly storeUrl: string
  /** Null: the store is none. */
  readonly objectStore: ObjectStoreAccess | null
  readonly reportsDirectory: string
  readonly logLevel: string
}

/** One attempt: all that it needs of the row, as it was when it was claimed. */
export interface Order {
  readonly reportId: string
  readonly tenantId: string
  /** Who asked. */
  readonly viewerId: string
  readonly attempt: number
  /** Where the store is to have the document. */
  readonly key: string
  readonly typeName: string
  readonly kind: 'sql' | 'rows'
  /** The text of the type's file when the report was accepted. */
  readonly definition: string
  readonly parameters: { readonly [name: string]: Json }
  /** The files that the parameters name, by their uuids; each was looked at. */
  readonly uploads: { readonly [id: string]: UploadFacts }
  readonly format: Format['name']
  readonly compression: CompressionName
  readonly csvDialect: CsvDialect
  readonly timeZone: string
  readonly requestedAt: Date
}

/** How far the child is. `done` of `total` makes the percentage; in an SQL report both count rows. */
export interface Counters {
  readonly stage: ReportStage
  readonly rows: number
  readonly bytes: number
  readonly done: number
  readonly total: number | null
  /** Given: done and total are shares of an author's phases, and no rows. */
  readonly phase?: string
  readonly message: string | null
}

/** One step of an attempt, as it was timed in the child; milliseconds since 1970. */
export interface Step {
  readonly name: 'source' | 'format' | 'store'
  readonly from: number
  /** Null: it had not ended when the attempt did. */
  readonly until: number | null
}

/** A document whose bytes are safe, but which nobody can read yet. */
export interface Finished {
  readonly document: DocumentFacts
  readonly preview: Json[][]
  readonly retentionSeconds: number
}

export type ToChild =
  | { kind: 'prepare'; setup: Setup }
  | { kind: 'start'; order: Order }
  /** Stop, and leave nothing behind; answered by `aborted`, also where the attempt has just finished. */
  | { kind: 'abort' }
  /** Follows `finished`: make the document readable. Answered by `promoted` or `failed`. */
  | { kind: 'promote' }

/** What ends a step of the attempt; the worker decides about the next. */
export type Answer =
  | ({ kind: 'finished'; steps: readonly Step[] } & Finished)
  | { kind: 'promoted' }
  | { kind: 'failed'; failure: Failure; steps?: readonly Step[] }
  | { kind: 'aborted' }

export type FromChild =
  | { kind: 'ready' }
  /** The definition is read: so long may this attempt take, in milliseconds. */
  | { kind: 'began'; timeoutMs: number }
  | { kind: 'progress'; counters: Counters }
  | Answer
