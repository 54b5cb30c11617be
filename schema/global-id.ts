import { partsOfId } from '../src/api-id.ts'

/** Ids of the API: base64url of "Type:uuid", so that `node` finds the type. Clients treat them as opaque. */
export const NODE_TYPES = ['Report', 'Delivery', 'User', 'ApiToken', 'Schedule', 'Upload'] as const
type NodeType = (typeof NODE_TYPES)[number]
/** A target has an id of the same form, but is found beside its owner alone. */
type IdType = NodeType | 'DeliveryTarget'

export { encodeId } from '../src/api-id.ts'

/** Null for what is no id of ours: it is answered like an id that does not exist. */
export function decodeId(text: string): { typename: NodeType; id: string } | null {
  const parts = partsOfId(text)
  const known = NODE_TYPES.find((type) => type === parts?.typename)
  return known && parts ? { typename: known, id: parts.id } : null
}

/** The uuid in an id of this type; '' (which no row has) for anything else. */
export function idOf(type: IdType, text: string): string {
  const parts = partsOfId(text)
  return parts?.typename === type ? parts.id : ''
}
