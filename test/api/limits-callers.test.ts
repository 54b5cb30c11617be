import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ADMIN_TOKEN, createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

const tenant = `callers${process.pid}`
const SMALL = '{ viewer { tenant } }'
const EVENTS = 'subscription { reportEvents { kind } }'

let ground: Ground
let api: TestApi
let member: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  member = await ground.person('MEMBER', { tenant })
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

/** An API with these settings, for one test. */
async function withSettings(settings: Record<string, string>, work: (narrow: TestApi) => Promise<void>): Promise<void> {
  const narrow = await startApi(ground, settings)
  try {
    await work(narrow)
  } finally {
    await narrow.close()
  }
}

describe('what is open at once', () => {
  test('sockets: one too many is closed with 4429, and one that closes makes room', async () => {
    await withSettings({ USER_SOCKETS: '3' }, async (narrow) => {
      const { token } = await ground.person('MEMBER', { tenant })
      const open = Array.from({ length: 3 }, () => narrow.ws(EVENTS, { token }))
      await until(() => open.every(({ events }) => events.length === 1))
      expect((await narrow.once('WS', SMALL, { token })).closeCode).toBe(4429)
      expect((await narrow.once('WS', SMALL, { token: member.token })).codes).toEqual([])
      open[0]!.leave()
      await until(async () => (await narrow.once('WS', SMALL, { token })).closeCode === null)
    })
  })

  test('subscriptions: over WebSocket and SSE together', async () => {
    await withSettings({ USER_SUBSCRIPTIONS: '4' }, async (narrow) => {
      const { token } = await ground.person('MEMBER', { tenant })
      const client = narrow.socket(token)
      const open = [
        ...Array.from({ length: 2 }, () => narrow.ws(EVENTS, { token, client })),
        ...Array.from({ length: 2 }, () => narrow.sse(EVENTS, { token })),
      ]
      await until(() => open.every(({ events }) => events.length === 1))
      for (const door of ['WS', 'SSE'] as const)
        expect((await narrow.once(door, EVENTS, { token })).codes).toEqual(['RATE_LIMITED'])
      // Queries go on, and what did not come about is not counted.
      expect((await narrow.once('WS', SMALL, { token })).codes).toEqual([])
      open[0]!.leave()
      open[2]!.leave()
      for (let n = 0; n < 3; n++)
        await until(async () => {
          const gone = narrow.ws('subscription { reportProgress(id: "x") { percent } }', { token, client })
          await until(() => gone.done || gone.codes.length > 0)
          return gone.codes[0] === 'NOT_FOUND'
        })
      const more = [narrow.ws(EVENTS, { token, client }), narrow.sse(EVENTS, { token })]
      await until(() => more.every(({ events }) => events.length === 1))
      await client.dispose()
    })
  })

  test('operations of a socket, as many as the setting says', async () => {
    await withSettings({ SOCKET_OPERATIONS: '2' }, async (narrow) => {
      const client = narrow.socket(member.token)
      const open = Array.from({ length: 3 }, () => narrow.ws(EVENTS, { client }))
      await until(() => open.every(({ events, codes }) => events.length + codes.length > 0))
      expect(open.flatMap(({ codes }) => codes)).toEqual(['BAD_USER_INPUT'])
      await client.dispose()
    })
  })
})

