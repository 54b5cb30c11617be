import { createHash } from 'node:crypto'
import { RESERVED } from './declaration.ts'
import { createFaults, type Faults } from './faults.ts'
import { parseHead, type Head } from './head.ts'
import { camelCase, hint, NAME } from './names.ts'
import { lineAt, replacePlaceholders, scanSql } from './placeholders.ts'
import type { ReportType } from './report-type.ts'
import { readOnce, readSetting } from './settings.ts'

const OPEN = '/*---'
const CLOSE = '---*/'
/** How a query may begin. Whether it is one, and only one, its source proves without executing it. */
const BEGINNINGS = ['select', 'with', 'values', 'table', '(']

/**
 * A report type from the text of its .sql file: a head in a comment, then one SELECT. Pure.
 * Throws a StartupError that names every fault of the file with its line and what to write instead.
 */
export function parseSqlReport(fileName: string, text: string): ReportType {
  const name = fileName.replace(/\.sql$/, '')
  const faults = createFaults(fileName)
  const checked = checkName(name, faults)
  const start = text.startsWith('\ufeff') ? 1 : 0
  const close = text.indexOf(CLOSE, start)
  if (!text.startsWith(OPEN, start) || close < 0) {
    faults.add(`the file must begin with ${OPEN}, the head's YAML, and ${CLOSE} on lines of their own.`, 1)
    faults.throwAny()
  }
  const head = parseHead(checked, text.slice(start + OPEN.length, close), 1, faults)
  if (!head) {
    faults.throwAny()
    throw new Error('a head that could not be read has no fault')
  }
  const used = new Set<string>()
  const compile = (sql: string, line: (offset: number) => number, what: string) =>
    compileQuery(sql, { head, faults, line, what, used })
  const statement = compile(
    text.slice(close + CLOSE.length),
    (offset) => lineAt(text, close + CLOSE.length + offset),
    'the query',
  )
  const summary = head.summary === null ? null : compile(head.summary, () => head.summaryLine, 'the summary')
  checkUse(head, used, faults, lineAt(text, close))
  faults.throwAny()
  const { title, description, parameters, retention, timeout, maxRows, roles, deprecated } = head
  return Object.freeze<ReportType>({
    name,
    inputField: camelCase(name),
    title,
    description,
    parameters,
    columns: [],
    fileName: head.fileName,
    retention,
    timeout,
    maxRows,
    roles,
    deprecated,
    version: versionOf(text),
    text,
    body: {
      kind: 'sql',
      source: head.source,
      statement: statement.plain,
      summary: summary && withRows(statement.plain, summary.plain),
      once: { statement: statement.once, summary: summary && withRows(statement.once, summary.once) },
      tenancy: head.shared ? 'shared' : 'tenant',
      columnWords: Object.fromEntries(head.columns),
    },
    unavailableReason: null,
  })
}

/** SHA-256 of a report file's text. */
export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The name of a type, from that of its file. Faults are told; what comes back is good enough to go on. */
export function checkName(name: string, faults: Faults): string {
  if (!NAME.test(name) || name.length > 50)
    faults.add('the name of the file is the name of the type: snake_case, [a-z][a-z0-9_]*, at most 50 characters.')
  if (camelCase(name) === 'byName') faults.add('by_name is what any type can be asked for by: choose another name.')
  return name
}

/** Line breaks, because either may end in a comment; parentheses, because the summary may have a WITH of its own. */
function withRows(statement: string, summary: string): string {
  return `with rows as (\n${statement}\n) (\n${summary}\n)`
}

interface Compiling {
  head: Head
  faults: Faults
  line(offset: number): number
  what: string
  used: Set<string>
}

function compileQuery(sql: string, { head, faults, line, what, used }: Compiling): { plain: string; once: string } {
  const scan = scanSql(sql)
  const names = head.parameters.map(({ name }) => name)
  if (scan.unclosed) faults.add(`${what} has ${scan.unclosed.what}.`, line(scan.unclosed.start))
  else if (scan.firstWord === null)
    faults.add(`${what} is missing: write one SELECT${what === 'the query' ? ` after ${CLOSE}` : ''}.`, line(0))
  else if (!BEGINNINGS.includes(scan.firstWord))
    faults.add(`${what} must be one SELECT; it begins with "${scan.firstWord}".`, line(sql.search(/\S/)))
  for (const semicolon of scan.semicolons) {
    if (semicolon < scan.end) faults.add(`${what} goes on after a semicolon: a report is one SELECT.`, line(semicolon))
  }
  for (const { name, start } of scan.placeholders) {
    used.add(name)
    if (names.includes(name) || (RESERVED as readonly string[]).includes(name)) continue
    faults.add(`:${name} is not declared: add it to parameters.${hint(name, [...names, ...RESERVED])}`, line(start))
  }
  // Only semicolons at the end are left by now; without them the text can stand inside COPY ( ) and WITH.
  const body = sql.slice(0, scan.end)
  const compile = (around: (read: string) => string) =>
    replacePlaceholders(body, scan.placeholders, ({ name, cast }) => {
      const read = readSetting(
        name,
        head.parameters.find((parameter) => parameter.name === name),
      )
      return around(cast === null ? read : `(${read})::${cast}`)
    }).trim()
  return { plain: compile((read) => `(${read})`), once: compile(readOnce) }
}

function checkUse(head: Head, used: ReadonlySet<string>, faults: Faults, headEnd: number): void {
  for (const { name } of head.parameters) {
    if (!used.has(name))
      faults.add(
        `parameter ${name} is declared but not used: write :${name} in the query, or remove it.`,
        head.parameterLines.get(name),
      )
  }
  if (head.shared && used.has('tenant_id'))
    faults.add('the query uses :tenant_id, so it is not shared: remove "tenancy: shared".', headEnd)
  if (!head.shared && !used.has('tenant_id')) {
    faults.add(
      'the query does not use :tenant_id, so every tenant would see the same rows: add it to the WHERE, or say "tenancy: shared" in the head.',
      headEnd,
    )
  }
}
