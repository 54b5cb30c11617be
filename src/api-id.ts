/** The id under which the API knows a row: base64url of "Type:uuid". Also what webhooks and e-mail name things by. */
export function encodeId(typename: string, id: string): string {
  return Buffer.from(`${typename}:${id}`).toString('base64url')
}

/** The two parts of such an id; null for what is none. */
export function partsOfId(text: string): { typename: string; id: string } | null {
  const [typename, id, ...rest] = Buffer.from(text, 'base64url').toString().split(':')
  return typename && id && rest.length === 0 ? { typename, id } : null
}
