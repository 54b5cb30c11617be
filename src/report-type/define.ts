/**
 * The vocabulary in which a report type is written: what a file in reports/ says, whether SQL or TypeScript.
 * Pure: a report file imports this module and nothing else of Broadsheet.
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

export interface Column {
  readonly name: string
  readonly type: ColumnType
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

/** What the author's generator has at hand during one attempt. */
export interface Attempt<P extends Record<string, ParameterDeclaration> = Record<string, ParameterDeclaration>> {
  readonly parameters: ParametersOf<P>
  /** Aborted on cancel, on timeout, and when the worker may not go on. Hand it to everything that waits. */
  readonly signal: AbortSignal
  /** How far it is: `total` null while unknown; at most ten times a second reaches a watcher. */
  progress(done: number, total: number | null, message?: string): void
  /** A figure about the whole (totals, top product ...), shown beside the document. The last call wins. */
  summary(figures: { [key: string]: Json }): void
  /** The sources of the settings by name: `query` streams rows of a read-only transaction. */
  readonly sources: { readonly [name: string]: SourceClient }
  readonly timeZone: string
  readonly requestedAt: Date
  readonly tenantId: string
  readonly viewerId: string
}

export interface SourceClient {
  /** Rows as objects, streamed with bounded memory. `$1` are bound values. */
  query(text: string, values?: readonly unknown[]): AsyncIterable<Record<string, unknown>>
}

export interface ReportDefinition<
  P extends Record<string, ParameterDeclaration> = Record<string, ParameterDeclaration>,
> {
  title: string
  description?: string
  parameters?: P
  /** Name -> type, in the order of the document's columns. */
  columns: Readonly<Record<string, ColumnType | { type: ColumnType; description?: string }>>
  /** Yields rows: objects by column name, or arrays in the order of the columns. Ends when all rows were given; throws when it can't give them all. */
  rows(attempt: Attempt<P>): AsyncIterable<Row | { readonly [column: string]: Cell }>
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
export function defineReport<const P extends Record<string, ParameterDeclaration>>(
  definition: ReportDefinition<P>,
): ReportDefinition<P> {
  return definition
}

/** Thrown by an author: `retryable` has Broadsheet try again with backoff, while attempts are left. */
export class ReportError extends Error {
  readonly retryable: boolean
  constructor(message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ReportError'
    this.retryable = options.retryable ?? false
  }
}
