/**
 * Where the store has an attempt's document. The report's id alone makes it unique, and the attempt keeps a frozen worker
 * away from its successor's bytes; the tenant is there for people. A store's keys know no colon, which tenants may have.
 */
export function documentKey({ tenantId, id, attempt }: { tenantId: string; id: string; attempt: number }): string {
  return `${tenantId.replaceAll(':', '_')}/${id}/${attempt}`
}

/** Null for what no attempt has written. */
export function readDocumentKey(key: string): { key: string; reportId: string; attempt: number } | null {
  const parts = /^[^/]+\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/(\d{1,9})$/.exec(key)
  return parts && { key, reportId: parts[1]!, attempt: Number(parts[2]) }
}
