/**
 * Where the store has an upload's bytes: beside the tenant's documents, with a last part that no document has. `nonce` keeps
 * two PUTs apart, and a late one from what the first has brought.
 */
export function uploadKey({ tenantId, id }: { tenantId: string; id: string }, nonce: string): string {
  return `${tenantId.replaceAll(':', '_')}/${id}/upload-${nonce}`
}

/** Whether the key is one of an upload's bytes. */
export function isUploadKey(key: string): boolean {
  return /^[^/]+\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/upload-[0-9a-f]{16}$/.test(key)
}
