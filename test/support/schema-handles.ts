import {
  getNamedType,
  isInputObjectType,
  isObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql'

/**
 * What one can take hold of another's things by: an id, a place in a list, a key for asking once, a live stream, a link, a
 * credential that the API gives out.
 */
export type HandleKind = 'id' | 'cursor' | 'key' | 'stream' | 'link' | 'credential'

/** Every handle of a schema by its coordinate: `Query.report(id)`, `ReportFilter.scheduleId`, `ReportDocument.downloadUrl`. */
export function handlesOf(schema: GraphQLSchema): Record<string, HandleKind> {
  const found: Record<string, HandleKind> = {}
  const note = (at: string, kind: HandleKind | null) => {
    if (kind) found[at] = kind
  }
  for (const type of typesOf(schema)) {
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) note(`${type.name}.${field.name}`, kindOfInput(field))
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const at = `${type.name}.${field.name}`
      for (const arg of field.args) note(`${at}(${arg.name})`, kindOfInput(arg))
      if (type === schema.getSubscriptionType()) note(at, 'stream')
      const gives = getNamedType(field.type).name
      if (gives === 'URL') note(at, 'link')
      if (gives === 'String' && /token|secret/i.test(field.name)) note(at, 'credential')
    }
  }
  return found
}

/** The types whose objects `node` finds by their id. */
export function nodeTypesOf(schema: GraphQLSchema): string[] {
  return typesOf(schema)
    .filter(isObjectType)
    .filter((type) => type.getInterfaces().some(({ name }) => name === 'Node'))
    .map(({ name }) => name)
}

function kindOfInput({ name, type }: { name: string; type: GraphQLInputType }): HandleKind | null {
  const takes = getNamedType(type).name
  if (takes === 'ID') return 'id'
  if (/^(after|before)$|cursor$/i.test(name)) return 'cursor'
  if (takes !== 'String') return null
  if (/(^id|Ids?|[tT]oken)$/.test(name)) return 'id'
  return /key$/i.test(name) ? 'key' : null
}

function typesOf(schema: GraphQLSchema): GraphQLNamedType[] {
  return Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))
}
