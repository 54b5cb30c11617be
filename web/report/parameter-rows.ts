import type { WholeReportFragment } from '../generated/graphql.ts'
import { nameWords, typeWords } from './words.ts'

export interface ParameterRow {
  /** As in the API. */
  readonly name: string
  readonly words: string
  readonly type: string
  readonly description: string | null
  /** Undefined: it was not said. */
  readonly asked: unknown
  readonly resolved: unknown
}

type Asked = Pick<WholeReportFragment, 'parameters' | 'resolvedParameters'> & {
  readonly type: Pick<WholeReportFragment['type'], 'parameters'>
}

/** In the type's order; then those that the type does not have any more. */
export function parameterRows({ type, parameters, resolvedParameters }: Asked): ParameterRow[] {
  const asked = (parameters ?? {}) as Readonly<Record<string, unknown>>
  const resolved = (resolvedParameters ?? {}) as Readonly<Record<string, unknown>>
  const known = new Map(type.parameters.map((parameter) => [parameter.name, parameter]))
  const names = new Set([...known.keys(), ...Object.keys(asked), ...Object.keys(resolved)])
  return [...names].map((name) => {
    const parameter = known.get(name)
    return {
      name,
      words: nameWords(name),
      type: parameter ? typeWords(parameter.type, parameter.values) : '',
      description: parameter?.description ?? null,
      asked: asked[name],
      resolved: resolved[name],
    }
  })
}
