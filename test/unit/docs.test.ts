import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildASTSchema, isEnumType, isInputObjectType, parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { brokenLinks } from '../../scripts/links.ts'
import { FAILURE_CODES } from '../../src/errors.ts'
import { loadDefinition, loadRowsReport } from '../../src/report-type/rows-report.ts'
import loanPlan from '../../docs/examples/loan_plan.ts'
import { expectGolden, runReport } from '../../worker/run-report.ts'
import { parseSqlReport } from '../../src/report-type/sql-report.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFile(join(ROOT, path), 'utf8')
const schema = buildASTSchema(parse(await read('schema/schema.graphql')))

/** Code blocks of one language. */
const blocks = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code as string)
const documents = async () => [
  'README.md',
  'CONTRIBUTING.md',
  ...(await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
]

describe('links', () => {
  test('lead somewhere', async () => {
    expect(await brokenLinks(ROOT)).toEqual([])
  })

  test('that lead nowhere are found, with their line', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'broadsheet-links-'))
    try {
      await writeFile(
        join(directory, 'a.md'),
        '# One two: three\n[a](b.md) [b](#one-two-three) `[c](d.md)`\n```\n[e](f.md)\n```\n[g](#one) [h](https://example.com) ![i](j.svg)\n',
      )
      expect(await brokenLinks(directory)).toEqual(['a.md:2: b.md', 'a.md:6: #one', 'a.md:6: j.svg'])
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})

describe('docs/errors.md', () => {
  /** First cells of the table below a heading. */
  const codes = async (heading: string) => {
    const text = await read('docs/errors.md')
    const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
    return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, code]) => code as string)
  }
  const enumOf = (name: string) => {
    const type = schema.getType(name)
    return isEnumType(type) ? type.getValues().map((value) => value.name) : []
  }

  test('has every failure of a report', async () => {
    expect(await codes('Failures of a report')).toEqual([...FAILURE_CODES])
    expect(enumOf('ReportFailureCode').toSorted()).toEqual([...FAILURE_CODES].toSorted())
  })

  test('has every user error', async () => {
    const [, union = ''] = /export type UserErrorCode =([^]*?)\n\n/.exec(await read('src/errors.ts')) ?? []
    const raised = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code)
    expect(await codes('User errors')).toEqual(raised)
    expect(enumOf('UserErrorCode').toSorted()).toEqual(raised.toSorted())
  })

  test('has every code of a GraphQL error', async () => {
    const ours = [...(await read('src/errors.ts')).matchAll(/super\('([A-Z_]+)'/g)].map(([, code]) => code)
    const masked = [...(await read('src/api/mask-errors.ts')).matchAll(/code: '([A-Z_]+)'/g)].map(([, code]) => code)
    // Told at the start, and told as userErrors: neither is the code of a GraphQL error.
    const elsewhere = ['STARTUP', 'REFUSED']
    expect(ours).toEqual(expect.arrayContaining(elsewhere))
    const expected = new Set([...ours, ...masked].filter((code) => !elsewhere.includes(code as string)))
    expect((await codes('GraphQL errors')).toSorted()).toEqual([...expected].toSorted())
    for (const code of elsewhere) expect(await read('docs/errors.md')).toContain(`\`${code}\``)
  })

  test('has the close codes of our own', async () => {
    const ours = [...(await read('src/api/websocket.ts')).matchAll(/^const \w+ = (4\d{3})$/gm)].map(
      ([, code]) => code as string,
    )
    expect(ours.length).toBeGreaterThan(1)
    expect(await codes('Close codes of a WebSocket')).toEqual(expect.arrayContaining(ours))
  })
})

