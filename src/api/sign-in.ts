import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../errors.ts'
import type { SignInCodes } from '../identity/sign-in-codes.ts'
import type { Tokens } from '../identity/tokens.ts'
import { SCOPES, type Viewer } from '../identity/viewer.ts'
import type { Log } from '../log.ts'
import { createBuckets } from '../rate/buckets.ts'
import { isFromHere, isLoopbackName } from './loopback.ts'
import { SAFE_HEADERS } from './pages.ts'
import { readBody } from './rest/body.ts'
import { Problem } from './rest/problem.ts'

/** Of the token that a code is exchanged for. */
const NAME = 'dashboard sign-in'
const LIFE = 'PT12H'
/** Of all callers together: they are of this machine. A code of 256 random bits is not guessed, with or without it. */
const ATTEMPTS = { most: 10, seconds: 60 }
/** Of a body, in bytes: a code has 43. */
const LONGEST = 1_000

const WORDS = {
  absent: 'There is no sign-in by a link here: sign in with a token.',
  elsewhere:
    'A sign-in link works on the machine that the service runs on, and not through a proxy. Sign in with a token instead.',
  page: 'Only the own page of the service signs in here.',
  code: 'This link was used before, or is older than ten minutes. "npm run sign-in" prints a new one.',
}

interface Dependencies {
  /** Null: nobody signs in by a code. */
  codes: SignInCodes | null
  tokens: Pick<Tokens, 'create'>
  /** Whoever shows the ADMIN token of the settings. */
  administrator: () => Promise<Viewer>
  log: Log
}

/** POST /sign-in: exchanges a one-time code for a token of twelve hours, `{"code"}` for `{"token", "expiresAt"}`, else `{"error"}`. */
export function createSignIn({ codes, tokens, administrator, log }: Dependencies) {
  const buckets = createBuckets()

  /** Throws Problem. */
  async function exchange(request: IncomingMessage): Promise<{ token: string; expiresAt: string }> {
    if (!codes) throw new Problem(404, 'NOT_FOUND', WORDS.absent)
    refuseForeign(request)
    const wait = buckets.take('all', ATTEMPTS)
    if (wait > 0) {
      const headers = { 'Retry-After': String(Math.ceil(wait / 1_000)) }
      throw new Problem(429, 'RATE_LIMITED', 'Too many attempts: try again in a minute.', { headers })
    }
    const { code } = await readBody(request, LONGEST)
    const taken = typeof code === 'string' ? await codes.take(code) : null
    if (!taken) throw new Problem(403, 'FORBIDDEN', WORDS.code)
    try {
      // A process that dies from here on has used the code up: whoever clicks again is told how to get another.
      const made = await tokens.create(await administrator(), { name: NAME, scopes: SCOPES, expiresIn: LIFE })
      log.info({ tokenId: made.token.id }, 'signed in by a link')
      return { token: made.secret, expiresAt: made.token.expiresAt?.toISOString() ?? '' }
    } catch (error) {
      await taken.giveBack()
      if (error instanceof Refusal) throw new Problem(409, 'CONFLICT', error.message)
      log.error({ err: error }, 'a sign-in by a link failed')
      throw new Problem(503, 'UNAVAILABLE', 'The service is not whole for the moment: try again.')
    }
  }

  return async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, 200, await exchange(request))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (error.status === 403) log.info({ reason: error.message }, 'a sign-in by a link was refused')
      for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value)
      send(response, error.status, { error: error.message })
    }
  }
}

/** All but a request that a page of this service, or a program, makes on this very machine. Throws Problem. */
function refuseForeign(request: IncomingMessage): void {
  const { method, headers } = request
  if (method !== 'POST') throw new Problem(405, 'METHOD_NOT_ALLOWED', 'Use POST.', { headers: { Allow: 'POST' } })
  if (!isFromHere(request) || !isLoopbackName(headers.host ?? '')) throw new Problem(403, 'FORBIDDEN', WORDS.elsewhere)
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`)
    throw new Problem(403, 'FORBIDDEN', WORDS.page)
  // No form can send it, and a page from elsewhere would have to ask before.
  if (!/^application\/json(?:\s*;|$)/i.test(headers['content-type'] ?? ''))
    throw new Problem(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send JSON, with Content-Type: application/json.')
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { ...SAFE_HEADERS, 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
