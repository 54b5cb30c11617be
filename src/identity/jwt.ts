import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyOptions,
} from 'jose'
import { Unauthenticated, Unavailable } from '../errors.ts'
import { readClaims, type Claims } from './claims.ts'

/** What may sign with a public key of the issuer. `none` and HMAC are not here: a public key must never serve as a secret. */
const ASYMMETRIC = ['RS256', 'PS256', 'ES256', 'EdDSA']
/** How long the issuer may take to answer, in milliseconds. */
const JWKS_WITHIN = 3_000
/** An unknown key id asks the issuer again, but not more often than this, in milliseconds. */
const JWKS_COOLDOWN = 5_000
/** The keys are asked for anew at the latest after this, in milliseconds: so long may one that the issuer has withdrawn still be good. */
const JWKS_KEPT = 5 * 60_000

export interface VerifierSettings {
  /** HS256 secret. */
  readonly secret?: string | undefined
  /** Where the issuer publishes its public keys. */
  readonly jwksUrl?: string | undefined
  /** Checked when given. */
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
  readonly jwksCooldown?: number | undefined
}

export interface Verifier {
  /** The claims of a good JWT. Throws Unauthenticated (`ended` when it has expired), Unavailable when the issuer's keys can't be had. */
  verify(token: string): Promise<Claims>
}

/** Null where the settings name neither a secret nor an issuer: then no JWT is taken. */
export function createVerifier(settings: VerifierSettings): Verifier | null {
  const { secret, jwksUrl, issuer, audience } = settings
  if (!secret && !jwksUrl) return null
  const key = secret ? new TextEncoder().encode(secret) : null
  const keys = jwksUrl
    ? createRemoteJWKSet(new URL(jwksUrl), {
        timeoutDuration: JWKS_WITHIN,
        cooldownDuration: settings.jwksCooldown ?? JWKS_COOLDOWN,
        cacheMaxAge: JWKS_KEPT,
      })
    : null
  const checks: JWTVerifyOptions = {
    requiredClaims: ['sub', 'exp'],
    ...(issuer && { issuer }),
    ...(audience && { audience }),
  }

  /** The header only chooses between the two kinds that the settings allow; each has its algorithms pinned. */
  async function payloadOf(token: string): Promise<JWTPayload> {
    const alg = algorithmOf(token)
    if (key && alg === 'HS256') return (await jwtVerify(token, key, { ...checks, algorithms: ['HS256'] })).payload
    if (keys && alg && ASYMMETRIC.includes(alg))
      return (await jwtVerify(token, keys, { ...checks, algorithms: ASYMMETRIC })).payload
    throw new Unauthenticated('The token is not signed in a way that is accepted here.')
  }

  return {
    async verify(token) {
      try {
        return readClaims(await payloadOf(token))
      } catch (error) {
        throw verdict(error)
      }
    },
  }
}

/** jose's error as ours. What the issuer's server did wrong is not the caller's fault. */
function verdict(error: unknown): Error {
  if (error instanceof Unauthenticated) return error
  if (error instanceof errors.JWTExpired) return new Unauthenticated('The token has expired.', true)
  const issuerFault =
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    // What jose says of an answer that is not 200 or not JSON has its base class alone.
    error.code === errors.JOSEError.code
  if (issuerFault) return new Unavailable('The keys of the token issuer can not be had. Try again in a moment.', error)
  return new Unauthenticated('The token is not good here.')
}

/** Undefined where the header can not be read: a matter of the text alone, whatever jose throws over it. */
function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
