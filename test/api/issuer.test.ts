import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGround, startApi, type Ground, type TestApi } from '../support/api.ts'
import { AUDIENCE, makeKey, startIssuer } from '../support/issuer.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let issuer: Awaited<ReturnType<typeof startIssuer>>
const VIEWER = '{ viewer { tenant scopes tokenExpiresAt user { name role } } }'
const status = async (token: string) => (await api.post(VIEWER, { token })).status

beforeAll(async () => {
  issuer = await startIssuer({
    ada: { tenant: 'acme', role: 'ADMIN', name: 'Ada' },
    bob: { tenant: 'acme' },
  })
  issuer.use(await makeKey('first'))
  ground = await createGround()
  api = await startApi(ground, {
    BROADSHEET_JWT_JWKS_URL: issuer.jwksUrl,
    BROADSHEET_JWT_ISSUER: issuer.url,
    BROADSHEET_JWT_AUDIENCE: AUDIENCE,
  })
})
afterAll(async () => {
  await api?.close()
  await issuer?.close()
  await ground?.drop()
})

test('a token of an OpenID provider says who asks, on every door', async () => {
  const token = await issuer.token('ada')
  const { body } = await api.post(VIEWER, { token })
  expect(body.data.viewer).toEqual({
    tenant: 'acme',
    scopes: ['reports:read', 'reports:write', 'schedules:read', 'schedules:write', 'users:write'],
    tokenExpiresAt: new Date(decodeJwt(token).exp! * 1_000).toISOString(),
    user: { name: 'Ada', role: 'ADMIN' },
  })
  for (const door of ['GET', 'SSE', 'WS'] as const)
    expect((await api.once(door, VIEWER, { token })).data.viewer.user.name).toBe('Ada')
  // No role and no name in the claims.
  const bob = (await api.post(VIEWER, { token: await issuer.token('bob') })).body.data.viewer
  expect(bob.user).toEqual({ name: 'bob', role: 'MEMBER' })
})

test('its subscription ends with it: 4403', async () => {
  const token = await issuer.token('ada', 3)
  const live = api.ws('subscription { reportEvents { kind } }', { token })
  await until(() => live.events.length === 1)
  await until(() => live.done, { timeout: 3_000 + 5_000 })
  expect(live.closeCode).toBe(4403)
  expect(Date.now()).toBeGreaterThanOrEqual(decodeJwt(token).exp! * 1_000)
})

test('the issuer rotates its keys: both are good while both are published, and the old one is not after that', async () => {
  const keys = [await makeKey('first'), await makeKey('second', 'ES256'), await makeKey('third', 'EdDSA')] as const
  issuer.use(keys[0])
  const kid = (token: string) => decodeProtectedHeader(token).kid
  // A set that was just read is not read again for a few seconds: nobody makes the service ask by making up keys.
  const taken = (token: string) => until(async () => (await status(token)) === 200, { timeout: 10_000 })
  issuer.use(keys[1], keys[0])
  const second = await issuer.token('ada')
  await taken(second)
  issuer.use(keys[0], keys[1])
  const first = await issuer.token('ada')
  await taken(first)
  expect([kid(first), kid(second)]).toEqual(['first', 'second'])
  expect(await status(second)).toBe(200)

  issuer.use(keys[2], keys[1])
  const third = await issuer.token('ada')
  await taken(third)
  expect([kid(third), await status(second), await status(first)]).toEqual(['third', 200, 401])
})

test('while the issuer is away, what its known keys signed is good, and nobody is turned away for an unknown one', async () => {
  const known = await issuer.token('ada')
  expect(await status(known)).toBe(200)
  issuer.use(await makeKey('fourth'))
  const unknown = await issuer.token('ada')
  issuer.goAway()
  expect(await status(known)).toBe(200)
  await until(async () => (await api.post(VIEWER, { token: unknown })).body.errors[0].extensions.code === 'UNAVAILABLE')
})
