import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  astFromValue,
  buildASTSchema,
  buildSchema,
  DangerousChangeType,
  findBreakingChanges,
  findDangerousChanges,
  isInputObjectType,
  Kind,
  parse,
  print,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLInputField,
  type GraphQLSchema,
} from 'graphql'

/**
 * `npm run schema:diff [-- released.graphql now.graphql]`: what in schema/schema.graphql breaks a client of the last
 * release, whose schema is kept in schema/releases. Exit code 1 when anything does. New types, fields, values and
 * arguments with defaults break nothing: clients accept values of enums that they do not know.
 */

const SCHEMA = fileURLToPath(new URL('../schema/', import.meta.url))

/** The last release's schema: releases/1.10.0.graphql comes after releases/1.9.2.graphql. */
async function lastRelease(): Promise<string> {
  const numbers = (name: string) => name.split('.').map(Number)
  const releases = (await readdir(`${SCHEMA}releases`))
    .filter((name) => /^\d+\.\d+\.\d+\.graphql$/.test(name))
    .toSorted((one, other) => {
      const [a, b] = [numbers(one), numbers(other)]
      return a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!
    })
  const last = releases.at(-1)
  if (!last) throw new Error('There is no VERSION.graphql in schema/releases.')
  return `${SCHEMA}releases/${last}`
}

/**
 * Without what is generated from report files: such a field is promised for as long as its file is there, and that is the
 * operator's to say. byName stays.
 */
function promised(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.flatMap((definition): DefinitionNode[] => {
    const words = 'description' in definition ? definition.description?.value : undefined
    if (!words?.startsWith('generated')) return [definition]
    if (definition.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION || definition.name.value !== 'ReportRequestInput')
      return []
    return [{ ...definition, fields: definition.fields?.filter(({ name }) => name.value === 'byName') ?? [] }]
  })
  return { ...document, definitions }
}

/** What graphql does not look at: defaults of input fields, and inputs that take one field of several. */
function breaksOfInputs(before: GraphQLSchema, after: GraphQLSchema): string[] {
  const byDefault = (field: GraphQLInputField) => {
    const value = astFromValue(field.defaultValue, field.type)
    return value ? print(value) : 'none'
  }
  return Object.values(before.getTypeMap()).flatMap((type) => {
    const now = after.getType(type.name)
    if (!isInputObjectType(type) || !isInputObjectType(now)) return []
    const alone =
      type.isOneOf === now.isOneOf ? [] : [`${type.name} ${now.isOneOf ? 'became' : 'is no longer'} @oneOf.`]
    const defaults = Object.values(type.getFields()).flatMap((field) => {
      const given = now.getFields()[field.name]
      if (!given || byDefault(field) === byDefault(given)) return []
      return [`${type.name}.${field.name} changed its default from ${byDefault(field)} to ${byDefault(given)}.`]
    })
    return [...alone, ...defaults]
  })
}

const [given = await lastRelease(), current = `${SCHEMA}schema.graphql`] = process.argv.slice(2)
const before = buildASTSchema(promised(parse(await readFile(given, 'utf8'))))
const after = buildSchema(await readFile(current, 'utf8'))
const breaks = [
  ...findBreakingChanges(before, after),
  ...findDangerousChanges(before, after).filter(({ type }) => type === DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE),
]
const found = [...breaks.map(({ description }) => description), ...breaksOfInputs(before, after)]
const release = given.replace(/^.*\//, '').replace(/\.graphql$/, '')
if (found.length === 0) process.stdout.write(`Nothing breaks a client of ${release}.\n`)
else {
  process.stdout.write(`What breaks a client of ${release}:\n${found.map((each) => `  ${each}\n`).join('')}`)
  process.exitCode = 1
}
