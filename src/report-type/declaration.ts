import {
  PARAMETER_TYPES,
  type Json,
  type Parameter,
  type ParameterDeclaration,
  type ParameterTypeName,
} from './define.ts'
import { hint, NAME } from './names.ts'
import { readValue } from './values.ts'

/** Placeholders that are always there; a parameter may not take their names. */
export const RESERVED = ['tenant_id', 'viewer_id', 'time_zone', 'requested_at'] as const
const WORDS = ['type', 'description', 'default', 'values']

/**
 * A parameter from its declaration: `'DateExpression!'`, `'Int'`, `'[String!]'`. Whoever has a default is not required, so
 * `!` together with a default is a fault: one of the two is not meant.
 * @param fault called for each thing that is wrong; null is returned then.
 */
export function parseDeclaration(name: string, declaration: unknown, fault: (text: string) => void): Parameter | null {
  const faultsBefore: string[] = []
  const wrong = (text: string) => {
    faultsBefore.push(text)
    fault(`parameter ${name}: ${text}`)
  }
  if (!NAME.test(name) || name.length > 50)
    wrong('its name must be snake_case, [a-z][a-z0-9_]*, and at most 50 characters.')
  if ((RESERVED as readonly string[]).includes(name))
    wrong(`:${name} is always there and needs no declaration: remove it, or choose another name.`)
  if (typeof declaration !== 'object' || declaration === null || Array.isArray(declaration)) {
    wrong('write { type: Int, description: ... }.')
    return null
  }
  for (const word of Object.keys(declaration))
    if (!WORDS.includes(word)) wrong(`"${word}" is not known here.${hint(word, WORDS)}`)
  const {
    type: typeText,
    description,
    default: preset,
    values,
  } = declaration as ParameterDeclaration & Record<string, unknown>
  const shape = parseType(typeText, wrong)
  if (description !== undefined && typeof description !== 'string') wrong('its description must be text.')
  if (values !== undefined && !isWords(values)) wrong('values must be a list of distinct texts, e.g. [EU, US].')
  else if (values !== undefined && shape && shape.type !== 'String')
    wrong(`values are only for String, and this is ${shape.type}.`)
  if (!shape || faultsBefore.length > 0) return null

  const given = preset === null ? undefined : (preset as Json | undefined)
  const parameter: Parameter = {
    name,
    ...shape,
    ...(typeof description === 'string' ? { description: description.trim() } : {}),
    ...(values === undefined ? {} : { values: values as readonly string[] }),
    ...(given === undefined ? {} : { default: given }),
  }
  if (given !== undefined && shape.required)
    wrong('it has a default, so nobody has to give it: remove the "!" or the default.')
  if (given !== undefined && shape.type === 'Upload') wrong('an Upload has no default.')
  if (given !== undefined) readValue(parameter, given, { syntaxOnly: true }, (_, text) => wrong(`its default ${text}`))
  return faultsBefore.length > 0 ? null : parameter
}

function parseType(
  text: unknown,
  wrong: (text: string) => void,
): { type: ParameterTypeName; list: boolean; required: boolean } | null {
  if (typeof text !== 'string') {
    wrong('its type is missing: write e.g. type: Int.')
    return null
  }
  const parts = /^(?:\[(\w+)!\]|(\w+))(!?)$/.exec(text.replaceAll(' ', ''))
  if (!parts) {
    wrong(
      /^\[\w+\]!?$/.test(text)
        ? `"${text}" is a list of values that may be null: write "[${text.replace(/\W/g, '')}!]".`
        : `"${text}" is not a type: write e.g. Int, Int! or "[Int!]".`,
    )
    return null
  }
  const type = PARAMETER_TYPES.find((known) => known === (parts[1] ?? parts[2]))
  if (!type) {
    wrong(`"${parts[1] ?? parts[2]}" is not a type.${hint(parts[1] ?? parts[2]!, PARAMETER_TYPES)}`)
    return null
  }
  return { type, list: parts[1] !== undefined, required: parts[3] === '!' }
}

function isWords(values: unknown): boolean {
  return (
    Array.isArray(values) &&
    values.length > 0 &&
    values.every((value) => typeof value === 'string' && value !== '') &&
    new Set(values).size === values.length
  )
}
