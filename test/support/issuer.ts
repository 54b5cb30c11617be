import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { DIRECTORY, installOracles } from './oracles.ts'

export const AUDIENCE = 'broadsheet'
type ProviderClass = new (
  issuer: string,
  configuration: object,
) => { callback(): RequestListener; on(event: string, listener: () => void): void }

/** An OpenID provider that is other people's work (oidc-provider), with one client for each person; its tokens are JWTs for Broadsheet. */
export async function startIssuer(people: Record<string, Record<string, unknown>>) {
  await installOracles()
  const load = createRequire(`${DIRECTORY}package.json`)
  const Provider = (load('oidc-provider') as { default: ProviderClass }).default
  let answer: RequestListener = (_, response) => response.writeHead(503).end()
  let up = true
  const server = createServer((request, response) => {
    if (up) answer(request, response)
    else response.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const issuer = {
    url,
    jwksUrl: `${url}/jwks`,

    /** From now on signs with the first of these keys, and publishes all of them. */
    use(...keys: JWK[]): void {
      const provider = new Provider(url, configurationOf(people, keys))
      answer = provider.callback()
    },

    /** An access token of that person, as a program gets one. */
    async token(person: string, seconds = 60): Promise<string> {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${person}:${SECRET}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: `for:${seconds}` }),
      })
      const body = (await response.json()) as { access_token?: string }
      if (!body.access_token) throw new Error(`the issuer gave no token: ${JSON.stringify(body)}`)
      return body.access_token
    },

    goAway(): void {
      up = false
    },
    async close(): Promise<void> {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return issuer
}

const SECRET = 'the-secret-of-each-client'
const LIVES = [3, 60]

/** A signing key with its private part, as an issuer keeps it. */
export async function makeKey(kid: string, alg = 'RS256'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' }
}

function configurationOf(people: Record<string, Record<string, unknown>>, keys: JWK[]): object {
  return {
    jwks: { keys },
    ttl: {
      ClientCredentials: (_: unknown, token: { resourceServer?: { accessTokenTTL: number } }) =>
        token.resourceServer?.accessTokenTTL ?? 60,
    },
    cookies: { keys: ['of-no-importance'] },
    clients: Object.keys(people).map((client_id) => ({
      client_id,
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      id_token_signed_response_alg: keys[0]!.alg,
      redirect_uris: [],
      response_types: [],
    })),
    scopes: LIVES.map((seconds) => `for:${seconds}`),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://broadsheet.example',
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx: { oidc: { params?: { scope?: string } } }) => ({
          scope: LIVES.map((seconds) => `for:${seconds}`).join(' '),
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: Number(/for:(\d+)/.exec(ctx.oidc.params?.scope ?? '')?.[1] ?? 60),
          jwt: { sign: { alg: keys[0]!.alg } },
        }),
      },
    },
    extraTokenClaims: (_: unknown, token: { clientId: string }) => people[token.clientId],
  }
}
