import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Log } from '../log.ts'
import { readAssets, type Asset } from './dashboard-assets.ts'
import { sendPage } from './pages.ts'

/** Smaller files are not worth compressing, in bytes. */
const SMALL = 1_000

const TEXT = /^text\/|json$|svg/

/** Quick rather than small: the first visitor waits for it. */
const ENCODERS = {
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes),
}
type Encoding = keyof typeof ENCODERS

export interface Dashboard {
  /** Answers where the path is one of the page's files; false: it is none of them. */
  serve(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<boolean>
}

/**
 * The page at `/`, as it was built into `directory`: read once, and served by names that are known from then on, so that no path
 * leads anywhere else. Never rejects: without the page the service is as good as with it, and says in its log what is wrong.
 */
export async function createDashboard({ directory, log }: { directory: string; log: Log }): Promise<Dashboard> {
  const assets = await readAssets(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') log.info({ directory }, 'the dashboard is not built: npm run web:build')
    else log.warn({ directory, err: error }, 'the dashboard can not be served: npm run web:build')
    return new Map<string, Asset>()
  })

  return {
    async serve(request, response, pathname) {
      const asset = assets.get(pathname)
      if (!asset) return false
      await send(request, response, asset)
      return true
    },
  }
}

async function send(request: IncomingMessage, response: ServerResponse, asset: Asset): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    const text = 'Use GET.'
    return sendPage(response, { status: 405, title: 'Method not allowed', text, html: false })
  }
  const headers = {
    ETag: asset.tag,
    'Cache-Control': asset.cache,
    ...(asset.type.startsWith('text/html') && { 'Content-Security-Policy': policyFor(request.headers.host) }),
    // The icon's own styles, and nothing that runs.
    ...(asset.type === 'image/svg+xml' && {
      'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; sandbox`,
    }),
  }
  response.appendHeader('Vary', asset.cache === 'no-cache' ? 'Accept, Accept-Encoding' : 'Accept-Encoding')
  if (isKnown(request.headers['if-none-match'], asset.tag)) return void response.writeHead(304, headers).end()
  const encoding = encodingFor(request.headers['accept-encoding'], asset)
  const bytes = encoding ? await encodedAs(encoding, asset) : asset.bytes
  response.writeHead(200, {
    ...headers,
    'Content-Type': asset.type,
    'Content-Length': bytes.length,
    ...(encoding && { 'Content-Encoding': encoding }),
  })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

function isKnown(header: string | undefined, tag: string): boolean {
  const opaque = (text: string) => text.trim().replace(/^W\//, '')
  return header?.split(',').some((each) => each.trim() === '*' || opaque(each) === opaque(tag)) ?? false
}

/** What the caller takes, the smaller first; undefined: the bytes as they are. */
function encodingFor(header = '', { type, bytes }: Asset): Encoding | undefined {
  if (bytes.length < SMALL || !TEXT.test(type)) return undefined
  const taken = header
    .toLowerCase()
    .split(',')
    .filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each))
    .map((each) => each.split(';')[0]?.trim())
  return (['br', 'gzip'] as const).find((encoding) => taken.includes(encoding))
}

function encodedAs(encoding: Encoding, { bytes, encoded }: Asset): Promise<Buffer> {
  let made = encoded.get(encoding)
  if (!made) encoded.set(encoding, (made = ENCODERS[encoding](bytes)))
  return made
}

/**
 * What the page may do: run the scripts and styles that it was built with, and ask this service. Sockets of the own address
 * are named, since not every browser counts them to 'self'.
 */
function policyFor(host: string | undefined): string {
  const sockets = host !== undefined && /^[\w.:[\]-]+$/.test(host) ? ` ws://${host} wss://${host}` : ''
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `img-src 'self' data:`,
    `connect-src 'self'${sockets}`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ')
}
