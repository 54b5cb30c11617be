import type { ServerResponse } from 'node:http'

/**
 * Headers of everything that this service sends: nothing is guessed, kept, framed, told to others or run. What needs more
 * than nothing says so in a Content-Security-Policy of its own.
 */
export const SAFE_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': `default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
} as const
/** Where the service's own address is https: for a year nothing of it is asked for in the open. */
export const HTTPS_ONLY = { 'Strict-Transport-Security': 'max-age=31536000' } as const

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
    ...(html && {
      'Content-Security-Policy': `${SAFE_HEADERS['Content-Security-Policy']}; style-src 'unsafe-inline'`,
    }),
  })
  response.end(body)
}
