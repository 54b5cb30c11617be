import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkDistinct, checkRoles } from './head.ts'
import { parseDeclaration } from './declaration.ts'
import {
  COLUMN_TYPES,
  MOST_DIGITS,
  type Column,
  type ColumnType,
  type Parameter,
  type ReportDefinition,
} from './define.ts'
import { createFaults, type Faults } from './faults.ts'
import { checkFileName } from './file-name.ts'
import { limits } from './limits.ts'
import { importText, urlOfText } from './module-hooks.ts'
import { camelCase, hint } from './names.ts'
import type { ReportType } from './report-type.ts'
import { checkName, versionOf } from './sql-report.ts'

const KEYS = [
  'title',
  'description',
  'parameters',
  'check',
  'sources',
  'phases',
  'columns',
  'rows',
  'fileName',
  'retention',
  'timeout',
  'maxRows',
  'roles',
  'deprecated',
]

/** What the author's file exports, checked. */
export type Definition = ReportDefinition

/** A report type from a .ts file of the directory. Throws a StartupError with every fault of the file. */
export async function loadRowsReport(fileName: string, directory: string): Promise<ReportType> {
  const text = await readFile(join(directory, fileName), 'utf8')
  return parseRowsReport(fileName, text, directory)
}

/** The same from text, which may differ from the file on disk: how a kept definition is read. */
export async function parseRowsReport(fileName: string, text: string, directory: string): Promise<ReportType> {
  const name = fileName.replace(/\.ts$/, '')
  const faults = createFaults(fileName)
  checkName(name, faults)
  faults.throwAny()
  const definition = await importDefault(name, text, directory, faults)
  if (typeof definition !== 'object' || definition === null) {
    faults.add('it has no default export: write "export default defineReport({ title, columns, rows })".')
    faults.throwAny()
  }
  return readDefinition(name, text, definition as Record<string, unknown>, faults)
}

/** A type from a definition that is at hand already, as a test imports it. Throws StartupError with its faults. */
export function typeOfDefinition(name: string, definition: object): ReportType {
  const faults = createFaults(`${name}.ts`)
  checkName(name, faults)
  return readDefinition(name, '', definition as Record<string, unknown>, faults)
}

/** Runs the text as a module of the reports directory and gives what it defines. Throws StartupError. */
export async function loadDefinitionFromText(name: string, text: string, directory: string): Promise<Definition> {
  await parseRowsReport(`${name}.ts`, text, directory)
  return (await importDefault(name, text, directory, createFaults(`${name}.ts`))) as Definition
}

/** The definition behind a type of kind 'rows'. */
export function loadDefinition(type: Pick<ReportType, 'name' | 'text'>, directory: string): Promise<Definition> {
  return loadDefinitionFromText(type.name, type.text, directory)
}

async function importDefault(name: string, text: string, directory: string, faults: Faults): Promise<unknown> {
  const url = urlOfText(name, text, directory)
  try {
    return (await importText(url)).default
  } catch (error) {
    const { message, stack = '' } = error as Error
    const place = stack.indexOf(`${url}:`)
    const line = place < 0 ? NaN : Number.parseInt(stack.slice(place + url.length + 1), 10)
    faults.add(
      `it can't be loaded: ${message.replaceAll(url, `${name}.ts`).replaceAll(directory, '').split('\n')[0]}`,
      Number.isNaN(line) ? undefined : line,
    )
    faults.throwAny()
    throw error
  }
}

