import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSignInCodes } from '../../src/identity/sign-in-codes.ts'
import { ADMIN_TOKEN, createGround, startApi, type Ground, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000
let ground: Ground
let api: TestApi
let directory: string
let dashboard: string

beforeAll(async () => {
  ground = await createGround()
  directory = join(ground.directory, 'sign-in')
  dashboard = join(ground.directory, 'dist')
  await mkdir(join(dashboard, 'assets'), { recursive: true })
  await writeFile(join(dashboard, 'index.html'), '<!doctype html><title>The page</title>')
})
/** Each with its own number of attempts. */
beforeEach(async () => {
  await api?.close()
  api = await start()
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const start = (environment: Record<string, string> = {}, more: { signInCodes?: string | null } = {}) =>
  startApi(ground, environment, { signInCodes: directory, dashboard, ...more })
const mint = (now?: () => number) => createSignInCodes({ directory, ...(now && { now }) }).mint()

interface Answer {
  status: number
  retryAfter: string | null
  body: { token?: string; expiresAt?: string; error?: string }
}

async function signIn(
  code: unknown,
  { headers = {}, to = api, body = JSON.stringify({ code }), method = 'POST' }: { headers?: Record<string, string>; to?: TestApi; body?: string; method?: string } = {}, // prettier-ignore
): Promise<Answer> {
  const response = await fetch(`${to.publicUrl}/sign-in`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'POST' && { body }),
  })
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as Answer['body'],
  }
}

/** By Node's own client, which sends the Host and goes to the address that it is told. */
async function raw(host: string, headers: Record<string, string>, code: string): Promise<number | undefined> {
  const { port } = new URL(api.publicUrl)
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  request({ host, port, path: '/sign-in', method: 'POST', agent: false, headers: { 'content-type': 'application/json', ...headers } }, (answer) => resolve(answer.resume().statusCode)) // prettier-ignore
    .on('error', reject)
    .end(JSON.stringify({ code }))
  return promise
}

describe('a code', () => {
  test('is exchanged once, for a token of twelve hours with all that the ADMIN token may', async () => {
    const code = await mint()
    const before = Date.now()
    const { status, body } = await signIn(code, { headers: { origin: api.publicUrl } })
    expect([status, Object.keys(body)]).toEqual([200, ['token', 'expiresAt']])
    expect(body.token).toMatch(/^bsk_/)
    const lives = Date.parse(body.expiresAt!) - before
    expect(lives).toBeGreaterThanOrEqual(12 * HOUR)
    expect(lives).toBeLessThan(12 * HOUR + 60_000)

    const { body: who } = await api.post('{ viewer { user { id role } scopes tokenExpiresAt apiTokens { id name } } system { version } }', { token: body.token! }) // prettier-ignore
    const { body: admin } = await api.post('{ viewer { user { id } scopes } }', { token: ADMIN_TOKEN })
    expect(who.errors).toBeUndefined()
    expect(who.data.viewer).toMatchObject({
      user: { id: admin.data.viewer.user.id, role: 'ADMIN' },
      scopes: admin.data.viewer.scopes,
      tokenExpiresAt: body.expiresAt,
      apiTokens: [{ name: 'dashboard sign-in' }],
    })
    const again = await signIn(code)
    expect([again.status, Object.keys(again.body)]).toEqual([403, ['error']])
    expect(again.body.error).toContain('npm run sign-in')

    const { body: revoked } = await api.post('mutation ($id: ID!) { revokeApiToken(id: $id) { deletedId } }', { token: body.token!, variables: { id: who.data.viewer.apiTokens[0].id } }) // prettier-ignore
    expect(revoked.data.revokeApiToken.deletedId).toBe(who.data.viewer.apiTokens[0].id)
    const logged = api.lines.join('\n')
    expect(logged).toContain('signed in by a link')
    for (const secret of [code, body.token!]) expect(logged).not.toContain(secret)
  })

  test('of ten minutes ago, or a wrong one, is none', async () => {
    const old = await mint(() => Date.now() - 10 * 60_000)
    const young = await mint(() => Date.now() - 9 * 60_000)
    expect((await signIn(old)).status).toBe(403)
    expect((await signIn(young)).status).toBe(200)
    for (const code of ['x'.repeat(43), '', 1, null, { a: 1 }, ADMIN_TOKEN])
      expect([code, (await signIn(code)).status]).toEqual([code, 403])
  })

  test('of an API that ended is good at the next one; one that bought nothing is given back', async () => {
    const [first, second] = [await mint(), await mint()]
    await ground.database.sql(`alter table broadsheet.api_token rename to api_token_gone`)
    try {
      expect((await signIn(first)).status).toBe(503)
    } finally {
      await ground.database.sql(`alter table broadsheet.api_token_gone rename to api_token`)
    }
    await api.close()
    api = await start()
    for (const code of [first, second]) expect((await signIn(code)).status).toBe(200)
  })
})

