import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK, type JWTPayload } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Unauthenticated, Unavailable } from '../../src/errors.ts'
import { createVerifier } from '../../src/identity/jwt.ts'

const SECRET = 'a secret of the embedding application'
const soon = () => Math.floor(Date.now() / 1000) + 60

function hs256(claims: JWTPayload, secret = SECRET, alg = 'HS256'): Promise<string> {
  return new SignJWT({ sub: 'ada', exp: soon(), ...claims })
    .setProtectedHeader({ alg })
    .sign(new TextEncoder().encode(secret))
}
async function refusal(work: Promise<unknown> | undefined): Promise<Unauthenticated> {
  const error = await work?.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Unauthenticated)
  return error as Unauthenticated
}

describe('a JWT under a shared secret', () => {
  const verifier = createVerifier({ secret: SECRET })!

  it('gives its claims, with defaults where they are absent', async () => {
    const exp = soon()
    expect(await verifier.verify(await hs256({ exp }))).toEqual({
      subject: 'ada',
      tenantId: 'default',
      role: 'MEMBER',
      scopes: ['reports:read', 'reports:write', 'schedules:read', 'schedules:write'],
      name: null,
      email: null,
      expiresAt: new Date(exp * 1000),
    })
    const said = {
      role: 'ADMIN',
      tenant: 'acme.eu',
      name: ' Ada ',
      email: 'ada@example.com',
      scopes: 'reports:read users:write system:read openid',
    }
    expect(await verifier.verify(await hs256(said))).toMatchObject({
      role: 'ADMIN',
      tenantId: 'acme.eu',
      name: 'Ada',
      email: 'ada@example.com',
      scopes: ['reports:read', 'users:write'],
    })
  })

  it('can narrow the scopes of its role, never widen them', async () => {
    expect(
      (await verifier.verify(await hs256({ role: 'VIEWER', scopes: ['reports:write', 'reports:read'] }))).scopes,
    ).toEqual(['reports:read'])
    expect((await verifier.verify(await hs256({ role: 'ADMIN' }))).scopes).not.toContain('system:read')
    expect((await verifier.verify(await hs256({ scopes: [] }))).scopes).toEqual([])
  })

  it.each([
    ['role', { role: 'OWNER' }],
    ['role', { role: 'admin' }],
    ['role', { role: null }],
    ['tenant', { tenant: 'no spaces' }],
    ['tenant', { tenant: '' }],
    ['tenant', { tenant: 7 }],
    ['sub', { sub: '' }],
    ['sub', { sub: 'broadsheet:admin' }],
    ['sub', { sub: 'nul\u0000' }],
    ['sub', { sub: 'half\ud800' }],
    ['scopes', { scopes: { all: true } }],
  ])('is refused for a bad claim "%s": %j', async (claim, claims) => {
    const error = await refusal(verifier.verify(await hs256(claims as JWTPayload)))
    expect(error.message).toContain(`"${claim}"`)
    expect(error.ended).toBe(false)
  })

  it('is refused without exp, without sub, before nbf, with another secret or algorithm, unsigned, or as garbage', async () => {
    const key = new TextEncoder().encode(SECRET)
    const bad = [
      await new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'HS256' }).sign(key),
      await new SignJWT({ exp: soon() }).setProtectedHeader({ alg: 'HS256' }).sign(key),
      await hs256({ nbf: soon() }),
      await hs256({}, 'another secret'),
      await hs256({}, SECRET, 'HS512'),
      new UnsecuredJWT({ sub: 'ada', exp: soon(), role: 'ADMIN' }).encode(),
      'garbage',
      'a.b.c',
      '..',
    ]
    for (const token of bad) expect((await refusal(verifier.verify(token))).ended, token).toBe(false)
  })

  it('has ended once it has expired', async () => {
    expect((await refusal(verifier.verify(await hs256({ exp: soon() - 61 })))).ended).toBe(true)
  })

  it('must name the issuer and the audience that the settings name', async () => {
    const strict = createVerifier({ secret: SECRET, issuer: 'https://app.example', audience: 'broadsheet' })!
    await expect(strict.verify(await hs256({ iss: 'https://app.example', aud: 'broadsheet' }))).resolves.toMatchObject({
      subject: 'ada',
    })
    await refusal(strict.verify(await hs256({ iss: 'https://app.example' })))
    await refusal(strict.verify(await hs256({ iss: 'https://other.example', aud: 'broadsheet' })))
    await refusal(strict.verify(await hs256({ iss: 'https://app.example', aud: 'other' })))
  })

  it('is not taken at all where no settings speak of it', () => {
    expect(createVerifier({})).toBeNull()
  })
})