describe('examples', () => {
  test('SQL report types are right', async () => {
    const inReadme = blocks(await read('README.md'), 'sql').filter((code) => code.startsWith('/*---'))
    const inGuide = blocks(await read('docs/writing-reports.md'), 'sql').filter((code) => code.startsWith('/*---'))
    expect(inReadme).toHaveLength(1)
    expect(inGuide).toHaveLength(1)
    expect(parseSqlReport('big_spenders.sql', inReadme[0] as string)).toMatchObject({
      inputField: 'bigSpenders',
      parameters: [{ name: 'start_date' }, { name: 'end_date' }, { name: 'at_least' }],
    })
    expect(parseSqlReport('invoices.sql', inGuide[0] as string)).toMatchObject({
      roles: ['ADMIN', 'MEMBER'],
      body: { tenancy: 'tenant' },
    })
  })

  test('the head has every field that there is, with its default', async () => {
    const keys = /const KEYS = \[([^\]]+)\]/.exec(await read('src/report-type/head.ts'))?.[1] ?? ''
    const rows = [
      ...(await read('docs/writing-reports.md'))
        .split('### The head')[1]!
        .split('\n### ')[0]!
        .matchAll(/^\| `(\w+)` \|/gm),
    ].map(([, key]) => key)
    expect(rows.toSorted()).toEqual([...keys.matchAll(/'(\w+)'/g)].map(([, key]) => key).toSorted())
  })

  test('the one in TypeScript of the guide is the file beside it, and comes to its golden CSV', async () => {
    const [code = ''] = blocks(await read('docs/writing-reports.md'), 'ts')
    expect(code).toBe(await read('docs/examples/loan_plan.ts'))
    const { csv, summary, percent } = await runReport(loanPlan, { amount: '12000', months: 12, rate: 6 })
    await expectGolden(csv, new URL('../../docs/examples/loan_plan.csv', import.meta.url))
    expect(summary).toEqual({ paid: '12393.58', interest: '393.58' })
    expect(percent).toBe(100)
    await expect(runReport(loanPlan, { amount: '12000', months: 0 })).rejects.toMatchObject({
      userErrors: [{ field: ['months'], code: 'INVALID' }],
    })
    await expect(
      expectGolden(csv.replace('12', '13'), new URL('../../docs/examples/loan_plan.csv', import.meta.url)),
    ).rejects.toThrow(/Line \d+ differs/)
  })

  test('docs/examples/running_total.ts adds up', async () => {
    const directory = join(ROOT, 'docs/examples')
    const type = await loadRowsReport('running_total.ts', directory)
    expect(type).toMatchObject({
      inputField: 'runningTotal',
      timeout: 'PT5M',
      parameters: [{ name: 'start_date' }, { name: 'end_date' }, { name: 'goal' }],
    })
    const { rows } = await loadDefinition(type, directory)
    const told: unknown[] = []
    const shop = { async *query() { yield* [{ day: '2026-01-01', orders: 2, sales: '10.50' }, { day: '2026-01-02', orders: 1, sales: '7.00' }] } } // prettier-ignore
    const attempt = {
      parameters: { start_date: '2026-01-01', end_date: '2026-01-31', goal: '15' },
      sources: { shop },
      progress: (done: number) => told.push(done),
      summary: (figures: unknown) => told.push(figures),
    }
    expect(await Array.fromAsync(rows(attempt as never))).toEqual([
      { day: '2026-01-01', orders: 2, sales: '10.50', total: '10.50', goal_reached: false },
      { day: '2026-01-02', orders: 1, sales: '7.00', total: '17.50', goal_reached: true },
    ])
    expect(told).toEqual([1, 2, { days: 2, total: '17.50', best_day: '2026-01-01' }])
  })

  test('GraphQL is what the API takes', async () => {
    const code = (
      await Promise.all((await documents()).map(async (path) => blocks(await read(path), 'graphql')))
    ).flat()
    expect(code.length).toBeGreaterThan(1)
    for (const document of code) expect(validate(schema, parse(document)), document).toEqual([])
    const pasted = [
      ...blocks(await read('README.md'), 'sh')
        .join()
        .matchAll(/"query":"((?:[^"\\]|\\.)*)"/g),
    ].map(([, text]) => (text as string).replaceAll('\\"', '"').replaceAll(`'$ID'`, 'x'))
    expect(pasted).toHaveLength(3)
    for (const document of pasted) expect(validate(schema, parse(document)), document).toEqual([])
  })

  test('progress has every field that there is', async () => {
    const type = schema.getType('ReportProgress')
    const fields = type && 'getFields' in type && !isInputObjectType(type) ? Object.keys(type.getFields()) : []
    const section = (await read('docs/progress-protocol.md')).split('\n## ')[1] ?? ''
    const named = [...section.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) =>
      [...(cell as string).matchAll(/`(\w+)`/g)].map(([, name]) => name),
    )
    expect(named.toSorted()).toEqual(fields.toSorted())
  })
})

test('every npm script that is named is there', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
  for (const path of [...(await documents()), '.ci/run', 'docker-compose.yml', 'Dockerfile']) {
    for (const [, name] of (await read(path)).matchAll(/npm run ([a-z][a-z:-]*)/g))
      expect(scripts, `${path}: npm run ${name}`).toHaveProperty(name as string)
  }
})
