/** Ids of the API: base64url of "Type:uuid", so that `node` finds the type. Clients treat them as opaque. */
export const NODE_TYPES = ['Report', 'Delivery', 'User', 'ApiToken', 'Schedule'] as const
type NodeType = (typeof NODE_TYPES)[number]
/** A target has an id of the same form, but is found beside its owner alone. */
type IdType = NodeType | 'DeliveryTarget'

export { encodeId } from '../src/api-id.ts'

/** Null for what is no id of ours: it is answered like an id that does not exist. */
export function decodeId(text: string): { typename: NodeType; id: string } | null {
  const parts = partsOf(text)
  const known = NODE_TYPES.find((type) => type === parts?.typename)
  return known && parts ? { typename: known, id: parts.id } : null
}

/** The uuid in an id of this type; '' (which no row has) for anything else. */
export function idOf(type: IdType, text: string): string {
  const parts = partsOf(text)
  return parts?.typename === type ? parts.id : ''
}

function partsOf(text: string): { typename: string; id: string } | null {
  const [typename, id, ...rest] = Buffer.from(text, 'base64url').toString().split(':')
  return typename && id && rest.length === 0 ? { typename, id } : null
}
