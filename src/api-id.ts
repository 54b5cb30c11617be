/** The id under which the API knows a row: base64url of "Type:uuid". Also what webhooks and e-mail name things by. */
export function encodeId(typename: string, id: string): string {
  return Buffer.from(`${typename}:${id}`).toString('base64url')
}
