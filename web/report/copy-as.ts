import type { WholeReportFragment } from '../generated/graphql.ts'

/** What a request for the same needs of a report. */
export type Asked = Pick<
  WholeReportFragment,
  | 'title'
  | 'priority'
  | 'format'
  | 'compression'
  | 'csvDialect'
  | 'visibility'
  | 'timeZone'
  | 'tags'
  | 'parameters'
  | 'deliveries'
> & {
  readonly type: Pick<WholeReportFragment['type'], 'title' | 'inputField'> & {
    readonly parameters: readonly Pick<WholeReportFragment['type']['parameters'][number], 'name' | 'type' | 'values'>[]
  }
}

/** What the API takes where nothing is said. */
const USUAL = { priority: 'NORMAL', compression: 'NONE', csvDialect: 'POSTGRES', visibility: 'PRIVATE' } as const
const ENUMS = new Set(['priority', 'format', 'compression', 'csvDialect', 'visibility'])
/** Types of parameters that are no enum of the API's though they may have a list of values. */
const SCALARS = new Set([
  'String',
  'Int',
  'Float',
  'Decimal',
  'Boolean',
  'ID',
  'BigInt',
  'Date',
  'DateTime',
  'DateExpression',
])
const ANSWER = 'report { id status } userErrors { field message code }'

/** The RequestReportInput that asks for the same; what is usual, and a title that the service makes itself, is left out. */
export function inputOf(asked: Asked): Record<string, unknown> {
  const { type, title, format, timeZone, tags } = asked
  const chosen = Object.entries(USUAL).flatMap(([name, usual]) => {
    const value = asked[name as keyof typeof USUAL]
    return value === usual ? [] : [[name, value]]
  })
  // It is made of the dates, which may be others tomorrow.
  const titleIsMade = title === type.title || title.startsWith(`${type.title} · `)
  return {
    report: { [type.inputField]: inOrder(asked) },
    ...(!titleIsMade && { title }),
    format,
    ...Object.fromEntries(chosen),
    ...(timeZone !== 'UTC' && { timeZone }),
    ...(tags.length > 0 && { tags }),
  }
}

/** The values in the order of their type; the API gives them in one of its own. */
function inOrder({ parameters, type }: Asked): Record<string, unknown> {
  const values = Object.entries(parameters ?? {})
  const place = (name: string) => type.parameters.findIndex((parameter) => parameter.name === name)
  return Object.fromEntries(values.toSorted(([a], [b]) => place(a) - place(b)))
}

/** The mutation with all in it, for a GraphQL editor. */
export function asGraphql(asked: Asked): string {
  const enums = new Set(
    asked.type.parameters
      .filter(({ type, values }) => values && !SCALARS.has(type.replaceAll(/[[\]!]/g, '')))
      .map(({ name }) => name),
  )
  const isEnum = (path: readonly string[]) =>
    path[0] === 'report' ? path.length === 3 && enums.has(path[2] ?? '') : ENUMS.has(path[0] ?? '')
  const input = literal(inputOf(asked), [], isEnum, '  ')
  return `${note(asked)}mutation {\n  requestReport(input: ${input}) {\n    ${ANSWER}\n  }\n}\n`
}

/** The same for a shell: the token is the caller's own, in $BROADSHEET_TOKEN. */
export function asCurl(asked: Asked, origin: string): string {
  const body = {
    query: `mutation Ask($input: RequestReportInput!) { requestReport(input: $input) { ${ANSWER} } }`,
    variables: { input: inputOf(asked) },
  }
  return `${[
    `curl -sS ${quoted(`${origin}/graphql`)}`,
    '-H "Authorization: Bearer $BROADSHEET_TOKEN"',
    `-H 'Content-Type: application/json'`,
    `--data-binary ${quoted(JSON.stringify(body, null, 2))}`,
  ].join(' \\\n  ')}\n`
}

/** A comment of GraphQL's; shells do not all take one that is pasted. */
const note = ({ deliveries }: Asked) =>
  deliveries.length === 0 ? '' : '# Without its deliveries: their secrets are never shown again.\n'

/** One word of sh, whatever it holds. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

function literal(
  value: unknown,
  path: readonly string[],
  isEnum: (path: readonly string[]) => boolean,
  indent: string,
): string {
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, path, isEnum, indent)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const inner = `${indent}  `
    const fields = Object.entries(value).map(
      ([name, one]) => `${inner}${name}: ${literal(one, [...path, name], isEnum, inner)}\n`,
    )
    return fields.length === 0 ? '{}' : `{\n${fields.join('')}${indent}}`
  }
  // JSON's escapes are among those of GraphQL.
  return typeof value === 'string' && isEnum(path) ? value : (JSON.stringify(value) ?? 'null')
}
