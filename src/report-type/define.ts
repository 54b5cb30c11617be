/**
 * The vocabulary in which a report type is written: what a file in reports/ says, whether SQL or TypeScript.
 * Pure: a report file imports this module and nothing else of Broadsheet.
 * Long because all that an author has at hand is said here, and read from top to bottom.
 */

/** JSON as it comes from a request. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export const PARAMETER_TYPES = [
  'String',
  'Int',
  'Float',
  'Decimal',
  'Boolean',
  'ID',
  'BigInt',
  'Date',
  'DateTime',
  'DateExpression',
  'Upload',
] as const
export type ParameterTypeName = (typeof PARAMETER_TYPES)[number]

/** One parameter, parsed from its declaration. */
export interface Parameter {
  /** As the file writes it, snake_case; camelCase in GraphQL. */
  readonly name: string
  readonly type: ParameterTypeName
  readonly list: boolean
  /** For a list: `[T!]`. Always true, because a list of nullable values has no use here. */
  readonly required: boolean
  /** What is used when the caller leaves it out. Undefined: nothing. */
  readonly default?: Json
  readonly description?: string
  /** Allowed values. Values that are all GraphQL names become an enum in the schema. */
  readonly values?: readonly string[]
}

/**
 * Types of cells, in the words of the API. BigInt and Decimal cells travel as strings, so that no digit is lost; Date is
 * "2026-11-21", DateTime an instant, LocalDateTime and Time have no zone, ID is a uuid, List a Postgres array.
 */
export const COLUMN_TYPES = [
  'String',
  'Int',
  'BigInt',
  'Float',
  'Decimal',
  'Boolean',
  'Date',
  'DateTime',
  'LocalDateTime',
  'Time',
  'ID',
  'JSON',
  'List',
  'Bytes',
] as const
export type ColumnType = (typeof COLUMN_TYPES)[number]
/** Of a Decimal column with a precision. */
export const MOST_DIGITS = 38

export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** Of a Decimal, where all values are known to fit: how many digits it has, 1 to 38, and how many of them after the point. */
  readonly precision?: number
  readonly scale?: number
  readonly description?: string
}

/** One value of a row. Date: an instant. bigint: exact. Objects and arrays are written as JSON. */
export type Cell =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Date
  | readonly unknown[]
  | { readonly [key: string]: unknown }
/** Cells in the order of the columns. */
export type Row = readonly Cell[]

/** How a parameter is declared: `'DateExpression!'`, `'Int'`, `'[String!]'`, or the same with words. */
export interface ParameterDeclaration {
  type: string
  description?: string
  default?: Json
  values?: readonly string[]
}

/** How a column is declared where its type alone does not say it. */
export interface ColumnDeclaration {
  type: ColumnType
  description?: string
  /** Of a Decimal: digits in all (1 to 38), and after the point (0 where left out). PARQUET needs them for decimals that are numbers. */
  precision?: number
  scale?: number
}

type Scalar<T extends string> = T extends 'Int' | 'Float'
  ? number
  : T extends 'Boolean'
    ? boolean
    : T extends Exclude<ParameterTypeName, 'Int' | 'Float' | 'Boolean'>
      ? string
      : never
type Value<T extends string> = T extends `${infer U}!`
  ? NonNullable<Value<U>>
  : T extends `[${infer U}!]`
    ? Scalar<U>[] | null
    : Scalar<T> | null
type Declared<D> = D extends { type: infer T extends string; default: Json }
  ? NonNullable<Value<T>>
  : D extends { type: infer T extends string }
    ? Value<T>
    : never
/** What `rows` gets: names as declared, values typed by their declaration. Decimal, BigInt and dates are strings. */
export type ParametersOf<P extends Record<string, ParameterDeclaration>> = { readonly [K in keyof P]: Declared<P[K]> }

type UploadNames<P> = {
  [K in keyof P]: P[K] extends { type: `${'' | '['}Upload${string}` } ? K : never
}[keyof P]
type FileOf<D> = D extends { type: `[${string}` }
  ? readonly UploadedFile[]
  : D extends { type: `${string}!` }
    ? UploadedFile
    : UploadedFile | null