describe('is refused, and the code stays good', () => {
  test.each([
    ['a page of elsewhere', { origin: 'https://evil.example' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['a proxy', { 'x-forwarded-for': '127.0.0.1' }, 403],
    ['a proxy that says so in other words', { forwarded: 'for=127.0.0.1' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text', { 'content-type': 'text/plain;application/json' }, 415],
    ['no type', { 'content-type': '' }, 415],
  ])('%s', async (_, headers, status) => {
    const code = await mint()
    const refused = await signIn(code, { headers: headers as Record<string, string> })
    expect([refused.status, Object.keys(refused.body)]).toEqual([status, ['error']])
    expect((await signIn(code)).status).toBe(200)
  })

  test('a page that CORS_ORIGINS trusts with the API', async () => {
    const trusting = await start({ CORS_ORIGINS: 'https://app.example.com' })
    try {
      const code = await mint()
      expect((await signIn(code, { to: trusting, headers: { origin: 'https://app.example.com' } })).status).toBe(403)
      expect((await signIn(code, { to: trusting })).status).toBe(200)
    } finally {
      await trusting.close()
    }
  })

  test('a foreign name that leads to this machine', async () => {
    const code = await mint()
    const { port } = new URL(api.publicUrl)
    const rebound = { host: `rebound.example:${port}`, origin: `http://rebound.example:${port}` }
    expect(await raw('127.0.0.1', rebound, code)).toBe(403)
    expect(await raw('127.0.0.1', { host: `localhost:${port}`, origin: `http://localhost:${port}` }, code)).toBe(200)
  })

  const outer = Object.values(networkInterfaces())
    .flat()
    .find((each) => each && !each.internal && each.family === 'IPv4')?.address
  test.skipIf(!outer)('who comes by another address of this machine (skipped where it has none)', async () => {
    await api.close()
    api = await start({ HOST: '0.0.0.0' })
    const code = await mint()
    const { port } = new URL(api.publicUrl)
    expect(await raw(outer!, { host: `127.0.0.1:${port}` }, code)).toBe(403)
    expect(await raw('127.0.0.1', {}, code)).toBe(200)
  })

  test('what is no JSON object of a thousand bytes, or no POST', async () => {
    const code = await mint()
    for (const [body, status] of [
      ['', 403],
      ['{', 400],
      ['[]', 400],
      [JSON.stringify({ code, more: 'x'.repeat(1_000) }), 413],
    ] as const)
      expect([body, (await signIn(code, { body })).status]).toEqual([body, status])
    expect((await signIn(code, { method: 'GET' })).status).toBe(405)
    expect((await signIn(code)).status).toBe(200)
  })
})

test('eleven attempts in a minute are one too many', async () => {
  for (let attempt = 1; attempt <= 10; attempt++) expect((await signIn('x'.repeat(43))).status).toBe(403)
  const code = await mint()
  const beyond = await signIn(code)
  expect([beyond.status, Number(beyond.retryAfter)]).toEqual([429, expect.toSatisfy((wait) => wait >= 1 && wait <= 6)])
  expect((await signIn(code, { headers: { origin: 'https://evil.example' } })).status, 'and is told so').toBe(403)
})

test('an API that nobody started with codes has no sign-in by a link', async () => {
  const production = await start({ NODE_ENV: 'production' }, { signInCodes: null })
  try {
    const code = await mint()
    expect(await signIn(code, { to: production })).toMatchObject({ status: 404, body: { error: expect.any(String) } })
    expect((await signIn(code)).status).toBe(200)
    // The page is there all the same.
    const page = await fetch(production.publicUrl, { headers: { accept: 'text/html' } })
    expect(await page.text()).toContain('<title>The page</title>')
  } finally {
    await production.close()
  }
})

describe('at /', () => {
  const get = async (to: TestApi, accept: string) => {
    const response = await fetch(to.publicUrl, { headers: { accept } })
    return { type: response.headers.get('content-type'), text: await response.text(), headers: response.headers }
  }

  test('a browser gets the page under its own rules, a program a word', async () => {
    const page = await get(api, 'text/html,*/*;q=0.8')
    expect(page.text).toContain('The page')
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; /)
    for (const [name, value] of [['x-content-type-options', 'nosniff'], ['x-frame-options', 'DENY'], ['referrer-policy', 'no-referrer'], ['cache-control', 'no-cache']] as const) expect(page.headers.get(name)).toBe(value) // prettier-ignore
    for (const accept of ['*/*', 'application/json'])
      expect(await get(api, accept)).toMatchObject({
        type: 'text/plain; charset=utf-8',
        text: 'Broadsheet: The API is at /graphql, which is GraphiQL for a browser.\n',
      })
  })

  test('where it is not built, a browser is told how it is', async () => {
    const bare = await startApi(ground)
    try {
      const { type, text } = await get(bare, 'text/html')
      expect(type).toBe('text/html; charset=utf-8')
      expect(text).toContain('<code>npm run web:build</code>')
      expect(text).toContain('href="/graphql"')
      expect((await get(bare, '*/*')).text).not.toContain('web:build')
    } finally {
      await bare.close()
    }
  })

  test('its files are counted under one name, whatever is asked for', async () => {
    for (const path of ['/assets/a.js', '/assets/b.js', '/sign-in', '/favicon.svg', '/favicon.ico'])
      await (await fetch(api.publicUrl + path)).body?.cancel()
    const counted = async () => {
      const metrics = await (await fetch(`${api.publicUrl}/metrics`)).text()
      const paths = new Set([...metrics.matchAll(/http_requests_total\{path="([^"]+)"/g)].map(([, path]) => path))
      return [...paths].filter((path) => path !== '/metrics').toSorted()
    }
    await until(async () => (await counted()).length === 4)
    expect(await counted()).toEqual(['/assets/', '/favicon.svg', '/sign-in', 'other'])
  })
})
