import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Database } from '../db/orm.ts'
import type { Links } from '../document/links.ts'
import type { LinkFacts } from '../document/signature.ts'
import { contentDisposition } from '../document/content-disposition.ts'
import { rangeOf } from '../document/range.ts'
import { NotFound } from '../errors.ts'
import type { Users } from '../identity/users.ts'
import type { Log } from '../log.ts'
import type { Report } from '../report/report.entity.ts'
import type { Reports } from '../report/reports.ts'
import type { Store } from '../stores/store.ts'
import { SAFE_HEADERS, sendPage } from './pages.ts'

interface Dependencies {
  database: Database
  links: Links
  reports: Reports
  users: Users
  store: Store
  log: Log
  /** Answers with a link of the store's own, where it has any. */
  redirect?: boolean
  /** Milliseconds in which a reader must take something; a minute unless told. */
  idleAfter?: number
}

const IDLE_AFTER = 60_000
/** Seconds for which the store's own link is good: the client follows at once. */
const REDIRECT_FOR = 60

const FORGED = {
  status: 403,
  title: 'Not a valid link',
  text: 'This download link was not made by this service, or was changed. Ask for a new one.',
}
const EXPIRED = {
  status: 410,
  title: 'Link expired',
  text: 'This download link is too old. Open the report and make a new one.',
}
const GONE = {
  status: 410,
  title: 'Document gone',
  text: 'This document has expired or was deleted, or the person who shared it may no longer read it.',
}

/** Serves documents under /documents/ to whoever holds a signed link. The issuer's right to read is looked up each time. */
export function createDownload(dependencies: Dependencies) {
  const { database, links, reports, users, store, redirect = false, log, idleAfter = IDLE_AFTER } = dependencies
  /** The report whose document the link names, if its issuer may still read it. */
  async function resolve(facts: LinkFacts): Promise<Report | null> {
    const tenantId = await reports.tenantOf(facts.reportId)
    if (tenantId === null) return null
    const reading = database.reading(tenantId)
    try {
      const [issuer] = await users.byIds(reading, [facts.issuer])
      if (!issuer || issuer.removedAt) return null
      const viewer = {
        userId: issuer.id,
        tenantId,
        role: issuer.role,
        scopes: ['reports:read'] as const,
        tokenExpiresAt: null,
        apiTokenId: null,
      }
      const report = await reports.byId(viewer, reading, facts.reportId)
      return report?.status === 'SUCCEEDED' &&
        report.attempt === facts.attempt &&
        (report.expiresAt as Date) > new Date()
        ? report
        : null
    } finally {
      await reading.end()
    }
  }

  return async function download(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const html = request.headers.accept?.includes('text/html') ?? false
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      return sendPage(response, { status: 405, title: 'Method not allowed', text: 'Use GET or HEAD.', html })
    }
    const facts = links.read(url)
    if (!facts) return sendPage(response, { ...FORGED, html })
    if (facts.expires * 1_000 <= Date.now()) return sendPage(response, { ...EXPIRED, html })
    const report = await resolve(facts)
    const document = report?.document
    const size = document ? await store.size(document.key) : null
    if (!report || !document || size === null || size !== document.byteSize) {
      // Shorter than its facts, or not there at all: nothing partial is ever served.
      if (document) log.error({ reportId: facts.reportId, size }, 'the bytes of a document are gone or not whole')
      return sendPage(response, { ...GONE, html })
    }
    const headers = {
      ...SAFE_HEADERS,
      'Content-Type': document.contentType,
      'Content-Disposition': contentDisposition(document.fileName),
      'Content-Security-Policy': `${SAFE_HEADERS['Content-Security-Policy']}; sandbox`,
      'Accept-Ranges': 'bytes',
      ETag: `"${document.sha256}"`,
    }
    if (isKnown(request.headers['if-none-match'], headers.ETag)) {
      response.writeHead(304, headers).end()
      return
    }
    const stale = request.headers['if-range'] !== undefined && request.headers['if-range'] !== headers.ETag
    const wanted = stale || request.method === 'HEAD' ? undefined : request.headers.range
    const range = rangeOf(wanted, size)
    if (range === 'unsatisfiable') {
      response.writeHead(416, { ...SAFE_HEADERS, 'Content-Range': `bytes */${size}` }).end()
      return
    }
    if (redirect && store.link) {
      if (request.method === 'GET') await reports.noteDownload(report, facts)
      const location = await store.link(
        document.key,
        {
          method: request.method,
          contentType: headers['Content-Type'],
          contentDisposition: headers['Content-Disposition'],
        },
        REDIRECT_FOR,
      )
      // Without the address: whoever has it reads the document.
      log.info({ reportId: facts.reportId, issuer: facts.issuer, redirected: true }, 'download')
      response.writeHead(302, { ...SAFE_HEADERS, Location: location, 'Content-Length': 0 }).end()
      return
    }
    const length = range ? range.end - range.start + 1 : size
    const whole = { ...headers, 'Content-Length': length }
    if (request.method === 'HEAD') {
      response.writeHead(200, whole).end()
      return
    }
    await reports.noteDownload(report, facts)
    if (length === 0) {
      response.writeHead(200, whole).end()
      return
    }
    let bytes
    try {
      bytes = await store.read(document.key, range ?? undefined)
    } catch (error) {
      if (error instanceof NotFound) return sendPage(response, { ...GONE, html })
      throw error
    }
    response.writeHead(
      range ? 206 : 200,
      range ? { ...whole, 'Content-Range': `bytes ${range.start}-${range.end}/${size}` } : whole,
    )
    log.info({ reportId: facts.reportId, issuer: facts.issuer, range: wanted }, 'download')
    // A reader that has stopped reading holds a file and a socket: no longer than this.
    response.setTimeout(idleAfter, () => response.destroy())
    await pipeline(bytes, response)
  }
}

/** If-None-Match (RFC 9110): any of a list, weak or strong, or `*`. */
function isKnown(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag) ?? false
}
