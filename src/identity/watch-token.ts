import { createHmac, timingSafeEqual } from 'node:crypto'
import { Forbidden } from '../errors.ts'
import type { Viewer } from './viewer.ts'

/** What scanners for leaked secrets find it by. */
const PREFIX = 'bsw_'
/** Life of a watch token, in milliseconds: fifteen minutes. */
const LIFE = 15 * 60_000
const SHAPE = new RegExp(`^${PREFIX}([A-Za-z0-9_-]{20,2000})\\.([A-Za-z0-9_-]{43})$`)

/** What a watch token says, and what its signature binds together. */
export interface WatchGrant {
  readonly reportId: string
  readonly tenantId: string
  /** The token is worth what this user may read, and ends with it. */
  readonly issuer: string
  /** The API token that it was asked with, whose end is its own; null for a JWT and the ADMIN token of the settings. */
  readonly apiTokenId: string | null
  readonly expiresAt: Date
}

export interface WatchTokens {
  /**
   * A bearer credential for one report and nothing else, to be handed to a browser that holds none. Ends after 15 minutes, with
   * the credential that asks for it, and with its report. Throws Forbidden for the holder of such a token: it can't be renewed by itself.
   */
  make(viewer: Viewer, reportId: string, now?: Date): string
  /** What a token that this service signed says, expired or not; null for a forged or a mangled one. */
  read(token: string): WatchGrant | null
}

/** True where the text claims to be a watch token, well-formed or not. */
export function looksLikeWatchToken(text: string): boolean {
  return text.startsWith(PREFIX)
}

/** Signed and kept nowhere: the first secret signs, all verify. Pure but for the clock. */
export function createWatchTokens({ secrets }: { secrets: readonly string[] }): WatchTokens {
  return {
    make(viewer, reportId, now = new Date()) {
      if (viewer.watches) throw new Forbidden('A watch token makes no other one: ask with the credential that made it.')
      const end = Math.min(now.getTime() + LIFE, viewer.tokenExpiresAt?.getTime() ?? Infinity)
      const secret = secrets[0] as string
      const facts = [reportId, viewer.tenantId, viewer.userId, viewer.apiTokenId, Math.floor(end / 1_000)]
      const body = Buffer.from(JSON.stringify(facts)).toString('base64url')
      return `${PREFIX}${body}.${signatureOf(body, secret)}`
    },

    read(token) {
      const [, body, signature] = SHAPE.exec(token) ?? []
      if (!body || !signature) return null
      // Nothing of the body is looked at before its signature holds: any of the secrets may have made it.
      if (!secrets.some((secret) => same(signatureOf(body, secret), signature))) return null
      const [reportId, tenantId, issuer, apiTokenId, expires] = JSON.parse(
        Buffer.from(body, 'base64url').toString(),
      ) as [string, string, string, string | null, number]
      return { reportId, tenantId, issuer, apiTokenId, expiresAt: new Date(expires * 1_000) }
    },
  }
}

/** HMAC-SHA256, base64url. The words before the body keep it apart from what else the secret signs. */
function signatureOf(body: string, secret: string): string {
  return createHmac('sha256', secret).update(`broadsheet watch 1\n${body}`).digest('base64url')
}

function same(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
