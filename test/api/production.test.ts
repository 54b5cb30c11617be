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
    INTROSPECTION: 'true',
    CORS_ORIGINS: `${FRIEND},${OTHER_FRIEND}`,
  })
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await open?.close()
  await api?.close()
  await ground?.drop()
})

const DOORS = ['POST', 'GET', 'SSE', 'WS'] as const
const MUTATION = 'mutation { createApiToken(name: "forged", scopes: ["reports:read"]) { token { id } } }'

/** All that an operation answered at a door, as text. */
async function said(from: TestApi, door: (typeof DOORS)[number], query: string, variables = {}): Promise<string> {
  const ask = { token: member.token, variables }
  if (door === 'POST') return (await from.post(query, ask)).text
  if (door === 'GET') return (await from.get(query, ask)).text
  if (door === 'SSE')
    return (
      await fetch(`${from.publicUrl}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          authorization: `Bearer ${member.token}`,
        },
        body: JSON.stringify({ query, variables }),
      })
    ).text()
  const { promise, resolve } = Promise.withResolvers<string>()
  let text = ''
  const client = from.socket(member.token)
  client.subscribe(
    { query, variables },
    {
      next: (result) => (text += JSON.stringify(result)),
      error: (error) => resolve(text + JSON.stringify(error)),
      complete: () => resolve(text),
    },
  )
  const answer = await promise
  await client.dispose()
  return answer
}

describe('what only developers need is off', () => {
  test('introspection, on every door', async () => {
    for (const door of DOORS)
      for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Query") { name } }']) {
        expect(await said(api, door, query)).toMatch(/introspection/)
        expect(await said(open, door, query)).toMatch(/"name":"Query"/)
      }
  })

  test('GraphiQL, and the word for it at /', async () => {
    const page = await fetch(`${base}/graphql`, { headers: { accept: 'text/html' } })
    expect(page.status).not.toBe(200)
    expect(await page.text()).not.toMatch(/<script/)
    expect(await (await fetch(base, { headers: { accept: 'text/html' } })).text()).not.toMatch(/GraphiQL/)
    expect((await fetch(`${open.publicUrl}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(200)
  })

  /** Each of the rules of GraphQL that would suggest a name: validation, and the values of variables. */
  const MISSPELT = [
    ['{ reportz { id } }', {}],
    ['{ viewer { tenent } }', {}],
    ['{ reports(frist: 1) { nodes { id } } }', {}],
    ['{ reports(filter: { statuss: QUEUED }) { nodes { id } } }', {}],
    ['{ reports(filter: { status: QUEUD }) { nodes { id } } }', {}],
    ['{ reports(filter: { status: "QUEUED" }) { nodes { id } } }', {}],
    ['query ($f: ReportFiltr) { reports(filter: $f) { nodes { id } } }', {}],
    ['{ node(id: "x") { id title } }', {}],
    ['query ($f: ReportFilter) { reports(filter: $f) { nodes { id } } }', { f: { statuss: 'QUEUED' } }],
    ['query ($f: ReportFilter) { reports(filter: $f) { nodes { id } } }', { f: { status: 'QUEUD' } }],
  ] as const

  test.each(MISSPELT)('suggestions: %s with %j', async (query, variables) => {
    expect(await said(open, 'POST', query, variables), 'there is one to leave out').toMatch(/Did you mean/)
    for (const door of DOORS) {
      const answer = await said(api, door, query, variables)
      expect([door, answer]).toEqual([door, expect.stringContaining('BAD_USER_INPUT')])
      expect([door, answer]).toEqual([door, expect.not.stringContaining('Did you mean')])
    }
  })

  test('suggestions in the first event of a subscription', async () => {
    const query = 'subscription ($f: ReportFilter) { reportEvents(filter: $f) { kind } }'
    const variables = { f: { status: 'QUEUD' } }
    for (const door of ['SSE', 'WS'] as const) {
      expect(await said(open, door, query, variables)).toMatch(/Did you mean/)
      expect(await said(api, door, query, variables)).toMatch(/BAD_USER_INPUT/)
      expect(await said(api, door, query, variables)).not.toMatch(/Did you mean/)
    }
  })
})

describe('what a page in a browser may send without asking first does nothing', () => {
  const body = JSON.stringify({ query: MUTATION })
  const form = new FormData()
  form.set('operations', body)
  form.set('map', '{}')

  test.each([
    ['a form', new URLSearchParams({ query: MUTATION }), 'application/x-www-form-urlencoded'],
    ['plain text', body, 'text/plain'],
    ['plain text that says JSON aside', body, 'text/plain; application/json'],
    ['a list of types', body, 'text/plain, application/json'],
    ['a list of types that begins with JSON', body, 'application/json, text/plain'],
    ['multipart', form, null],
    ['bytes of no type', new Blob([body]), null],
    ['a document of GraphQL', MUTATION, 'application/graphql'],
  ])('%s by POST is 415', async (_, body, type) => {
    for (const accept of ['application/json', 'application/graphql-response+json', 'text/event-stream']) {
      const response = await fetch(`${base}/graphql`, {
        method: 'POST',
        headers: { ...(type && { 'content-type': type }), accept, authorization: `Bearer ${member.token}` },
        body,
      })
      expect([accept, response.status]).toEqual([accept, 415])
      expect(await response.text()).toContain('BAD_USER_INPUT')
    }
    await noneWasForged()
  })

  test('JSON is taken with what may stand beside it', async () => {
    for (const type of ['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'])
      expect(
        (await api.post('{ viewer { tenant } }', { token: member.token, headers: { 'content-type': type } })).body.data,
      ).toEqual({ viewer: { tenant: 'default' } })
  })

  test('a mutation by GET is 405, however it is asked', async () => {
    for (const accept of ['application/json', 'application/graphql-response+json', 'text/event-stream', '*/*'])
      for (const query of [MUTATION, `query A { viewer { tenant } } ${MUTATION.replace('mutation', 'mutation B')}`]) {
        const search = new URLSearchParams({ query, ...(query !== MUTATION && { operationName: 'B' }) })
        const response = await fetch(`${base}/graphql?${search}`, {
          headers: { accept, authorization: `Bearer ${member.token}` },
        })
        expect([accept, response.status]).toEqual([accept, 405])
      }
    await noneWasForged()
  })

  async function noneWasForged() {
    const { body } = await api.post('{ viewer { apiTokens { name } } }', { token: member.token })
    expect(body.data.viewer.apiTokens).toEqual([{ name: 'test' }])
  }
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
      expect(asked.headers.get('access-control-allow-headers')).toBe('Authorization, *')
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
