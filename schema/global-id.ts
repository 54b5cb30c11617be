/** Ids of the API: base64url of "Type:uuid", so that `node` finds the type. Clients treat them as opaque. */
export const NODE_TYPES = ['Report', 'User', 'ApiToken'] as const
export type NodeType = (typeof NODE_TYPES)[number]

export { encodeId } from '../src/api-id.ts'

/** Null for what is no id of ours: it is answered like an id that does not exist. */
export function decodeId(text: string): { typename: NodeType; id: string } | null {
  const [typename, id, ...rest] = Buffer.from(text, 'base64url').toString().split(':')
  const known = NODE_TYPES.find((type) => type === typename)
  return known && id && rest.length === 0 ? { typename: known, id } : null
}

/** The uuid in an id of this type; '' (which no row has) for anything else. */
export function idOf(type: NodeType, text: string): string {
  const decoded = decodeId(text)
  return decoded?.typename === type ? decoded.id : ''
}
