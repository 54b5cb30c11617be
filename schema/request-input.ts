import type { InputFieldRef } from '@pothos/core'
import type { Parameter } from '../src/report-type/define.ts'
import { camelCase } from '../src/report-type/names.ts'
import type { ReportType } from '../src/report-type/report-type.ts'
import { builder } from './builder.ts'

/** What a request says: byName, or the field of one type with its parameters. Its values are checked by the report room. */
export const ReportRequestInputRef = builder.inputRef<{ [field: string]: unknown }>('ReportRequestInput')

const ByNameRef = builder.inputType('ReportByNameInput', {
  description: 'Any report type by the name of its file.',
  fields: (t) => ({
    type: t.string({ required: true, description: `The file's name, snake_case.` }),
    parameters: t.field({ type: 'JSON', description: 'Names (camelCase) and values.' }),
  }),
})

const NoParametersRef = builder.inputType('NoParametersInput', {
  description: 'For a type without parameters.',
  fields: (t) => ({ _: t.boolean({ description: 'Nothing: GraphQL has no empty input.' }) }),
})

const GRAPHQL_NAME = /^[_A-Za-z][_0-9A-Za-z]*$/
const KEYWORDS = new Set(['true', 'false', 'null'])

/** Values that are all names become an enum, so that an editor completes them; others are a String, checked when asked. */
function isEnum(parameter: Parameter): boolean {
  return (
    parameter.values?.every((value) => GRAPHQL_NAME.test(value) && !value.startsWith('__') && !KEYWORDS.has(value)) ??
    false
  )
}

function pascal(name: string): string {
  const camel = camelCase(name)
  return camel.charAt(0).toUpperCase() + camel.slice(1)
}

function inputTypeName(type: Pick<ReportType, 'name'>): string {
  return `${pascal(type.name)}ParametersInput`
}

function bareTypeName(type: Pick<ReportType, 'name'>, parameter: Parameter): string {
  if (isEnum(parameter)) return `${pascal(type.name)}${pascal(parameter.name)}`
  return parameter.type === 'Upload' ? 'ID' : parameter.type
}

/** As written in an input: DateExpression!, Int, [String!]. */
export function parameterTypeName(type: Pick<ReportType, 'name'>, parameter: Parameter): string {
  const bare = bareTypeName(type, parameter)
  return `${parameter.list ? `[${bare}!]` : bare}${parameter.required ? '!' : ''}`
}

function describe(parameter: Parameter): string {
  const said = parameter.description ?? parameter.name.replaceAll('_', ' ')
  return parameter.values && !isEnum(parameter) ? `${said} (one of: ${parameter.values.join(', ')})` : said
}

/** Generates the input types of these report types, and ReportRequestInput over them. Once a process. */
export function defineRequestInput(types: readonly ReportType[]): void {
  const inputs = new Map(
    types.filter((type) => type.parameters.length > 0).map((type) => [type.name, defineParameters(type)]),
  )
  ReportRequestInputRef.implement({
    description:
      'generated: byName, and one field for each report type with its parameters as an input type of their own.',
    isOneOf: true,
    fields: (t) => ({
      byName: t.field({ type: ByNameRef, description: `Any type by its file's name, checked by the same rules.` }),
      ...Object.fromEntries(
        types.map((type) => [
          type.inputField,
          t.field({
            type: (inputs.get(type.name) ?? NoParametersRef) as typeof NoParametersRef,
            description: type.description ? `${type.title}: ${type.description}` : type.title,
          }),
        ]),
      ),
    }),
  } as Parameters<typeof ReportRequestInputRef.implement>[0])
}

function defineParameters(type: ReportType) {
  for (const parameter of type.parameters.filter(isEnum))
    builder.enumType(bareTypeName(type, parameter), {
      description: `generated: ${describe(parameter)}`,
      values: Object.fromEntries(
        (parameter.values as readonly string[]).map((value) => [
          value,
          { value, description: `The report gets "${value}".` },
        ]),
      ),
    })
  return builder.inputType(inputTypeName(type), {
    description: `generated: the parameters of ${type.title}.`,
    fields: (t) =>
      Object.fromEntries(
        type.parameters.map((parameter): [string, InputFieldRef<any, unknown>] => {
          const bare = bareTypeName(type, parameter) as 'String'
          return [
            camelCase(parameter.name),
            t.field({
              type: (parameter.list ? [bare] : bare) as 'String',
              required: parameter.required,
              description: describe(parameter),
              ...(parameter.default !== undefined && { defaultValue: parameter.default as never }),
            }),
          ]
        }),
      ),
  })
}
