import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conformance } from '../support/conformance.ts'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'

const tools = await conformance()

let ground: Ground
/** As in production, but for introspection: audits of variables ask for `__type`. */
let api: TestApi
let member: Person
const authorized: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  headers.set('authorization', `Bearer ${member.token}`)
  return fetch(input, { ...init, headers })
}
const WATCH = 'subscription ($id: ID!) { reportProgress(id: $id) { status sequence } }'

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground, { NODE_ENV: 'production', INTROSPECTION: 'true' })
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

describe.skipIf(!tools)('the audit of graphql-http (skipped where npm can’t install it)', () => {
  const audits = (fetchFn: typeof fetch) =>
    tools?.serverAudits({ url: () => `${api.publicUrl}/graphql`, fetchFn }).map((audit) => ({ ...audit })) ?? []

  test('has its audits', () => expect(audits(fetch).length).toBeGreaterThan(50))

  describe.each([
    ['with a credential', authorized],
    ['with none', fetch],
  ])('%s', (_, fetchFn) => {
    test.each(audits(fetchFn))('$id $name', async ({ fn }) => {
      const result = await fn()
      expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe('ok')
    })
  })
})

describe.skipIf(!tools)('the client of graphql-sse (skipped where npm can’t install it)', () => {
  const client = (token: string | null = member.token) =>
    tools!.createSseClient({
      url: `${api.publicUrl}/graphql`,
      retryAttempts: 0,
      ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
    })

  test('asks, changes and watches to the end', async () => {
    const asked = await api.ask(member.token)
    const sse = client()
    try {
      const [answer] = await Array.fromAsync(sse.iterate({ query: '{ viewer { tenant } }' }))
      expect(answer).toEqual({ data: { viewer: { tenant: 'default' } } })
      const watched = sse.iterate({ query: WATCH, variables: { id: asked } })
      expect((await watched.next()).value.data.reportProgress.status).toBe('QUEUED')
      await api.carrier.finish(uuidOf(asked))
      const rest = await Array.fromAsync(watched)
      expect(rest.at(-1).data.reportProgress.status).toBe('SUCCEEDED')
      const [changed] = await Array.fromAsync(
        sse.iterate({ query: 'mutation ($id: ID!) { deleteReport(id: $id) { deletedId } }', variables: { id: asked } }),
      )
      expect(changed.data.deleteReport.deletedId).toBe(asked)
    } finally {
      sse.dispose()
    }
  })

  test('is told what is wrong', async () => {
    const sse = client()
    try {
      for (const [query, code] of [
        ['{ nothing }', 'BAD_USER_INPUT'],
        ['{ viewer {', 'BAD_USER_INPUT'],
        [`subscription { reportProgress(id: "x") { status } }`, 'NOT_FOUND'],
      ]) {
        const [answer] = await Array.fromAsync(sse.iterate({ query: query! }))
        expect(answer.errors[0].extensions.code).toBe(code)
      }
    } finally {
      sse.dispose()
    }
  })
})

describe('the client of graphql-ws', () => {
  test('asks, changes and watches to the end, all on one socket', async () => {
    const id = await api.ask(member.token)
    const client = api.socket(member.token)
    const [answer] = await Array.fromAsync(client.iterate({ query: '{ viewer { tenant } }' }))
    expect(answer).toEqual({ data: { viewer: { tenant: 'default' } } })
    const watched = client.iterate<any>({ query: WATCH, variables: { id } })
    expect((await watched.next()).value.data.reportProgress.status).toBe('QUEUED')
    await api.carrier.finish(uuidOf(id))
    const rest = await Array.fromAsync(watched)
    expect((rest.at(-1) as any).data.reportProgress.status).toBe('SUCCEEDED')
    const changed = await Array.fromAsync(
      client.iterate<any>({
        query: 'mutation ($id: ID!) { deleteReport(id: $id) { deletedId } }',
        variables: { id },
      }),
    )
    expect((changed[0] as any).data.deleteReport.deletedId).toBe(id)
    await expect(Array.fromAsync(client.iterate({ query: '{ nothing }' }))).rejects.toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' } },
    ])
  })
})
