import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'

let ground: Ground
/** As an operator runs it, and with what a developer may ask for. */
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
