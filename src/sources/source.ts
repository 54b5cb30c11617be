import type { Readable } from 'node:stream'
import type { Column, Json, Row, SourceClient } from '../report-type/define.ts'
import type { SqlBody } from '../report-type/report-type.ts'
import type { Setting } from '../report-type/settings.ts'
import type { Handed } from './sent-row.ts'

/** The contract of this shelf: databases that reports read. One file each; index.ts opens what the settings name. */
export interface Source {
  readonly name: string
  /**
   * Null: the role may be used. Else the reason why not, with the SQL that mends it: it is a superuser, owns something, may read
   * files of the server, or can see Broadsheet's own tables. Rejects with SourceFault UNREACHABLE when nothing answers.
   */
  checkSource(): Promise<string | null>
  /**
   * Proves that the statement is one SELECT without executing it, and gives its columns. `settings`: any values of the right
   * types, or empty texts. Rejects with SourceFault.
   */
  describe(statement: string, settings: readonly Setting[]): Promise<Column[]>
  /** Opens a connection of its own and a read-only snapshot on it. Rejects with ReportFailed. */
  openReading(options: ReadingOptions): Promise<Reading>
  /**
   * For TypeScript reports: each query on a connection of its own, in a read-only transaction that ends with the signal.
   * `handed` is told of each row as the author gets it.
   */
  client(options: SessionOptions, handed?: Handed): SourceClient
  close(): Promise<void>
}

export interface SessionOptions {
  /** Names the connection in pg_stat_activity. */
  readonly reportId: string
  readonly settings: readonly Setting[]
  readonly timeZone: string
  /** Longest time one statement may take, in milliseconds. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}
export interface ReadingOptions extends SessionOptions {
  readonly body: SqlBody
}

/** One attempt's view of a source: everything in it sees the same moment. One of copy and batches, once. */
export interface Reading {
  /** As the statement gives them now, with the head's words. */
  readonly columns: readonly Column[]
  /** The planner's guess at the rows; null: it has none. */
  estimate(): Promise<number | null>
  copy(): CopyReading
  /**
   * Rows in batches, cells typed: Int and Float numbers (NaN and infinities too), Boolean booleans, JSON parsed (a number
   * that a double would change is kept as JSON.rawJSON), DateTime ISO text
   * in UTC ("2026-11-21T09:00:00.123456Z"), null null, all else Postgres' text. The next batch is on its way while one is used.
   */
  batches(): AsyncIterable<Row[]>
  /** The one row about the whole; null: the type has none. After copy or batches has ended. */
  summary(): Promise<{ [column: string]: Json } | null>
  /** Ends the transaction and the connection; what still runs is cancelled. Never rejects. */
  close(): Promise<void>
}

export interface CopyReading {
  /** CSV with a header line, as Postgres writes it. Errors with ReportFailed. */
  readonly stream: Readable
  /** Rows that have come so far, without the header. */
  rows(): number
  /** The server's own count, after the stream has ended. */
  serverRows(): Promise<number>
}

/**
 * Why a statement can't be described. UNREACHABLE: the source does not answer. ABSENT: a table, column or schema, or the right
 * to read it, is not there (yet). INVALID: the file is wrong, and no waiting mends it. The message is for the file's author.
 */
export class SourceFault extends Error {
  readonly kind: 'UNREACHABLE' | 'ABSENT' | 'INVALID'
  constructor(kind: 'UNREACHABLE' | 'ABSENT' | 'INVALID', message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SourceFault'
    this.kind = kind
  }
}
