import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What a download link says, and what its signature binds together. Pure. */
export interface LinkFacts {
  readonly reportId: string
  /** The attempt that wrote the document: a later one has other links. */
  readonly attempt: number
  /** Seconds since 1970. */
  readonly expires: number
  /** User id: the link is worth what its issuer may read. */
  readonly issuer: string
}

/** Names a secret without telling anything of it. */
export function keyId(secret: string): string {
  return createHash('sha256').update(`broadsheet link key ${secret}`).digest('hex').slice(0, 8)
}

/** HMAC-SHA256 over all facts and the key's name, base64url. */
export function sign(facts: LinkFacts, secret: string): string {
  const text = [
    'broadsheet document 1',
    facts.reportId,
    facts.attempt,
    facts.expires,
    facts.issuer,
    keyId(secret),
  ].join('\n')
  return createHmac('sha256', secret).update(text).digest('base64url')
}

/** Compared in constant time; any of the secrets may have signed. */
export function isSigned(facts: LinkFacts, key: string, signature: string, secrets: readonly string[]): boolean {
  const secret = secrets.find((candidate) => keyId(candidate) === key)
  if (secret === undefined) return false
  const expected = Buffer.from(sign(facts, secret))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