function readDefinition(name: string, text: string, given: Record<string, unknown>, faults: Faults): ReportType {
  for (const key of Object.keys(given))
    if (!KEYS.includes(key)) faults.add(`"${key}" is not known to defineReport.${hint(key, KEYS)}`)
  const words = (key: string): string | null => {
    const value = given[key] ?? null
    if (value !== null && (typeof value !== 'string' || value.trim() === '')) faults.add(`${key} must be text.`)
    return typeof value === 'string' ? value.trim() : null
  }
  const title = words('title')
  if (title === null) faults.add('title is missing.')
  if (typeof given['rows'] !== 'function')
    faults.add('rows is missing: write "async *rows({ parameters, signal }) { yield ... }".')
  const parameters = readParameters(given['parameters'], faults)
  const { check } = given
  if (check !== undefined && typeof check !== 'function')
    faults.add('check must be a function of the parameters: write "check({ from, to }) { ... }".')
  checkPhases(given['phases'], faults)
  const fileName = words('fileName') ?? `${name}-{date}`
  checkFileName(fileName, parameters, (fault) => faults.add(fault))
  const type: ReportType = {
    name,
    inputField: camelCase(name),
    title: title ?? '',
    description: words('description'),
    parameters,
    ...(typeof check === 'function' ? { check: check as NonNullable<ReportType['check']> } : {}),
    columns: readColumns(given['columns'], faults),
    fileName,
    ...limits(given, (_, fault) => faults.add(fault)),
    roles: checkRoles(given['roles'], (fault) => faults.add(fault)),
    deprecated: words('deprecated'),
    version: versionOf(text),
    text,
    body: { kind: 'rows', sources: readSources(given['sources'], faults) },
    unavailableReason: null,
  }
  faults.throwAny()
  return Object.freeze(type)
}

function readParameters(given: unknown, faults: Faults): Parameter[] {
  if (given === undefined) return []
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    faults.add('parameters must be an object: { start_date: { type: "DateExpression!" } }.')
    return []
  }
  const parameters = Object.entries(given).flatMap(
    ([name, declaration]) => parseDeclaration(name, declaration, (fault) => faults.add(fault)) ?? [],
  )
  checkDistinct(parameters, (fault) => faults.add(fault))
  return parameters
}

function readSources(given: unknown, faults: Faults): readonly string[] {
  if (given === undefined) return []
  if (Array.isArray(given) && given.every((name) => typeof name === 'string') && new Set(given).size === given.length)
    return given
  faults.add('sources must be a list of distinct names: ["shop"].')
  return []
}

function checkPhases(given: unknown, faults: Faults): void {
  if (given === undefined) return
  const shares: unknown[] =
    typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.values(given) : []
  if (shares.length === 0 || shares.some((share) => typeof share !== 'number' || !(share > 0 && share < Infinity)))
    faults.add('phases must be names with shares above 0, in order: { fetching: 80, sorting: 20 }.')
}

function readColumns(given: unknown, faults: Faults): Column[] {
  // Left out: the code says them when it runs.
  if (given === undefined) return []
  if (typeof given !== 'object' || given === null || Array.isArray(given) || Object.keys(given).length === 0) {
    faults.add(
      'columns must be names and types in the order of the document, e.g. { id: "Int", title: "String" }; left out, rows says them.',
    )
    return []
  }
  return Object.entries(given as Record<string, unknown>).flatMap(([name, said]) => {
    const declared = (typeof said === 'string' ? { type: said } : (said ?? {})) as Record<string, unknown>
    const { type, description } = declared
    if (!COLUMN_TYPES.includes(type as ColumnType)) {
      faults.add(`column ${name}: "${String(type)}" is not a type.${hint(String(type), COLUMN_TYPES)}`)
      return []
    }
    return [
      {
        name,
        type: type as ColumnType,
        ...(typeof description === 'string' ? { description } : {}),
        ...readDigits(name, declared, faults),
      },
    ]
  })
}

/** The digits of a Decimal column, where they are declared. */
function readDigits(
  name: string,
  { type, precision, scale }: Record<string, unknown>,
  faults: Faults,
): { precision?: number; scale?: number } {
  if (precision === undefined && scale === undefined) return {}
  const within = (value: unknown, least: number, most: number): value is number =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
  if (type !== 'Decimal') faults.add(`column ${name}: precision and scale are for Decimal.`)
  else if (!within(precision, 1, MOST_DIGITS)) faults.add(`column ${name}: precision is 1 to ${MOST_DIGITS} digits.`)
  else if (!within(scale ?? 0, 0, precision)) faults.add(`column ${name}: scale is 0 to ${precision}, its precision.`)
  else return { precision, scale: (scale ?? 0) as number }
  return {}
}
