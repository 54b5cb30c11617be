import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDashboard } from '../../src/api/dashboard.ts'

const HTML = `<!doctype html><script type="module" crossorigin src="./assets/index-C0ffee.js"></script><link rel="stylesheet" href="./assets/index-F00d.css"><link rel="icon" href="./favicon.svg">`
const SCRIPT = `console.log("${'a page of its own '.repeat(200)}")`

let directory: string
let lines: string[]
const closers: (() => unknown)[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-dist-'))
  lines = []
  await mkdir(join(directory, 'assets'))
  await writeFile(join(directory, 'secret.txt'), 'none of the page')
  await writeFile(join(directory, '.built'), 'a hash')
  await writeFile(join(directory, 'index.html'), HTML)
  await writeFile(join(directory, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await writeFile(join(directory, 'assets/index-C0ffee.js'), SCRIPT)
  await writeFile(join(directory, 'assets/index-F00d.css'), 'body { color: teal }')
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  await rm(directory, { recursive: true, force: true })
})

/** Serves the directory; answers a caller that changes nothing about paths and encodings. */
async function serve() {
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const dashboard = await createDashboard({ directory, log })
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://broadsheet')
    void dashboard.serve(request, response, pathname).then((served) => served || response.writeHead(404).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const { port } = server.address() as AddressInfo
  return async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const asked = request({ port, host: '127.0.0.1', path, method, headers, agent: false }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const body = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>))
    return { status: answer.statusCode, headers: answer.headers, body, port }
  }
}

describe('a page that was built', () => {
  test('is there by the names of its files, each with its type; nothing else is', async () => {
    const get = await serve()
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/favicon.svg', 'image/svg+xml'],
      ['/assets/index-C0ffee.js', 'text/javascript; charset=utf-8'],
      ['/assets/index-F00d.css', 'text/css; charset=utf-8'],
    ] as const) {
      const { status, headers, body } = await get(path)
      expect([path, status, headers['content-type']]).toEqual([path, 200, type])
      expect(Number(headers['content-length'])).toBe(body.length)
    }
    expect((await get('/')).body.toString()).toBe(HTML)
    for (const path of [
      '/index.html',
      '/secret.txt',
      '/.built',
      '/assets',
      '/assets/',
      '/assets/index-0ther.js',
      '/assets/../secret.txt',
      '/assets/..%2fsecret.txt',
      '/assets/%2e%2e/secret.txt',
      '/..%5csecret.txt',
      '/assets/constructor',
      '/__proto__',
    ])
      expect([path, (await get(path)).status]).toEqual([path, 404])
  })

  test('a link that lies among its files leads nowhere', async () => {
    await symlink('/etc/passwd', join(directory, 'assets/passwd-F00d.js'))
    const get = await serve()
    expect((await get('/assets/passwd-F00d.js')).status).toBe(404)
    expect((await get('/')).status).toBe(200)
  })

  test('what has a hash in its name is kept for ever; the page itself is asked for each time', async () => {
    const get = await serve()
    expect((await get('/assets/index-C0ffee.js')).headers['cache-control']).toBe('public, max-age=31536000, immutable')
    for (const path of ['/', '/favicon.svg']) expect((await get(path)).headers['cache-control']).toBe('no-cache')
    for (const path of ['/', '/assets/index-C0ffee.js']) {
      const { etag = '' } = (await get(path)).headers
      for (const known of [etag, etag.replace('W/', ''), `"other", ${etag}`, '*']) {
        const again = await get(path, { 'if-none-match': known })
        expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, etag])
      }
      expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200)
    }
    const before = (await get('/')).headers.etag
    await writeFile(join(directory, 'index.html'), `${HTML} `)
    expect((await get('/')).headers.etag, 'read once').toBe(before)
    expect((await (await serve())('/')).headers.etag).not.toBe(before)
  })

  test('comes as small as the browser can take it', async () => {
    const get = await serve()
    const path = '/assets/index-C0ffee.js'
    const plain = await get(path)
    expect([plain.headers['content-encoding'], plain.headers.vary]).toEqual([undefined, 'Accept-Encoding'])
    for (const [accepted, encoding, decode] of [
      ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
      ['br;q=0, gzip;q=0.5', 'gzip', gunzipSync],
      ['BR;q=1.0', 'br', brotliDecompressSync],
    ] as const) {
      const { headers, body } = await get(path, { 'accept-encoding': accepted })
      expect([accepted, headers['content-encoding'], headers.etag]).toEqual([accepted, encoding, plain.headers.etag])
      expect(Number(headers['content-length'])).toBe(body.length)
      expect(body.length).toBeLessThan(SCRIPT.length / 10)
      expect(decode(body).toString()).toBe(SCRIPT)
    }
    for (const accepted of ['identity', 'br;q=0', 'gzip;q=0.000', 'brotli'])
      expect((await get(path, { 'accept-encoding': accepted })).headers['content-encoding']).toBeUndefined()
    expect(
      (await get('/assets/index-F00d.css', { 'accept-encoding': 'br' })).headers['content-encoding'],
      'too small',
    ).toBeUndefined()
  })

  test('HEAD is GET without the body, and nothing else is taken', async () => {
    const get = await serve()
    for (const path of ['/', '/assets/index-C0ffee.js']) {
      const [whole, head] = [
        await get(path, { 'accept-encoding': 'br' }),
        await get(path, { 'accept-encoding': 'br' }, 'HEAD'),
      ]
      expect([head.status, head.body.length]).toEqual([200, 0])
      expect({ ...head.headers, date: '' }).toEqual({ ...whole.headers, date: '' })
      const posted = await get(path, {}, 'POST')
      expect([posted.status, posted.headers.allow]).toEqual([405, 'GET, HEAD'])
    }
  })

  test('may run its own files, ask its own service, and nothing more', async () => {
    const get = await serve()
    const { headers, port } = await get('/')
    const here = `127.0.0.1:${port}`
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://${here} wss://${here}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    for (const host of [`a; script-src *`, `a' *`, 'a,b', 'a b'])
      expect((await get('/', { host })).headers['content-security-policy']).toContain(`connect-src 'self'; base-uri`)
  })
})

describe('where there is no page, nothing is served and the log says why', () => {
  test('not built', async () => {
    await rm(directory, { recursive: true })
    expect((await (await serve())('/')).status).toBe(404)
    expect(lines.join()).toContain('the dashboard is not built: npm run web:build')
  })

  test('half of it', async () => {
    await rm(join(directory, 'assets/index-F00d.css'))
    const get = await serve()
    expect([(await get('/')).status, (await get('/assets/index-C0ffee.js')).status]).toEqual([404, 404])
    expect(lines.join()).toContain('index.html asks for assets/index-F00d.css')
  })

  test('too much of it', async () => {
    await writeFile(join(directory, 'assets/film-F00d.webp'), Buffer.alloc(8_000_000))
    expect((await (await serve())('/')).status).toBe(404)
    expect(lines.join()).toMatch(/The page has 800\d{4} bytes, and may have 8000000/)
  })
})
