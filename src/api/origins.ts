import type { IncomingMessage, ServerResponse } from 'node:http'
import { isLoopbackName } from './loopback.ts'

/** How long a browser may keep what it was told about an origin, in seconds. */
const KEPT = 600

/**
 * Which pages in browsers may speak to this service: its own, and those of `CORS_ORIGINS`. Programs send no Origin and are
 * not asked. It is a second wall: no page holds a credential that was not given to it, for there are no cookies.
 */
export function createOrigins({
  allowed,
  publicUrl,
}: {
  allowed: readonly string[]
  /** Null: pages of this service are known by the Host that they were asked from. */
  publicUrl: string | null
}) {
  const pages = new Set(allowed)
  const own = publicUrl === null ? null : new URL(publicUrl).origin

  return {
    /** True where a page may open a socket here: a browser asks nobody before, and shows what it gets. */
    mayConnect({ headers: { origin, host } }: IncomingMessage): boolean {
      if (origin === undefined || origin === own || pages.has(origin)) return true
      return host !== undefined && URL.parse(origin)?.host === host && (own === null || isLoopbackName(host))
    },

    /**
     * Says in the answer's headers that the page may read it, where it may. True: the request was a browser's question
     * whether it may ask at all, and is answered.
     */
    share({ headers, method }: IncomingMessage, response: ServerResponse): boolean {
      if (pages.size === 0) return false
      response.appendHeader('Vary', 'Origin')
      if (headers.origin === undefined || !pages.has(headers.origin)) return false
      response.setHeader('Access-Control-Allow-Origin', headers.origin)
      response.setHeader('Access-Control-Expose-Headers', 'Location, Retry-After, *')
      if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false
      response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE')
      // Whatever the page wants to send: it is one that may.
      response.appendHeader('Vary', 'Access-Control-Request-Headers')
      response.setHeader('Access-Control-Allow-Headers', headers['access-control-request-headers'] ?? 'authorization')
      response.setHeader('Access-Control-Max-Age', KEPT)
      response.writeHead(204).end()
      return true
    },
  }
}

export type Origins = ReturnType<typeof createOrigins>
