import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** What is kept in memory at most, in bytes: a page that is more was built wrongly. */
const MOST_BYTES = 8_000_000

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

export interface Asset {
  readonly type: string
  readonly bytes: Buffer
  /** Of the content, whatever its encoding. */
  readonly tag: string
  readonly cache: string
  /** Each made at its first use. */
  readonly encoded: Map<string, Promise<Buffer>>
}

/**
 * The files of the built page by the paths that they are served under, `/` and `/assets/...`. Rejects with ENOENT where it was not
 * built, and with another error where what lies there is no whole page.
 */
export async function readAssets(directory: string): Promise<Map<string, Asset>> {
  const paths = await namesIn(directory)
  let size = 0
  for (const path of paths) size += (await stat(join(directory, path))).size
  if (size > MOST_BYTES)
    throw new RangeError(`The page has ${size} bytes, and may have ${MOST_BYTES}: it was built wrongly.`)
  const read = async (path: string) => [`/${path}`, assetOf(path, await readFile(join(directory, path)))] as const
  const assets = new Map(await Promise.all(paths.map(read)))
  const html = assets.get('/index.html')
  if (!html) throw Object.assign(new Error('There is no index.html.'), { code: 'ENOENT' })
  assets.delete('/index.html')
  for (const [, path] of html.bytes.toString().matchAll(/(?:src|href)="\.?\/?(assets\/[^"?#]+)"/g))
    if (!assets.has(`/${path}`)) throw new Error(`index.html asks for ${path}, which is not there.`)
  return assets.set('/', html)
}

/** Files alone: what else lies there is none of the page. */
async function namesIn(directory: string): Promise<string[]> {
  const filesOf = async (path: string) =>
    (await readdir(join(directory, path), { withFileTypes: true })).filter((entry) => entry.isFile())
  const top = (await filesOf('.')).map(({ name }) => name)
  const assets = (await filesOf('assets')).map(({ name }) => `assets/${name}`)
  return [...top.filter((name) => name === 'index.html' || name === 'favicon.svg'), ...assets]
}

function assetOf(path: string, bytes: Buffer): Asset {
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    bytes,
    // Weak: the same for each encoding.
    tag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`,
    // Names under assets/ hold a hash of their content.
    cache: path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    encoded: new Map(),
  }
}
