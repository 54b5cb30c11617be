import { isSignedText, keyId, signText } from '../document/signature.ts'

/** What the address of a PUT says, and what its signature binds together. */
export interface PutFacts {
  readonly uploadId: string
  readonly tenantId: string
  /** Seconds since 1970. */
  readonly expires: number
  /** User id: whose upload it is, and whose right it is worth. */
  readonly issuer: string
}

/** Another first line than a download link has, so that neither passes for the other. */
const textOf = ({ uploadId, tenantId, expires, issuer }: PutFacts) =>
  ['broadsheet upload 1', uploadId, tenantId, expires, issuer].join('\n')

/** Makes and reads signed addresses that take an upload's bytes. The first secret signs, all verify. */
export function createPutLinks({ publicUrl, secrets }: { publicUrl: () => string; secrets: readonly string[] }) {
  return {
    to(facts: PutFacts): string {
      const secret = secrets[0] as string
      const query = new URLSearchParams({
        tenant: facts.tenantId,
        expires: String(facts.expires),
        issuer: facts.issuer,
        key: keyId(secret),
        signature: signText(textOf(facts), secret),
      })
      return `${publicUrl()}/uploads/${facts.uploadId}?${query}`
    },

    /** The facts of an address that this service signed, expired or not; null for a forged or a mangled one. */
    read(url: URL): PutFacts | null {
      const [, uploadId] = /^\/uploads\/([0-9a-f-]{36})$/.exec(url.pathname) ?? []
      const { tenant, expires, issuer, key, signature } = Object.fromEntries(url.searchParams)
      if (!uploadId || !tenant || !expires || !/^\d{1,12}$/.test(expires) || !issuer || !key || !signature) return null
      const facts = { uploadId, tenantId: tenant, expires: Number(expires), issuer }
      return isSignedText(textOf(facts), key, signature, secrets) ? facts : null
    },
  }
}

export type PutLinks = ReturnType<typeof createPutLinks>
