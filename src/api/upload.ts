import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Database } from '../db/orm.ts'
import { defaultScopes } from '../identity/policy.ts'
import type { Users } from '../identity/users.ts'
import type { Log } from '../log.ts'
import type { PutFacts, PutLinks } from '../upload/links.ts'
import type { Receive, Received } from '../upload/receive.ts'
import { SAFE_HEADERS, sendPage } from './pages.ts'

interface Dependencies {
  database: Database
  links: PutLinks
  users: Users
  receive: Receive
  log: Log
  /** Milliseconds without a byte after which a sender is given up; half a minute unless told. */
  idleAfter?: number
}

const IDLE_AFTER = 30_000
/** How long one PUT may take in all, in milliseconds: less than the sweep leaves bytes alone that nothing names. */
export const LONGEST_PUT = 30 * 60_000

type Page = Pick<Parameters<typeof sendPage>[1], 'status' | 'title' | 'text'>
const FORGED: Page = {
  status: 403,
  title: 'Not a valid address',
  text: 'This upload address was not made by this service, or was changed. Ask for a new one with createUpload.',
}
const GONE: Page = {
  status: 410,
  title: 'Upload gone',
  text: 'This upload has expired or was refused, or its owner may not bring it any more. Make a new one with createUpload.',
}
const ANSWERS: Record<Exclude<Received, 'READY'>, Page> = {
  GONE,
  TAKEN: { status: 409, title: 'Already there', text: 'The bytes of this upload are here already.' },
  WRONG_HEADERS: {
    status: 400,
    title: 'Wrong headers',
    text: 'Send the headers that createUpload gave: Content-Type.',
  },
  WRONG_SIZE: { status: 400, title: 'Wrong size', text: 'Send exactly as many bytes as createUpload was told.' },
  REFUSED: { status: 415, title: 'Refused', text: 'The content is not what its Content-Type says. Make a new upload.' },
}

/** Takes the bytes of uploads under /uploads/ from whoever holds the signed address. The issuer's right is looked up each time. */
export function createUploadDoor({ database, links, users, receive, log, idleAfter = IDLE_AFTER }: Dependencies) {
  async function mayStill({ tenantId, issuer }: PutFacts): Promise<boolean> {
    const reading = database.reading(tenantId)
    try {
      const [user] = await users.byIds(reading, [issuer])
      return user != null && user.removedAt == null && defaultScopes(user.role).includes('reports:write')
    } finally {
      await reading.end()
    }
  }

  return async function put(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const answer = (page: Page) => sendPage(response, { ...page, html: false })
    if (request.method !== 'PUT') {
      response.setHeader('Allow', 'PUT')
      return answer({ status: 405, title: 'Method not allowed', text: 'Use PUT.' })
    }
    const facts = links.read(url)
    if (!facts) return answer(FORGED)
    if (facts.expires * 1_000 <= Date.now() || !(await mayStill(facts))) return answer(GONE)
    if (request.headers['content-encoding'] !== undefined) return answer(ANSWERS.WRONG_HEADERS)
    const { 'content-type': contentType, 'content-length': contentLength } = request.headers
    // A sender that has stopped sending holds a socket and a pending file: no longer than this.
    request.setTimeout(idleAfter, () => request.destroy())
    const signal = AbortSignal.timeout(LONGEST_PUT)
    // Not destroyed with what reads it: a sender of the wrong bytes is told so.
    const body = request.iterator({ destroyOnReturn: false })
    let received: Received
    try {
      received = await receive(facts, { contentType, contentLength }, body, signal)
    } catch (error) {
      if (!request.errored) throw error
      log.info({ uploadId: facts.uploadId, err: request.errored }, 'an upload broke off')
      return
    }
    log.info({ uploadId: facts.uploadId, received }, 'upload')
    if (received !== 'READY') return answer(ANSWERS[received])
    response.writeHead(204, SAFE_HEADERS).end()
  }
}
