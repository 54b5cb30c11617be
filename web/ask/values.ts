import type { AskedTypeQuery } from '../generated/graphql.ts'

/** What a form holds, and what the API takes: nothing is lost on the way from one to the other. */

export type AskedType = NonNullable<AskedTypeQuery['reportType']>
export type Parameter = AskedType['parameters'][number]

/** As typed or chosen: text, or texts where the parameter is a list. '' and an empty list: nothing given. */
export type Draft = string | readonly string[]
export type Drafts = Readonly<Record<string, Draft>>
/** A setter as useState gives it: what changes by itself (a file that has arrived) changes what is there by then. */
export type Change<Value> = (next: (before: Value) => Value) => void

export const isList = ({ type }: Pick<Parameter, 'type'>): boolean => type.startsWith('[')
/** "[DateExpression!]!" → "DateExpression"; an enum's own name where it has values. */
export const bareType = ({ type }: Pick<Parameter, 'type'>): string => type.replaceAll(/[[\]!]/g, '')

const DATES: readonly string[] = ['DateExpression', 'Date', 'DateTime']
export const isDate = (parameter: Parameter): boolean => DATES.includes(bareType(parameter))

/** How a parameter is asked for. */
export type Kind = 'choice' | 'choices' | 'file' | 'tokens' | 'tick' | 'yes-or-no' | 'date' | 'text'

export function kindOf(parameter: Parameter): Kind {
  if (parameter.upload) return 'file'
  if (parameter.values) return isList(parameter) ? 'choices' : 'choice'
  if (isList(parameter)) return 'tokens'
  // What has a default is always the one or the other; else there is a third: nothing said.
  if (bareType(parameter) === 'Boolean') return typeof parameter.default === 'boolean' ? 'tick' : 'yes-or-no'
  return isDate(parameter) ? 'date' : 'text'
}

/** What the form begins with: `given` (a report's or a schedule's parameters, as asked), or nothing and the defaults. */
export function draftsOf(parameters: readonly Parameter[], given: unknown = {}): Drafts {
  const values = (given ?? {}) as Record<string, unknown>
  return Object.fromEntries(parameters.map((parameter) => [parameter.name, draftOf(parameter, values[parameter.name])]))
}

function draftOf(parameter: Parameter, value: unknown): Draft {
  if (isList(parameter)) {
    const items = value ?? parameter.default ?? []
    return (Array.isArray(items) ? items : [items]).map(String)
  }
  if (value != null) return String(value)
  // A default that can be seen by itself is chosen; one of a text is its placeholder, and not sent.
  const chosen = ['choice', 'tick'].includes(kindOf(parameter))
  return chosen && parameter.default != null ? String(parameter.default) : ''
}

/** The parameters as the API takes them (`byName.parameters`): what was left out is left out. */
export function parametersOf(parameters: readonly Parameter[], drafts: Drafts): Record<string, unknown> {
  const given = parameters.map((parameter) => [parameter.name, valueOf(parameter, drafts[parameter.name])] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

function valueOf(parameter: Parameter, draft: Draft | undefined): unknown {
  if (draft === undefined) return undefined
  if (typeof draft === 'string') return draft.trim() === '' ? undefined : itemOf(parameter, draft)
  const items = draft.filter((item) => item !== '')
  // None of a list that has a default is something else than not to say.
  if (items.length === 0) return parameter.default == null ? undefined : []
  return items.map((item) => itemOf(parameter, item))
}

const WHOLE = /^[+-]?\d+$/
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** What is no number is sent as it was typed: the API says in words what it takes. BigInt and Decimal are text, digit by digit. */
function itemOf(parameter: Parameter, typed: string): unknown {
  const bare = bareType(parameter)
  const text = typed.trim()
  switch (bare) {
    case 'Int':
      return WHOLE.test(text) ? Number(text) : text
    case 'Float':
      return NUMBER.test(text) ? Number(text) : text
    case 'Boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'String':
      return typed
    default:
      return parameter.values ? typed : text
  }
}
