import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SAFE_HEADERS } from '../pages.ts'

const FILES: Readonly<Record<string, { file: string; type: string }>> = {
  '': { file: 'page.html', type: 'text/html; charset=utf-8' },
  '/': { file: 'page.html', type: 'text/html; charset=utf-8' },
  '/try-it.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/try-it.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
}
/** Nothing but what this service itself serves, and nothing in line: what an answer holds can't become code. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The page to try the API, of three files beside this one. Answers whether the path was one of it. */
export function createTryIt() {
  const texts = new Map<string, Buffer>()

  return (request: IncomingMessage, response: ServerResponse, path: string): boolean => {
    const known = Object.hasOwn(FILES, path) ? FILES[path] : undefined
    if (!known || (request.method !== 'GET' && request.method !== 'HEAD')) return false
    const text = texts.get(known.file) ?? readFileSync(new URL(`./${known.file}`, import.meta.url))
    texts.set(known.file, text)
    response.writeHead(200, {
      ...SAFE_HEADERS,
      'Content-Type': known.type,
      'Content-Length': text.length,
      'Content-Security-Policy': POLICY,
    })
    response.end(request.method === 'HEAD' ? undefined : text)
    return true
  }
}
