import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kind, parse, type TypeDefinitionNode } from 'graphql'
import { afterAll, describe, expect, test } from 'vitest'
import { conformance } from '../support/conformance.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const tools = await conformance()
const directories: string[] = []
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true })
})

/** What the rules find and the contract has promised all the same. */
const PROMISED = [
  // Types of parameters that a report of the operator's may have, whether or not a shipped one does.
  'no-unreachable-types Date',
  'no-unreachable-types NoParametersInput',
  // GraphQL has no empty input, and its one field can't mean anything.
  'naming-convention NoParametersInput',
  // It is one: a type of report.
  'naming-convention ReportType',
]

/** Findings as rule and definition, but for the case in which those who write report files have their words: Kitchen, snake_case. */
async function findings(sdl: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-lint-'))
  directories.push(directory)
  await mkdir(join(directory, 'schema'))
  await writeFile(join(directory, 'schema/schema.graphql'), sdl)
  const definitions = parse(sdl).definitions.filter((each): each is TypeDefinitionNode => 'name' in each)
  return (await tools!.lint(directory)).flatMap(({ ruleId, line, message }) => {
    const at = definitions.findLast(({ loc }) => loc!.startToken.line <= line)
    const named = at?.kind === Kind.ENUM_TYPE_DEFINITION && at.description?.value.startsWith('generated:')
    if (named && ruleId === '@graphql-eslint/naming-convention') return []
    return [
      `${ruleId.replace('@graphql-eslint/', '')} ${at?.name.value}${ruleId.includes('require') ? `: ${message}` : ''}`,
    ]
  })
}

describe.skipIf(!tools)('the schema rules of graphql-eslint (skipped where npm can’t install it)', () => {
  test('find nothing in the schema but what was promised', async () => {
    const found = await findings(await readFile(`${ROOT}schema/schema.graphql`, 'utf8'))
    expect([...new Set(found)].filter((each) => !PROMISED.includes(each))).toEqual([])
  }, 60_000)

  test('find what is wrong: a missing description, names, a connection that is none', async () => {
    const found = await findings(`
      """ What can be read. """
      type Query {
        things(first: Int, after: String): ThingConnection!
        "Told."
        getThing(by: Wanted): Thing
      }
      "Told."
      input Wanted { "Told." Size: Int }
      "Told."
      type Thing { "Told." id: ID! "Told." kind: Kind! }
      "Told."
      enum Kind { "Told." small }
      "generated: told"
      enum Ours { Kitchen }
      "Told."
      type ThingConnection { "Told." edges: [ThingEdge!]! }
      "Told."
      type ThingEdge { "Told." node: Thing! }
    `)
    for (const rule of [
      'require-description Query',
      'naming-convention Query',
      'naming-convention Wanted',
      'naming-convention Kind',
      'require-description Ours',
      'relay-connection-types ThingConnection',
      'relay-edge-types ThingEdge',
      'relay-page-info',
    ])
      expect(
        found.some((each) => each.startsWith(rule)),
        `${rule} in ${found.join()}`,
      ).toBe(true)
    expect(found).not.toContain('naming-convention Ours')
  }, 60_000)
})
