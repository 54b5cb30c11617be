import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StartupError } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { createCatalog } from '../../src/report-type/catalog.ts'
import type { SqlBody } from '../../src/report-type/report-type.ts'
import {
  loadDefinition,
  loadDefinitionFromText,
  loadRowsReport,
  parseRowsReport,
} from '../../src/report-type/rows-report.ts'
import { parseSqlReport } from '../../src/report-type/sql-report.ts'

const HEAD = `/*---
title: Sales by order line
parameters:
  start_date: { type: DateExpression!, description: First day }
  region:     { type: String, values: [EU, US] }
  min_amount: { type: Decimal, default: 0 }
columns:
  amount: Money
summary: select sum(amount) as total from rows -- all
file_name: "sales-{start_date}"
retention: P3D
timeout: PT5M
max_rows: 5000
roles: [ADMIN]
tenancy: shared
---*/
`
const QUERY = `select id, amount from lines -- :ignored
where day >= :start_date::date and (:region::text is null or region = :region)
  and amount >= :min_amount;
`
const log = createLog({ level: 'silent', process: 'test' })
const faultsOf = (text: string, name = 'sales.sql'): readonly string[] => {
  try {
    parseSqlReport(name, text)
  } catch (error) {
    if (error instanceof StartupError) return error.faults
    throw error
  }
  return []
}
const shared = (head: string, query: string) => `/*---\ntitle: T\ntenancy: shared\n${head}---*/\n${query}`

test('a file with everything', () => {
  const type = parseSqlReport('sales.sql', HEAD + QUERY)
  expect(type).toMatchObject({
    name: 'sales', inputField: 'sales', title: 'Sales by order line', description: null, fileName: 'sales-{start_date}',
    retention: 'P3D', timeout: 'PT5M', maxRows: 5000, roles: ['ADMIN'], deprecated: null, unavailableReason: null, columns: [],
    version: expect.stringMatching(/^[0-9a-f]{64}$/), text: HEAD + QUERY,
    parameters: [
      { name: 'start_date', type: 'DateExpression', list: false, required: true, description: 'First day' },
      { name: 'region', type: 'String', list: false, required: false, values: ['EU', 'US'] },
      { name: 'min_amount', type: 'Decimal', list: false, required: false, default: 0 },
    ],
  }) // prettier-ignore
  const body = type.body as SqlBody
  expect(body).toMatchObject({ kind: 'sql', source: 'default', tenancy: 'shared', columnWords: { amount: 'Money' } })
  expect(body.statement).toBe(
    `select id, amount from lines -- :ignored
where day >= ((current_setting('broadsheet.p_start_date'))::date) and (((substr(nullif(current_setting('broadsheet.p_region'), ''), 2))::text) is null or region = (substr(nullif(current_setting('broadsheet.p_region'), ''), 2)))
  and amount >= (current_setting('broadsheet.p_min_amount')::numeric)`,
  )
  expect(body.summary).toBe(`with rows as (\n${body.statement}\n) (\nselect sum(amount) as total from rows\n)`)
  expect(body.once.statement).toContain(`day >= (select (current_setting('broadsheet.p_start_date'))::date)`)
})

test('all but the title has a default', () => {
  expect(parseSqlReport('order_lines.sql', '/*---\ntitle: T\n---*/ select 1 as one where :tenant_id = :viewer_id and :requested_at > now()')).toMatchObject({
    inputField: 'orderLines', parameters: [], fileName: 'order_lines-{date}', retention: 'P7D', timeout: 'PT10M', maxRows: null, roles: ['ADMIN', 'MEMBER'],
    body: { source: 'default', summary: null, tenancy: 'tenant', statement: `select 1 as one where (current_setting('broadsheet.tenant_id')) = (current_setting('broadsheet.viewer_id')) and (current_setting('broadsheet.requested_at')::timestamptz) > now()` },
  }) // prettier-ignore
})

test('a comma in a description is a comma, not the next key', () => {
  const head =
    'parameters:\n  a: { type: Int!, description: First, inclusive, so to say }\n  b: { description: "quoted", type: Int! }\n'
  const { parameters } = parseSqlReport('t.sql', shared(head, 'select :a + :b as one'))
  expect(parameters.map((parameter) => parameter.description)).toEqual(['First, inclusive, so to say', 'quoted'])
  expect(
    faultsOf(
      shared('parameters:\n  a: { type: Int!, description: "First", inclusive }\n', 'select :a as one'),
      't.sql',
    )[0],
  ).toContain('"inclusive" is not known')
})

test('the six shipped files are right', async () => {
  const directory = new URL('../../reports/', import.meta.url)
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql'))
  expect(files.length).toBeGreaterThanOrEqual(6)
  for (const file of files) expect(faultsOf(await readFile(new URL(file, directory), 'utf8'), file)).toEqual([])
})