describe('a JWT of an issuer that publishes its keys', () => {
  let server: Server
  let published: JWK[] = []
  let answer: 'keys' | 'fault' | 'nonsense' = 'keys'
  let asked = 0
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`

  beforeAll(async () => {
    server = createServer((_request, response) => {
      asked++
      response.statusCode = answer === 'fault' ? 500 : 200
      response
        .setHeader('content-type', 'application/json')
        .end(answer === 'nonsense' ? '<html>' : JSON.stringify({ keys: published }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  async function publish(alg: string, kid: string): Promise<() => Promise<string>> {
    const { publicKey, privateKey } = await generateKeyPair(alg)
    published = [{ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }]
    return () => new SignJWT({ sub: 'ada', exp: soon() }).setProtectedHeader({ alg, kid }).sign(privateKey)
  }

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('is good when signed by its %s key', async (alg) => {
    const sign = await publish(alg, 'one')
    const verifier = createVerifier({ jwksUrl: url() })!
    await expect(verifier.verify(await sign())).resolves.toMatchObject({ subject: 'ada' })
  })

  it('follows a rotation: a key that is new is fetched, one that is withdrawn is refused', async () => {
    const oldKey = await publish('ES256', 'old')
    const verifier = createVerifier({ jwksUrl: url(), jwksCooldown: 0 })!
    await verifier.verify(await oldKey())
    const newKey = await publish('ES256', 'new')
    await expect(verifier.verify(await newKey())).resolves.toMatchObject({ subject: 'ada' })
    await refusal(verifier.verify(await oldKey()))
  })

  it('does not ask the issuer again for each made-up key', async () => {
    const sign = await publish('ES256', 'known')
    const verifier = createVerifier({ jwksUrl: url() })!
    await verifier.verify(await sign())
    const before = asked
    const stranger = await publish('ES256', 'stranger')
    for (let i = 0; i < 5; i++) await refusal(verifier.verify(await stranger()))
    expect(asked).toBe(before)
  })

  it('never takes the public key for a secret, nor HS256 where no secret is set', async () => {
    const sign = await publish('RS256', 'public')
    const verifier = createVerifier({ jwksUrl: url() })!
    await verifier.verify(await sign())
    await refusal(verifier.verify(await hs256({}, JSON.stringify(published[0]))))
    await refusal(verifier.verify(await hs256({}, published[0]?.n)))
  })

  it('may stand beside a shared secret', async () => {
    const sign = await publish('RS256', 'beside')
    const verifier = createVerifier({ jwksUrl: url(), secret: SECRET })!
    await verifier.verify(await sign())
    await verifier.verify(await hs256({}))
  })

  it('is neither good nor bad while the issuer fails: Unavailable', async () => {
    const sign = await publish('ES256', 'away')
    for (const fault of ['fault', 'nonsense'] as const) {
      answer = fault
      await expect(createVerifier({ jwksUrl: url() })!.verify(await sign())).rejects.toThrow(Unavailable)
    }
    answer = 'keys'
    await expect(createVerifier({ jwksUrl: 'http://127.0.0.1:1/jwks' })!.verify(await sign())).rejects.toThrow(
      Unavailable,
    )
  })
})
