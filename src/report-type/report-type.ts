import { camelCase } from './names.ts'
import type { Column, Json, Parameter } from './define.ts'
import type { Role } from '../identity/viewer.ts'

/** A report type as the catalog holds it: a parsed file of reports/, and whether it can run here and now. */
export interface ReportType {
  /** The file's name without its ending: [a-z][a-z0-9_]*. */
  readonly name: string
  /** camelCase of name: the field of ReportRequestInput. */
  readonly inputField: string
  readonly title: string
  readonly description: string | null
  readonly parameters: readonly Parameter[]
  /** What is wrong with values that are right each by itself, by the parameter's name. */
  readonly check?: (resolved: {
    readonly [name: string]: Json
  }) => Readonly<Record<string, string | undefined>> | undefined
  /** Empty while the columns are not known (yet). */
  readonly columns: readonly Column[]
  /** "sales-{start_date}-{end_date}", without the format's ending. */
  readonly fileName: string
  /** ISO 8601. */
  readonly retention: string
  readonly timeout: string
  readonly maxRows: number | null
  readonly roles: readonly Role[]
  readonly deprecated: string | null
  /** SHA-256 of the file, hex. */
  readonly version: string
  /** The file's text: kept with each report that was accepted under it. */
  readonly text: string
  readonly body: SqlBody | RowsBody
  /** Null while it can be asked for; else why not, in words for a caller. */
  readonly unavailableReason: string | null
}

export interface SqlBody {
  readonly kind: 'sql'
  readonly source: string
  /** The one SELECT, placeholders replaced by reads of settings: what is described and executed. Values never enter it. */
  readonly statement: string
  /** The summary's statement over `rows`, compiled likewise, or null. */
  readonly summary: string | null
  /** The same two with each setting read once for an execution, not for each row: run where the plan has the same shape. */
  readonly once: { readonly statement: string; readonly summary: string | null }
  /** What the head says about columns, by their names. */
  readonly columnWords: Readonly<Record<string, string>>
  readonly tenancy: 'tenant' | 'shared'
}

export interface RowsBody {
  readonly kind: 'rows'
  /** Those that the definition names; empty: it names none, and gets every database. */
  readonly sources: readonly string[]
}

/** What is left of a type whose file is gone, for the reports that were made with it. */
export function removedType(name: string, version: string): ReportType {
  return {
    name,
    inputField: camelCase(name),
    title: name,
    description: null,
    parameters: [],
    columns: [],
    fileName: name,
    retention: 'P7D',
    timeout: 'PT10M',
    maxRows: null,
    roles: [],
    deprecated: null,
    version,
    text: '',
    body: { kind: 'rows', sources: [] },
    unavailableReason: 'its file was removed.',
  }
}
