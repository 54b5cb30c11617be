import { RESERVED } from './declaration.ts'
import type { Json, Parameter, ParameterTypeName } from './define.ts'
import { withLocalInstants } from './local-instants.ts'
import type { ReportType } from './report-type.ts'

/**
 * How values reach a query without ever entering its text: one `select set_config($1, $2, true), ...` binds them at the start of
 * the transaction, and each placeholder reads its setting. COPY, which takes no parameters, reads them as well as any other.
 */

/** Postgres' names for the declared types. Uploads are read by TypeScript reports only. */
const SQL_TYPES: Record<Exclude<ParameterTypeName, 'Upload'>, string> = {
  String: 'text',
  ID: 'text',
  DateExpression: 'text',
  Int: 'integer',
  Float: 'double precision',
  Decimal: 'numeric',
  Boolean: 'boolean',
  BigInt: 'bigint',
  Date: 'date',
  DateTime: 'timestamptz',
}

export interface Asker {
  readonly tenantId: string
  readonly viewerId: string
  readonly timeZone: string
  readonly requestedAt: Date
}

/** A setting's name and text. Empty text is null for every parameter that may be null. */
export type Setting = readonly [name: string, value: string]

/** What reads a reserved placeholder or a parameter, without the parentheses around it. */
export function readSetting(name: string, parameter: Parameter | undefined): string {
  if (!parameter) {
    const read = `current_setting('broadsheet.${name}')`
    return name === 'requested_at' ? `${read}::timestamptz` : read
  }
  const read = `current_setting('broadsheet.p_${parameter.name}')`
  const type = SQL_TYPES[parameter.type as keyof typeof SQL_TYPES] + (parameter.list ? '[]' : '')
  if (!mayBeNull(parameter)) return type === 'text' ? read : `${read}::${type}`
  // A text that may be null travels behind one character, so that null and empty text stay apart.
  return type === 'text' ? `substr(nullif(${read}, ''), 2)` : `nullif(${read}, '')::${type}`
}

/** Evaluated once for each execution, where the plain reading is evaluated for each row. */
export function readOnce(read: string): string {
  // An array's cast is said again outside: without it, = any (:names) would compare with the subquery's rows, not its value.
  return `(select ${read})${/::[\w ]+\[\]$/.exec(read)?.[0] ?? ''}`
}

/** Everything that the statement of a type reads, for one `set_config` each; instants of a DateExpression in the asker's zone. */
export function settingsOf(
  type: Pick<ReportType, 'parameters'>,
  resolved: { readonly [name: string]: Json },
  asker: Asker,
): Setting[] {
  const reserved: Record<(typeof RESERVED)[number], string> = {
    tenant_id: asker.tenantId,
    viewer_id: asker.viewerId,
    time_zone: asker.timeZone,
    requested_at: asker.requestedAt.toISOString(),
  }
  const values = withLocalInstants(type, resolved, asker.timeZone)
  return [
    ...RESERVED.map((name): Setting => [`broadsheet.${name}`, reserved[name]]),
    ...type.parameters.map((parameter): Setting => [
      `broadsheet.p_${parameter.name}`,
      encode(parameter, values[parameter.name] ?? null),
    ]),
  ]
}

function encode(parameter: Parameter, value: Json): string {
  if (value === null) return ''
  const text = Array.isArray(value) ? `{${value.map((item) => quote(String(item))).join(',')}}` : String(value)
  return mayBeNull(parameter) && !parameter.list && SQL_TYPES[parameter.type as keyof typeof SQL_TYPES] === 'text'
    ? `=${text}`
    : text
}

/** An item of an array literal: quoted always, so that NULL, blanks and braces are text like any other. */
function quote(item: string): string {
  return `"${item.replace(/["\\]/g, '\\$&')}"`
}

function mayBeNull({ required, default: preset }: Parameter): boolean {
  return !required && (preset === undefined || preset === null)
}