/** A file that a request has named: it is its asker's, whole, and of the type that it says. */
export interface UploadedFile {
  readonly fileName: string
  readonly contentType: string
  readonly byteSize: number
  /** Its bytes, as often as it is asked for. Fails where they are not those that came. */
  stream(): AsyncIterable<Uint8Array>
  /**
   * Of a PDF with text: the rows of its table, page by page, columns found by their place. Throws the final failure INVALID_PARAMETERS where
   * the file is encrypted, broken, has no text, or no such table.
   */
  table(options?: TableOptions): AsyncIterable<TablePage>
}

export interface TableOptions {
  /** Words of its header row, where the table is not the widest one. */
  readonly heading?: string | null
}

/** What one page has brought; each page comes, also one without a row. */
export interface TablePage {
  /** From 1. */
  readonly page: number
  readonly pages: number
  /** As the header row says them, distinct; known from the first page on that has rows. */
  readonly columns: readonly string[]
  /** A text for each column, '' for nothing. A row is given when its end is known, so one that begins on a page may come with the next. */
  readonly rows: readonly (readonly string[])[]
}

/** What the author's generator has at hand during one attempt. */
export interface Attempt<
  P extends Record<string, ParameterDeclaration> = Record<string, ParameterDeclaration>,
  S extends readonly string[] = readonly string[],
  F extends string = string,
> {
  readonly parameters: ParametersOf<P>
  /** Aborted on cancel, on timeout, and when the worker may not go on. Hand it to everything that waits. */
  readonly signal: AbortSignal
  /**
   * How far it is: `total` null while unknown; at most ten times a second reaches a watcher. After `phase` it counts within that
   * phase.
   */
  progress(done: number, total: number | null, message?: string): void
  /**
   * Begins one of the definition's `phases`; those before it are done. With `rows`, the rows yielded from here on count towards
   * it by themselves, until `progress` is called. Throws a TypeError for a name that the definition does not have.
   */
  phase(name: F, rows?: number): void
  /** A figure about the whole (totals, top product ...), shown beside the document. The last call wins. */
  summary(figures: { [key: string]: Json }): void
  /**
   * Values by key, for more of them than memory holds: `join` makes one of two (it may change and return the first), and they are
   * read in the order of the keys. Values must be what JSON can say: what is too much waits in a file.
   */
  groups<V>(join: (a: V, b: V) => V): Groups<V>
  /**
   * The columns, where the file declares none: said once, before the first row. For documents whose columns only the run knows.
   */
  columns(columns: Columns): void
  /** The file of a parameter of type Upload; null where none was given. Of `[Upload!]`: its files. */
  upload<K extends UploadNames<P>>(name: K): FileOf<P[K]>
  /** What the definition's `sources` names; where it names none, every database of the settings. */
  readonly sources: SourcesOf<S>
  readonly timeZone: string
  readonly requestedAt: Date
  readonly tenantId: string
  readonly viewerId: string
}

/** Read once, after all was added. */
export interface Groups<V> extends AsyncIterable<[key: string, value: V]> {
  /** To be awaited: now and then there is something to write. */
  add(key: string, value: V): Promise<void> | undefined
}

export interface SourceClient {
  /** Rows as objects, streamed with bounded memory. `$1` are bound values. */
  query(text: string, values?: readonly unknown[]): AsyncIterable<Record<string, unknown>>
}

/** Name -> type, in order. */
export type Columns = Readonly<Record<string, ColumnType | ColumnDeclaration>>

/** Sources that are no database, by the name under which a definition asks for them. */
export interface NamedSources {
  readonly github: GithubSource
  readonly events: EventSource
}
/** The clients of these sources; for any list of names, or none, databases by name. */
export type SourcesOf<S extends readonly string[]> = string extends S[number]
  ? { readonly [name: string]: SourceClient }
  : { readonly [N in S[number]]: N extends keyof NamedSources ? NamedSources[N] : SourceClient }

/** GitHub's REST API, at GITHUB_URL and with GITHUB_TOKEN where these are set. */
export interface GithubSource {
  /**
   * The answer's body as JSON. Waits as GitHub asks (Retry-After, x-ratelimit-reset, secondary limits) and tries again after
   * faults of the server, within bounds; then rejects with a ReportError: retryable for limits and faults, final for refusals.
   * Any number may be asked at once.
   */
  get(path: string, query?: Readonly<Record<string, string | number>>): Promise<unknown>
}