describe('messages of a socket', () => {
  /** A socket that says what it is told to, beyond what a client would. */
  async function rawSocket(narrow: TestApi, token: string) {
    const socket = new WebSocket(`${narrow.publicUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const heard: any[] = []
    let closeCode: number | null = null
    socket.on('message', (data) => heard.push(JSON.parse(String(data))))
    socket.on('close', (code) => (closeCode = code))
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } }))
    await until(() => heard.length === 1)
    return { socket, heard, say: (message: unknown) => socket.send(JSON.stringify(message)), closed: () => closeCode }
  }
  const subscribe = (id: number) => ({ type: 'subscribe', id: String(id), payload: { query: SMALL } })

  test('above so many a second are refused, each with its own error, and the socket lives on', async () => {
    await withSettings({ USER_MESSAGES: '20' }, async (narrow) => {
      const { token } = await ground.person('MEMBER', { tenant })
      const { socket, heard, say, closed } = await rawSocket(narrow, token)
      for (let n = 0; n < 90; n++) say(subscribe(n))
      const codes = () => heard.filter(({ type }) => type === 'error').map(({ payload }) => payload[0].extensions)
      await until(() => heard.filter(({ type }) => type === 'next' || type === 'error').length === 90)
      expect(heard.filter(({ type }) => type === 'next').length).toBeGreaterThanOrEqual(20)
      expect(codes().length).toBeGreaterThan(10)
      expect(codes()[0]).toEqual({ code: 'RATE_LIMITED', retryAfter: 1 })
      await until(() => {
        heard.length = 0
        say(subscribe(1_000 + Math.floor(performance.now())))
        return until(() => heard.some(({ type }) => type === 'next' || type === 'error')).then(
          () => heard[0].type === 'next',
        )
      })
      expect(closed()).toBeNull()
      socket.close()
    })
  })

  test('are the user’s, over its sockets', async () => {
    await withSettings({ USER_MESSAGES: '20' }, async (narrow) => {
      const { token } = await ground.person('MEMBER', { tenant })
      const [one, other] = [await rawSocket(narrow, token), await rawSocket(narrow, token)]
      for (let n = 0; n < 18; n++) for (const each of [one, other]) each.say(subscribe(n))
      const errors = () => [...one.heard, ...other.heard].filter(({ type }) => type === 'error').length
      await until(() => errors() > 5)
      for (const { socket } of [one, other]) socket.close()
    })
  })

  test('without end close it with 4429, and nothing of what it goes on sending is looked at', async () => {
    await withSettings({ USER_MESSAGES: '5' }, async (narrow) => {
      const { token } = await ground.person('MEMBER', { tenant })
      const { heard, say, closed } = await rawSocket(narrow, token)
      for (let n = 0; n < 5_000; n++) say({ type: 'ping' })
      await until(() => closed() === 4429)
      expect(heard.filter(({ type }) => type === 'pong').length).toBeLessThan(100)
      expect((await narrow.post(SMALL, { token })).status).toBe(200)
    })
  })
})

describe('a token with limits of its own', () => {
  const MAKE = `mutation ($scopes: [String!]!, $userId: ID, $limits: ApiTokenLimitsInput) {
    createApiToken(name: "service", scopes: $scopes, userId: $userId, limits: $limits) {
      secret token { id limits { rate sockets cost depth } } userErrors { field code message } } }`
  const make = async (token: string, limits: object, more: object = {}) =>
    (await api.post(MAKE, { token, variables: { scopes: ['reports:read'], limits, ...more } })).body.data.createApiToken

  test('has those, beside what its user has', async () => {
    await withSettings({ RATE_LIMIT: '3/m', QUERY_COST: '100', USER_SOCKETS: '1' }, async (narrow) => {
      const person = await ground.person('MEMBER')
      const { secret, token } = await make(ADMIN_TOKEN, { rate: '1000/s', cost: 1_000, sockets: 5, depth: 2 }, { userId: person.gid }) // prettier-ignore
      expect(token.limits).toEqual({ rate: '1000/s', sockets: 5, cost: 1_000, depth: 2 })
      for (let n = 0; n < 3; n++) expect((await narrow.post(SMALL, { token: person.token })).status).toBe(200)
      expect((await narrow.post(SMALL, { token: person.token })).status).toBe(429)
      for (let n = 0; n < 20; n++) expect((await narrow.post('{ __typename }', { token: secret })).status).toBe(200)
      const deep = await narrow.post('{ viewer { user { name } } }', { token: secret })
      expect(deep.body.errors[0].message).toMatch(/3 levels, but at most 2 /)
      const sockets = Array.from({ length: 5 }, () => narrow.ws(EVENTS, { token: secret }))
      await until(() => sockets.every(({ events }) => events.length === 1))
      expect((await narrow.once('WS', SMALL, { token: secret })).closeCode).toBe(4429)
    })
  })

  test('is given by an ADMIN; more than its own by nobody but who looks after the installation', async () => {
    const admin = await ground.person('ADMIN', { tenant })
    const refused = async (token: string, limits: object) => {
      const { token: made, userErrors } = await make(token, limits)
      expect(made).toBeNull()
      return userErrors.map(({ field, code }: any) => [field.join('.'), code])
    }
    expect(await refused(member.token, { sockets: 1 })).toEqual([['limits', 'FORBIDDEN']])
    expect(await refused(admin.token, { sockets: 1_000_000, cost: 5, rate: 'fast', depth: 11, messages: -1 })).toEqual([
      ['limits.depth', 'FORBIDDEN'],
      ['limits.cost', 'INVALID'],
      ['limits.sockets', 'INVALID'],
      ['limits.messages', 'INVALID'],
      ['limits.rate', 'INVALID'],
    ])
    const { token, userErrors } = await make(admin.token, { cost: 500, rate: '10/m' })
    expect(userErrors).toEqual([])
    expect(token.limits).toEqual({ rate: '10/m', sockets: null, cost: 500, depth: null })
    const { body } = await api.post('{ viewer { apiTokens { limits { cost } } } }', { token: admin.token })
    expect(body.data.viewer.apiTokens.map(({ limits }: any) => limits)).toEqual([{ cost: 500 }, null])
  })

  test('makes no token that may more than itself', async () => {
    const admin = await ground.person('ADMIN', { tenant })
    const { secret } = await make(
      admin.token,
      { cost: 500, rate: '10000/m' },
      { scopes: ['reports:read', 'users:write'] },
    )
    expect((await make(secret, { cost: 501 })).userErrors[0]).toMatchObject({ field: ['limits', 'cost'], code: 'FORBIDDEN' }) // prettier-ignore
    expect((await make(secret, { sockets: 2 })).token.limits).toEqual({ rate: '10000/m', sockets: 2, cost: 500, depth: null }) // prettier-ignore
    expect((await make(secret, {})).token.limits).toMatchObject({ cost: 500 })
  })
})