describe('a fault names file, line and remedy', () => {
  test.each([
    ['no head', 'select 1', /^sales\.sql:1: the file must begin with/],
    ['a head that is not closed', '/*---\ntitle: T\nselect 1', /^sales\.sql:1: the file must begin with/],
    ['no YAML', '/*---\ntitle: [\n---*/ select 1', /^sales\.sql:\d: the head is not YAML/],
    ['a key twice', '/*---\ntitle: T\ntitle: U\n---*/ select 1', /^sales\.sql:3: the head is not YAML/],
    ['an empty head', '/*---\n---*/ select :tenant_id as t', /^sales\.sql:1: the head is empty/],
    ['no title', '/*---\nsource: x\n---*/ select :tenant_id as t', /title is missing/],
    [
      'an unknown key',
      shared('retension: P1D\n', 'select 1 as x'),
      /^sales\.sql:4: "retension" is not known in a head\. Did you mean "retention"\?/,
    ],
    [
      'a wrong duration',
      shared('timeout: 10m\n', 'select 1 as x'),
      /^sales\.sql:4: timeout: "10m" is not an ISO 8601 duration/,
    ],
    ['months of retention', shared('retention: P1M\n', 'select 1 as x'), /^sales\.sql:4: retention: .*months/],
    ['a wrong max_rows', shared('max_rows: 0\n', 'select 1 as x'), /^sales\.sql:4: .*max_rows.*above 0/],
    [
      'an unknown role',
      shared('roles: [BOSS]\n', 'select 1 as x'),
      /^sales\.sql:4: roles must be a list of ADMIN, MEMBER, VIEWER/,
    ],
    [
      'another tenancy',
      '/*---\ntitle: T\ntenancy: own\n---*/ select :tenant_id as t',
      /^sales\.sql:3: tenancy can only be "shared"/,
    ],
    [
      'a type that is none',
      shared('parameters:\n  a: { type: Integer }\n', 'select :a as x'),
      /^sales\.sql:5: parameter a: "Integer" is not a type/,
    ],
    [
      'an upload',
      shared('parameters:\n  a: { type: Upload }\n', 'select :a as x'),
      /^sales\.sql:5: parameter a: an Upload can only/,
    ],
    [
      'two parameters that are one field',
      shared('parameters:\n  a_b: { type: Int }\n  a__b: { type: Int }\n', 'select :a_b, :a__b'),
      /^sales\.sql:6: parameters a_b and a__b are both aB/,
    ],
    [
      'an unused parameter',
      shared('parameters:\n  abc: { type: Int }\n', "select ':abc' as x -- :abc"),
      /^sales\.sql:5: parameter abc is declared but not used/,
    ],
    [
      'an undeclared placeholder',
      shared('parameters:\n  abc: { type: Int }\n', 'select :abc,\n :abd as x'),
      /^sales\.sql:8: :abd is not declared: .* Did you mean "abc"\?/,
    ],
    ['no tenant', '/*---\ntitle: T\n---*/\nselect 1 as x', /^sales\.sql:3: the query does not use :tenant_id/],
    [
      'shared, yet with a tenant',
      shared('', 'select :tenant_id as t'),
      /^sales\.sql:4: the query uses :tenant_id, so it is not shared/,
    ],
    ['no query', shared('', '-- nothing'), /the query is missing/],
    ['no SELECT', shared('', 'delete from x'), /^sales\.sql:5: the query must be one SELECT; it begins with "delete"/],
    [
      'two statements',
      shared('', 'select 1 as x;\ndelete from x;'),
      /^sales\.sql:5: the query goes on after a semicolon/,
    ],
    ['an open string', shared('', "select 'x"), /^sales\.sql:5: the query has a string ' that is never closed/],
    [
      'a summary that is no SELECT',
      shared('summary: drop table x\n', 'select 1 as x'),
      /^sales\.sql:4: the summary must be one SELECT/,
    ],
    [
      'a file name of nothing',
      shared('file_name: "x-{day}"\n', 'select 1 as x'),
      /^sales\.sql:4: file_name: \{day\} is no parameter/,
    ],
    [
      'a file name with a path',
      shared('file_name: "../x"\n', 'select 1 as x'),
      /^sales\.sql:4: file_name: .*can't have/,
    ],
    ['a tag of YAML', shared('description: !!js/function x\n', 'select 1 as x'), /never/],
  ])('%s', (what, text, fault) => {
    if (what === 'a tag of YAML') expect(parseSqlReport('sales.sql', text).description).toBe('x')
    else expect(faultsOf(text)).toEqual(expect.arrayContaining([expect.stringMatching(fault)]))
  })
  test('all of a file at once', () => {
    expect(
      faultsOf('/*---\nretension: P1D\nparameters:\n  a: { type: Foo }\n---*/\nselect :b').length,
    ).toBeGreaterThanOrEqual(5)
  })
  test.each(['Sales.sql', '1x.sql', 'sales-eu.sql', 'by_name.sql'])('the file name %s', (name) => {
    expect(faultsOf(shared('', 'select 1 as x'), name)).toHaveLength(1)
  })
})

describe('a directory', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'broadsheet-reports-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))
  const write = (name: string, text: string) => writeFile(join(directory, name), text)
  const ROWS = `import { defineReport } from 'broadsheet/define'
import { factor } from './lib/factor.mjs'
const words: Record<string, string> = { title: 'Counted' }
export default defineReport({
  title: words['title']!,
  parameters: { start_day: { type: 'Date!' }, top: { type: 'Int', default: 3 } },
  columns: { n: 'Int', doubled: { type: 'Int', description: 'twice n' } },
  async *rows({ parameters }) {
    for (let n = 1; n <= parameters.top; n++) yield [n, n * factor]
  },
})
`
  const rowsOf = async (definition: Awaited<ReturnType<typeof loadDefinition>>) => {
    const rows: unknown[] = []
    for await (const row of definition.rows({ parameters: { top: 2 } } as never)) rows.push(row)
    return rows
  }
  const catalog = (sources = new Map()) => createCatalog({ directory, sources, log })

  test('a type in TypeScript, from outside of the package', async () => {
    const { mkdir } = await import('node:fs/promises')
    await mkdir(join(directory, 'lib'))
    await write('lib/factor.mjs', 'export const factor = 2')
    await write('counted_things.ts', ROWS)
    const type = await loadRowsReport('counted_things.ts', directory)
    expect(type).toMatchObject({
      name: 'counted_things', inputField: 'countedThings', title: 'Counted', body: { kind: 'rows' }, fileName: 'counted_things-{date}', timeout: 'PT10M',
      parameters: [{ name: 'start_day', type: 'Date', required: true }, { name: 'top', type: 'Int', default: 3 }],
      columns: [{ name: 'n', type: 'Int' }, { name: 'doubled', type: 'Int', description: 'twice n' }],
    }) // prettier-ignore
    expect(await rowsOf(await loadDefinition(type, directory))).toEqual([[1, 2], [2, 4]]) // prettier-ignore
  })

  test('a kept text runs, whatever the file says by now', async () => {
    const kept = ROWS.replace('n * factor', 'n * factor * 10')
    expect(await rowsOf(await loadDefinitionFromText('counted_things', kept, directory))).toEqual([[1, 20], [2, 40]]) // prettier-ignore
    expect(await rowsOf(await loadDefinitionFromText('counted_things', ROWS, directory))).toEqual([[1, 2], [2, 4]]) // prettier-ignore
    expect((await catalog().parseKept('gone_by_now', kept, 'rows')).title).toBe('Counted')
    expect((await catalog().parseKept('gone_by_now', HEAD + QUERY, 'sql')).maxRows).toBe(5000)
  })

  test.each([
    ['const x: = 5', /^x\.ts(:\d+)?: it can't be loaded/],
    ['throw new Error("no database")', /^x\.ts:1: it can't be loaded: no database/],
    ['export const a = 1', /no default export/],
    ['export default { title: "T", columns: { a: "Integer" }, rows() {} }', /column a: "Integer" is not a type/],
    ['export default { title: "T", columns: { a: "Int" } }', /rows is missing/],
    [
      'export default { titel: "T", columns: { a: "Int" }, rows() {} }',
      /"titel" is not known to defineReport\. Did you mean "title"/,
    ],
    [
      'export default { title: "T", parameters: { a: { type: "Foo" } }, columns: { a: "Int" }, rows() {} }',
      /parameter a: "Foo" is not a type/,
    ],
    ['export default { title: "T", columns: { a: "Int" }, rows() {}, timeout: "10m" }', /timeout: "10m"/],
  ])('%s is a fault', async (text, fault) => {
    await expect(parseRowsReport('x.ts', text, directory)).rejects.toThrow(fault)
    await expect(parseRowsReport('x.ts', text, directory)).rejects.toBeInstanceOf(StartupError)
  })

  test('the catalog takes .sql and .ts, leaves the rest, and finds by name and by field', async () => {
    await write('README.md', 'hello')
    await write('notes.txt', 'hello')
    await write('a_sales.sql', shared('source: shop\n', 'select 1 as x'))
    await write('b_sales.sql', shared('source: warehouse\n', 'select 1 as x'))
    const types = catalog()
    await types.load()
    expect(types.all().map(({ name }) => name)).toEqual(['b_sales', 'counted_things'])
    await types.refreshAvailability()
    expect(types.get('b_sales')!.unavailableReason).toMatch(/Source "warehouse" is not configured/)
    expect(types.byInputField('countedThings')!.unavailableReason).toBeNull()
    expect(types.get('a_sales')).toBeUndefined()
    await types.close()
  })

  test('faults of all files are told together, and names taken twice', async () => {
    await write('counted_things.sql', shared('', 'select 1 as x'))
    await write('counted__things.sql', shared('', 'select :nope as x'))
    const error = await catalog().load().catch((thrown: unknown) => thrown) // prettier-ignore
    expect(error).toBeInstanceOf(StartupError)
    const { faults } = error as StartupError
    expect(faults.filter((fault) => fault.includes('its name is taken by'))).toHaveLength(2)
    expect(faults).toEqual(
      expect.arrayContaining([expect.stringMatching(/^counted__things\.sql:5: :nope is not declared/)]),
    )
  })

  test('a directory that is not there', async () => {
    await expect(createCatalog({ directory: join(directory, 'no'), sources: new Map(), log }).load()).rejects.toThrow(
      /can't be read \(ENOENT\)/,
    )
  })
})