/** One request that somebody's service has answered. */
export interface RequestEvent {
  readonly requestId: string
  /** Of an instant in UTC, "2026-11-21T09:00:00.123Z": as text they have the order of time. */
  readonly time: string
  readonly visitor: string
  readonly path: string
  readonly referrer: string | null
  readonly userAgent: string | null
  readonly status: number
}
/** The table that EVENTS_SOURCE names, wherever it is. */
export interface EventSource {
  /**
   * Every event with from <= time < to, once, in batches: no more than a few are held, and they come in no order. Rejects with a
   * ReportError where not all can be read.
   */
  between(from: Date, to: Date): AsyncIterable<readonly RequestEvent[]>
}

export interface ReportDefinition<
  P extends Record<string, ParameterDeclaration> = Record<string, ParameterDeclaration>,
  S extends readonly string[] = readonly string[],
  F extends string = string,
> {
  title: string
  description?: string
  parameters?: P
  /**
   * What no single parameter tells: names of parameters with what is wrong with them ("is for either ..."), or nothing. Called with
   * the resolved values when the report is asked for, by the API: at once, without reading anything.
   */
  check?(parameters: ParametersOf<P>): { readonly [K in keyof P]?: string } | undefined
  /** The sources that `rows` reads: databases of BROADSHEET_SOURCES, `github`, `events`. Without them the type can't be asked for. */
  sources?: S
  /** Names of the steps, in order, with their shares of the progress: { fetching: 80, sorting: 20 }. */
  phases?: Readonly<Record<F, number>>
  /** Name -> type, in the order of the document's columns. Left out: `rows` says them before its first row. */
  columns?: Columns
  /** Yields rows: objects by column name, or arrays in the order of the columns. Ends when all rows were given; throws when it can't give them all. */
  rows(attempt: Attempt<P, S, F>): AsyncIterable<Row | { readonly [column: string]: Cell }>
  /** "sales-{start_date}": parameters and {date} in braces. Default: the type's name and the date. */
  fileName?: string
  /** ISO 8601. How long the document is kept. Default P7D. */
  retention?: string
  /** ISO 8601. Longest time one attempt may take. Default PT10M. */
  timeout?: string
  /** More rows are a failure (ROW_LIMIT). Default: no limit. */
  maxRows?: number
  /** Who may ask. Default ADMIN and MEMBER. */
  roles?: readonly ('ADMIN' | 'MEMBER' | 'VIEWER')[]
  /** A note for callers: why not to use it any more, and what instead. */
  deprecated?: string
}

/**
 * A report type in TypeScript: `export default defineReport({ title, parameters, columns, rows })`.
 * It only gives the types; the file is checked when the service starts, with file, line and remedy for each fault.
 */
export function defineReport<
  const P extends Record<string, ParameterDeclaration>,
  const S extends readonly string[] = readonly string[],
  const F extends string = string,
>(definition: ReportDefinition<P, S, F>): ReportDefinition<P, S, F> {
  return definition
}

/** What an author may say that went wrong, in the words of the report's failure. */
export const REPORT_ERROR_CODES = [
  'SOURCE_QUERY_FAILED',
  'SOURCE_UNAVAILABLE',
  'SOURCE_RATE_LIMITED',
  'INVALID_PARAMETERS',
  'ACCESS_DENIED',
] as const
export type ReportErrorCode = (typeof REPORT_ERROR_CODES)[number]

/**
 * Thrown by an author; its message is shown to whoever asked. `retryable` has Broadsheet try again with backoff, while attempts are
 * left; by default only what waiting mends is: SOURCE_UNAVAILABLE and SOURCE_RATE_LIMITED.
 */
export class ReportError extends Error {
  readonly code: ReportErrorCode
  readonly retryable: boolean
  constructor(message: string, options: { code?: ReportErrorCode; retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ReportError'
    this.code = options.code ?? 'SOURCE_QUERY_FAILED'
    this.retryable = options.retryable ?? /UNAVAILABLE|RATE_LIMITED/.test(this.code)
  }
}

export { fanOut } from './fan-out.ts'
export { beginOf, endOf } from './period.ts'
