import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'

const FRIEND = 'https://app.example.com'
const OTHER_FRIEND = 'https://admin.example.com'
const STRANGER = 'https://evil.example'
const PUBLIC_URL = 'https://reports.example.com'

let ground: Ground
/** As an operator runs it, and with pages of others that may call it. */
let api: TestApi
let open: TestApi
let base: string
let member: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground, { NODE_ENV: 'production' })
  base = api.publicUrl
  open = await startApi(ground, {
    NODE_ENV: 'production',
    GRAPHIQL: 'true',
    CORS_ORIGINS: `${FRIEND},${OTHER_FRIEND}`,
  })
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await open?.close()
  await api?.close()
  await ground?.drop()
})

describe('pages of others', () => {
  const preflight = (to: TestApi, origin: string, path = '/graphql') =>
    fetch(to.publicUrl + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
  const corsOf = ({ headers }: Response | { headers: Headers }) =>
    [...headers].filter(([name]) => name.startsWith('access-control-'))

  test('by default none may call: no answer names an origin', async () => {
    for (const origin of [STRANGER, FRIEND, base, 'null']) {
      expect(corsOf(await preflight(api, origin))).toEqual([])
      expect(corsOf(await api.post('{ viewer { tenant } }', { token: member.token, headers: { origin } }))).toEqual([])
      expect(corsOf(await fetch(base, { headers: { origin } }))).toEqual([])
    }
  })

  test('those of CORS_ORIGINS may, each by its own name, and no other', async () => {
    for (const origin of [FRIEND, OTHER_FRIEND]) {
      const asked = await preflight(open, origin)
      expect(asked.status).toBe(204)
      expect(asked.headers.get('access-control-allow-origin')).toBe(origin)
      expect(asked.headers.get('access-control-allow-headers')).toBe('authorization,content-type')
      const { headers, body } = await open.post('{ viewer { tenant } }', { token: member.token, headers: { origin } })
      expect(body.data.viewer.tenant).toBe('default')
      expect([
        headers.get('access-control-allow-origin'),
        headers.get('access-control-allow-credentials'),
        headers.get('vary'),
      ]).toEqual([origin, null, expect.stringMatching(/origin/i)])
    }
    for (const origin of [
      STRANGER,
      'null',
      `${FRIEND}.evil.example`,
      FRIEND.replace('https', 'http'),
      `${FRIEND}:444`,
    ]) {
      expect([origin, corsOf(await preflight(open, origin))]).toEqual([origin, []])
      const { headers } = await open.post('{ viewer { tenant } }', { token: member.token, headers: { origin } })
      expect([origin, corsOf({ headers }), headers.get('vary')]).toEqual([origin, [], expect.stringMatching(/origin/i)])
    }
  })

  test('a document may be read by them too, by its signed link', async () => {
    const id = await open.ask(member.token)
    await open.carrier.finish(uuidOf(id))
    const { body } = await open.post('query ($id: ID!) { report(id: $id) { document { downloadUrl } } }', {
      token: member.token,
      variables: { id },
    })
    const link = body.data.report.document.downloadUrl
    expect((await fetch(link, { headers: { origin: FRIEND } })).headers.get('access-control-allow-origin')).toBe(FRIEND)
    expect(corsOf(await fetch(link, { headers: { origin: STRANGER } }))).toEqual([])
  })

  /** 101, or what the upgrade was answered with. */
  async function upgrade(to: string, headers: Record<string, string>): Promise<number> {
    const socket = new WebSocket(`${to.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
    const opened = once(socket, 'open').then(() => 101)
    const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number)
    opened.catch(() => undefined)
    refused.catch(() => undefined)
    socket.on('error', () => undefined)
    const status = await Promise.race([opened, refused])
    socket.terminate()
    return status
  }

  test('a socket opens to programs, to pages of the service itself, and to those of CORS_ORIGINS', async () => {
    const { host } = new URL(base)
    expect(await upgrade(base, {})).toBe(101)
    expect(await upgrade(base, { origin: base })).toBe(101)
    expect(
      await upgrade(base, { origin: 'https://reports.lan', host: 'reports.lan' }),
      'a proxy that passes Host on',
    ).toBe(101)
    expect(await upgrade(open.publicUrl, { origin: FRIEND })).toBe(101)
    expect(await upgrade(base, { origin: FRIEND })).toBe(403)
    for (const to of [base, open.publicUrl])
      for (const origin of [
        STRANGER,
        'null',
        'file://',
        `http://${host}.evil.example`,
        'http://127.0.0.1:1',
        'nonsense',
      ])
        expect([origin, await upgrade(to, { origin })]).toEqual([origin, 403])
  })

  test('where PUBLIC_URL is set the Host is believed from this machine alone', async () => {
    const proxied = await startApi(ground, { NODE_ENV: 'production', PUBLIC_URL: `${PUBLIC_URL}/` })
    try {
      const { port } = JSON.parse(proxied.lines.find((line) => line.includes('listening')) ?? '{}') as { port: number }
      const here = `http://127.0.0.1:${port}`
      expect(await upgrade(here, { origin: PUBLIC_URL })).toBe(101)
      expect(await upgrade(here, { origin: here })).toBe(101)
      expect(await upgrade(here, { origin: `http://localhost:${port}`, host: `localhost:${port}` })).toBe(101)
      expect(await upgrade(here, { origin: 'http://rebound.example', host: 'rebound.example' })).toBe(403)
      expect((await fetch(here)).headers.get('strict-transport-security')).toBe('max-age=31536000')
      expect((await fetch(base)).headers.get('strict-transport-security')).toBe(null)
    } finally {
      await proxied.close()
    }
  })
})

describe('headers of everything that is sent', () => {
  const POLICY = `default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  const EXPECTED = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': POLICY,
    'cache-control': 'no-store',
  }
  const safeOf = ({ headers }: Response) =>
    Object.fromEntries(Object.keys(EXPECTED).map((name) => [name, headers.get(name)]))

  test.each([
    ['/livez', {}],
    ['/readyz', {}],
    ['/metrics', {}],
    ['/nothing', {}],
    ['/', {}],
    ['/graphql', {}],
    ['/graphql?query={__typename}', {}],
    ['/graphql', { method: 'PUT', body: 'x' }],
    ['/graphql', { method: 'OPTIONS' }],
    ['/graphql', { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['/documents/none', {}],
    ['/api/v1/reports', {}],
    ['/api/v1/nothing', { method: 'PUT', body: 'x' }],
    ['/documents/none', { method: 'POST', body: 'x' }],
  ] as [string, RequestInit][])('%s %j', async (path, init) => {
    expect(safeOf(await fetch(base + path, init))).toEqual(EXPECTED)
  })

  test('pages for people may have a style and nothing more', async () => {
    for (const path of ['/', '/nothing', '/documents/none']) {
      const page = await fetch(base + path, { headers: { accept: 'text/html' } })
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(safeOf(page)).toEqual({ ...EXPECTED, 'content-security-policy': `${POLICY}; style-src 'unsafe-inline'` })
    }
  })

  test('GraphiQL may run its own script and ask its own service', async () => {
    for (let visit = 1; visit <= 2; visit++) {
      const page = await fetch(`${open.publicUrl}/graphql`, { headers: { accept: 'text/html' } })
      await page.body?.cancel()
      const policy = page.headers.get('content-security-policy') ?? ''
      expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[\w+/]{43}='; /)
      expect(policy).toContain(`frame-ancestors 'none'`)
      expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe|https?:|\*/)
      expect({ ...safeOf(page), 'content-security-policy': POLICY }).toEqual(EXPECTED)
    }
  })
})
