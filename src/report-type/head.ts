import { isMap, isScalar, LineCounter, parseDocument, type Pair } from 'yaml'
import { ROLES, type Role } from '../identity/viewer.ts'
import { joinBareWords } from './bare-words.ts'
import { parseDeclaration } from './declaration.ts'
import type { Parameter } from './define.ts'
import type { Faults } from './faults.ts'
import { checkFileName } from './file-name.ts'
import { limits, type Limits } from './limits.ts'
import { camelCase, hint } from './names.ts'

/** What the comment at the top of a .sql file says; everything but the title has a default. */
export interface Head extends Limits {
  readonly title: string
  readonly description: string | null
  readonly source: string
  readonly parameters: readonly Parameter[]
  /** Line of each parameter's declaration in the file, for faults that only the statement shows. */
  readonly parameterLines: ReadonlyMap<string, number>
  /** Words about columns, by the column's name. */
  readonly columns: ReadonlyMap<string, string>
  readonly columnsLine: number
  readonly summary: string | null
  readonly summaryLine: number
  readonly fileName: string
  readonly roles: readonly Role[]
  readonly shared: boolean
  readonly deprecated: string | null
}

const KEYS = ['title', 'description', 'source', 'parameters', 'columns', 'summary', 'file_name', 'retention', 'timeout', 'max_rows', 'roles', 'tenancy', 'deprecated'] // prettier-ignore
export const DEFAULT_SOURCE = 'default'

/** Reads the YAML between the marks. `firstLine`: the file's line on which it begins. Null: it is no YAML map at all. */
export function parseHead(typeName: string, yaml: string, firstLine: number, faults: Faults): Head | null {
  const counter = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: counter, version: '1.2', stringKeys: true })
  const line = (offset: number) => counter.linePos(offset).line + firstLine - 1
  for (const error of document.errors)
    faults.add(
      `the head is not YAML: ${error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')}`,
      line(error.pos[0]),
    )
  if (document.errors.length > 0) return null
  if (!isMap(document.contents)) {
    faults.add('the head is empty: write at least "title: ...".', firstLine)
    return null
  }
  joinBareWords(document)
  const values = document.toJS({ maxAliasCount: 20 }) as Record<string, unknown>
  const lines = new Map(document.contents.items.map((item) => [keyOf(item), lineOf(item, line, firstLine)]))
  const at = (key: string) => lines.get(key) ?? firstLine
  for (const key of Object.keys(values))
    if (!KEYS.includes(key)) faults.add(`"${key}" is not known in a head.${hint(key, KEYS)}`, at(key))

  const text = (key: string): string | null => {
    const value = values[key] ?? null
    if (value === null || (typeof value === 'string' && value.trim() !== ''))
      return value === null ? null : (value as string).trim()
    faults.add(`${key} must be text; put it in quotes if it looks like something else.`, at(key))
    return null
  }
  const map = (key: string): { values: Record<string, unknown>; lineOf: (name: string) => number } => {
    const node = (document.contents as unknown as { get(key: string, keep: true): unknown }).get(key, true)
    if (node !== undefined && !isMap(node) && values[key] !== null)
      faults.add(`${key} must be names with what is said about each, e.g. "start_date: ...".`, at(key))
    if (!isMap(node)) return { values: {}, lineOf: () => at(key) }
    const below = new Map(node.items.map((item) => [keyOf(item), lineOf(item, line, firstLine)]))
    return { values: values[key] as Record<string, unknown>, lineOf: (name) => below.get(name) ?? at(key) }
  }

  const title = text('title')
  if (title === null) faults.add('title is missing: write "title: ..." into the head.', at('title'))
  const declared = map('parameters')
  const parameters = Object.entries(declared.values).flatMap(([name, declaration]) => {
    const parameter = parseDeclaration(name, declaration, (fault) => faults.add(fault, declared.lineOf(name)))
    if (parameter?.type === 'Upload')
      faults.add(`parameter ${name}: an Upload can only be read by a report type in TypeScript.`, declared.lineOf(name))
    return parameter ? [parameter] : []
  })
  checkDistinct(parameters, (fault, name) => faults.add(fault, declared.lineOf(name)))
  const words = map('columns')
  for (const [name, said] of Object.entries(words.values))
    if (typeof said !== 'string') faults.add(`columns: what is said about ${name} must be text.`, words.lineOf(name))
  const tenancy = text('tenancy')
  if (tenancy !== null && tenancy !== 'shared')
    faults.add(`tenancy can only be "shared"; a query that uses :tenant_id says nothing.`, at('tenancy'))
  const fileName = text('file_name') ?? `${typeName}-{date}`
  checkFileName(fileName, parameters, (fault) => faults.add(fault, at('file_name')))

  return {
    title: title ?? '',
    description: text('description'),
    source: text('source') ?? DEFAULT_SOURCE,
    parameters,
    parameterLines: new Map(parameters.map(({ name }) => [name, declared.lineOf(name)])),
    columns: new Map(
      Object.entries(words.values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    columnsLine: at('columns'),
    summary: text('summary'),
    summaryLine: at('summary'),
    fileName,
    ...limits(
      { retention: values['retention'], timeout: values['timeout'], maxRows: values['max_rows'] },
      (key, fault) => faults.add(fault, at(key === 'maxRows' ? 'max_rows' : key)),
    ),
    roles: checkRoles(values['roles'], (fault) => faults.add(fault, at('roles'))),
    shared: tenancy === 'shared',
    deprecated: text('deprecated'),
  }
}

/** Who may ask: at least one known role. Default: all but VIEWER. */
export function checkRoles(roles: unknown, fault: (text: string) => void): readonly Role[] {
  if (roles === undefined || roles === null) return ['ADMIN', 'MEMBER']
  const known =
    Array.isArray(roles) && roles.length > 0 && roles.every((role): role is Role => ROLES.includes(role as Role))
  if (!known) fault(`roles must be a list of ${ROLES.join(', ')}.`)
  return known ? ROLES.filter((role) => (roles as Role[]).includes(role)) : []
}

/** Two names may be one in GraphQL. */
export function checkDistinct(parameters: readonly Parameter[], fault: (text: string, name: string) => void): void {
  const byField = new Map<string, string>()
  for (const { name } of parameters) {
    const field = camelCase(name)
    const other = byField.get(field)
    if (other !== undefined) fault(`parameters ${other} and ${name} are both ${field} in GraphQL: rename one.`, name)
    byField.set(field, name)
  }
}

function keyOf(item: Pair): string {
  return isScalar(item.key) ? String(item.key.value) : ''
}
function lineOf(item: Pair, line: (offset: number) => number, fallback: number): number {
  return isScalar(item.key) && item.key.range ? line(item.key.range[0]) : fallback
}
