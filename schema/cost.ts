import { complexityFromQuery } from '@pothos/plugin-complexity'
import { getOperationAST, getVariableValues, Kind, type DocumentNode, type GraphQLSchema } from 'graphql'

/** Of a connection: what stands below it is loaded for each object of the page. */
export function pageCost({ first, last }: { first?: number | null | undefined; last?: number | null | undefined }) {
  return { field: 1, multiplier: Math.max(first ?? last ?? 20, 1) }
}

/** Of a list within a page or a payload, whose length was counted above it. */
export const COUNTED_ABOVE = { field: 1, multiplier: 1 }

/** Of a mutation on many objects, which answers all of them. */
export function eachCost({ ids }: { ids: readonly unknown[] }) {
  return { field: ids.length, multiplier: Math.max(ids.length, 1) }
}

const costs = new WeakMap<object, number>()

/**
 * What one operation of a valid document may load: each field is 1, and what stands below a list counts as often as the list
 * may be long (a page: as many as are asked for; else 10). 0 where no operation can be carried out, of which its execution tells.
 * Throws GraphQLError for an argument that can't be read.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operationName, variables }: { operationName?: string | null | undefined; variables?: unknown },
): number {
  const operation = getOperationAST(document, operationName)
  if (!operation) return 0
  const known = costs.get(operation)
  if (known !== undefined) return known
  const given = (variables ?? {}) as Record<string, unknown>
  const wanted = operation.variableDefinitions ?? []
  // Pothos would collect every fault of every value: a list of a million wrong ones is refused by its first.
  if (getVariableValues(schema, wanted, given, { maxErrors: 1 }).errors) return 0
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
  const alone: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] }
  const { complexity } = complexityFromQuery(alone, { schema, variables: given })
  if (wanted.length === 0) costs.set(operation, complexity)
  return complexity
}
