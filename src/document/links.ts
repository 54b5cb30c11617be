import { BadInput } from '../errors.ts'
import type { Viewer } from '../identity/viewer.ts'
import { durationMilliseconds } from '../schedule/duration.ts'
import { isSigned, keyId, sign, type LinkFacts } from './signature.ts'

/** Longest life of a link, in milliseconds: seven days. */
const LONGEST = 7 * 86_400_000

/** Makes and reads signed links to documents. `publicUrl`, without a trailing slash, is asked at each link; the first secret signs, all verify. */
export function createLinks({ publicUrl, secrets }: { publicUrl: () => string; secrets: readonly string[] }) {
  return {
    /**
     * A link that needs no other credential and names its issuer. Ends after `expiresIn` (ISO 8601, at most P7D), with the
     * document, or with the issuer's token, whichever comes first. Throws BadInput for a bad duration.
     */
    to(
      document: { reportId: string; attempt: number; expiresAt: Date },
      issuer: Pick<Viewer, 'userId' | 'tokenExpiresAt'>,
      expiresIn: string,
      now = Date.now(),
    ): string {
      const life = lifeOf(expiresIn)
      const end = Math.min(now + life, document.expiresAt.getTime(), issuer.tokenExpiresAt?.getTime() ?? Infinity)
      const facts: LinkFacts = {
        reportId: document.reportId,
        attempt: document.attempt,
        expires: Math.floor(end / 1_000),
        issuer: issuer.userId,
      }
      const secret = secrets[0] as string
      const query = new URLSearchParams({
        expires: String(facts.expires),
        issuer: facts.issuer,
        key: keyId(secret),
        signature: sign(facts, secret),
      })
      return `${publicUrl()}/documents/${facts.reportId}/${facts.attempt}?${query}`
    },

    /** The facts of a link that this service signed, expired or not; null for a forged or a mangled one. */
    read(url: URL): LinkFacts | null {
      const [, reportId, attempt] = /^\/documents\/([0-9a-f-]{36})\/(\d{1,9})$/.exec(url.pathname) ?? []
      const { expires, issuer, key, signature } = Object.fromEntries(url.searchParams)
      if (!reportId || !attempt || !expires || !/^\d{1,12}$/.test(expires) || !issuer || !key || !signature) return null
      const facts: LinkFacts = { reportId, attempt: Number(attempt), expires: Number(expires), issuer }
      return isSigned(facts, key, signature, secrets) ? facts : null
    },
  }
}

export type Links = ReturnType<typeof createLinks>

function lifeOf(expiresIn: string): number {
  let life: number
  try {
    life = durationMilliseconds(expiresIn)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new BadInput('expiresIn is not an ISO 8601 duration such as PT15M.')
  }
  if (life <= 0 || life > LONGEST) throw new BadInput('expiresIn must be more than zero and at most P7D.')
  return life
}
