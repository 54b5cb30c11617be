import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildSchema, parse, validate, valueFromAST, type OperationDefinitionNode } from 'graphql'
import { describe, expect, test } from 'vitest'
import { asCurl, asGraphql, inputOf, type Asked } from '../../../web/report/copy-as.ts'

const schema = buildSchema(await readFile(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8'))

const sales = (more: Partial<Asked> = {}): Asked => ({
  title: 'Sales by order line · 2026-11-16 to 2026-11-22',
  priority: 'NORMAL',
  format: 'CSV',
  compression: 'NONE',
  csvDialect: 'POSTGRES',
  visibility: 'PRIVATE',
  timeZone: 'UTC',
  tags: [],
  parameters: {
    startDate: 'last_week_start',
    endDate: 'last_week_end',
    region: 'EU',
    minAmount: '12.50',
    includeCanceled: null,
  },
  deliveries: [],
  type: {
    title: 'Sales by order line',
    inputField: 'sales',
    parameters: [
      { name: 'startDate', type: 'DateExpression!', values: null },
      { name: 'endDate', type: 'DateExpression!', values: null },
      { name: 'region', type: 'SalesRegion', values: ['EU', 'US', 'APAC'] },
      { name: 'minAmount', type: 'Decimal', values: null },
      { name: 'includeCanceled', type: 'Boolean', values: null },
    ],
  },
  ...more,
})

const EVIL = `it's "Q3" $HOME \`id\` \\ !! ü 😀\nsecond line # '; rm -rf /`
const inventory = (): Asked => ({
  ...sales({ title: EVIL, format: 'XLSX', csvDialect: 'EXCEL', priority: 'URGENT', visibility: 'TENANT' }),
  compression: 'GZIP',
  timeZone: 'Europe/Vilnius',
  tags: ['one', EVIL],
  parameters: { asOf: 'today-P7D', categories: ['Kitchen', 'Office'], belowReorderLevel: true, minOnHand: 3 },
  deliveries: [{}] as never,
  type: {
    title: 'Inventory by product',
    inputField: 'inventory',
    parameters: [
      { name: 'asOf', type: 'DateExpression', values: null },
      { name: 'categories', type: '[InventoryCategories!]', values: ['Kitchen', 'Office'] },
      { name: 'belowReorderLevel', type: 'Boolean', values: null },
      { name: 'minOnHand', type: 'Int', values: null },
    ],
  },
})

/** What the API would make of the mutation's input. */
function understood(text: string): unknown {
  const document = parse(text)
  expect(validate(schema, document)).toEqual([])
  const field = (document.definitions[0] as OperationDefinitionNode).selectionSet.selections[0]
  const argument = field && 'arguments' in field ? field.arguments?.[0]?.value : undefined
  return valueFromAST(argument, schema.getType('RequestReportInput') as never)
}

describe('copied as GraphQL', () => {
  test('is valid against the schema and asks for the same', () => {
    for (const asked of [sales(), inventory()]) expect(understood(asGraphql(asked))).toMatchObject(inputOf(asked))
  })

  test('says nothing that is usual, and no title that the service makes', () => {
    expect(inputOf(sales())).toEqual({ report: { sales: sales().parameters }, format: 'CSV' })
    expect(inputOf(sales({ title: 'Mine', timeZone: 'Asia/Tokyo', priority: 'LOW', tags: ['a'] }))).toEqual({
      report: { sales: sales().parameters },
      title: 'Mine',
      format: 'CSV',
      timeZone: 'Asia/Tokyo',
      priority: 'LOW',
      tags: ['a'],
    })
  })

  test('a text with a list of values that are no names stays a text', () => {
    const text = asGraphql(
      sales({ type: { ...sales().type, parameters: [{ name: 'region', type: 'String', values: ['EU'] }] } }),
    )
    expect(text).toContain('region: "EU"')
    expect(asGraphql(sales())).toContain('region: EU\n')
  })

  test('values stand in the order of their type', () => {
    const text = asGraphql(sales({ parameters: { region: 'US', endDate: 'today', startDate: 'today' } }))
    expect(text.match(/startDate|endDate|region/g)).toEqual(['startDate', 'endDate', 'region'])
  })

  test('a type without parameters', () => {
    expect(asGraphql(sales({ parameters: {} }))).toContain('sales: {}\n')
  })

  test('says that the deliveries are missing, where there are any', () => {
    expect(asGraphql(inventory())).toMatch(/^# Without its deliveries/)
    expect(asGraphql(sales())).not.toContain('#')
  })
})

describe('copied as curl', () => {
  test('a shell hands curl the address, the token and the very input', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'broadsheet-curl-'))
    try {
      // Tells what it was called with.
      await writeFile(join(directory, 'curl'), `#!/bin/sh\nfor each in "$@"; do printf '%s\\0' "$each"; done\n`)
      await chmod(join(directory, 'curl'), 0o755)
      const env = { PATH: `${directory}:${process.env['PATH']}`, HOME: '/nowhere', BROADSHEET_TOKEN: `t"o 'k$e\`n` }
      const asked = inventory()
      const { stdout } = await promisify(execFile)('sh', ['-c', asCurl(asked, `http://it's.example:4000`)], { env })
      const [silent, url, , authorization, , type, , body] = stdout.split('\0')
      expect([silent, url, type]).toEqual(['-sS', `http://it's.example:4000/graphql`, 'Content-Type: application/json'])
      expect(authorization).toBe(`Authorization: Bearer t"o 'k$e\`n`)
      const { query, variables } = JSON.parse(body ?? '')
      expect(variables).toEqual({ input: inputOf(asked) })
      expect(validate(schema, parse(query))).toEqual([])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
