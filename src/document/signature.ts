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
  return signText(textOf(facts), secret)
}

/** Compared in constant time; any of the secrets may have signed. */
export function isSigned(facts: LinkFacts, key: string, signature: string, secrets: readonly string[]): boolean {
  return isSignedText(textOf(facts), key, signature, secrets)
}

/** The same for another kind of link: the first line of its text is a purpose that no other kind has. */
export function signText(text: string, secret: string): string {
  return createHmac('sha256', secret)
    .update(`${text}\n${keyId(secret)}`)
    .digest('base64url')
}

/** As isSigned. */
export function isSignedText(text: string, key: string, signature: string, secrets: readonly string[]): boolean {
  const secret = secrets.find((candidate) => keyId(candidate) === key)
  if (secret === undefined) return false
  const expected = Buffer.from(signText(text, secret))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function textOf({ reportId, attempt, expires, issuer }: LinkFacts): string {
  return ['broadsheet document 1', reportId, attempt, expires, issuer].join('\n')
}
