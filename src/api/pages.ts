import type { ServerResponse } from 'node:http'

/** Headers of everything that this service sends besides GraphQL. */
export const SAFE_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
} as const

/** A plain page for a person, one line for a program. `text` is ours: no part of a request is in it. */
export function sendPage(
  response: ServerResponse,
  options: { status: number; title: string; text: string; html: boolean },
): void {
  const { status, title, text, html } = options
  const body = html
    ? `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>` +
      `<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>` +
      `<h1>${title}</h1><p>${text}</p></html>`
    : `${title}: ${text.replaceAll(/<[^>]*>/g, '')}\n`
  response.writeHead(status, {
    ...SAFE_HEADERS,
    'Content-Type': html ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'`,
  })
  response.end(body)
}
