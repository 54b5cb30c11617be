import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

const QUERY = '{ viewer { tenant } }'
const SETTINGS = { BAD_TOKENS: '5/h' }

let ground: Ground
let api: TestApi
let member: Person
let addresses = 0

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground, SETTINGS)
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

/** Of this machine, and of nobody else in this run: the suite's Redis is everybody's. */
const newAddress = () => `127.${1 + ((process.pid >> 8) % 254)}.${process.pid % 256}.${(addresses += 1)}`

interface Call {
  from: string
  token: string
  of?: TestApi
  headers?: Record<string, string>
}
type Said = string | number | undefined

async function overHttp(path: string, body: object | null, { from, token, of = api, headers }: Call): Promise<Said> {
  const asked = request(`${of.publicUrl}${path}`, {
    localAddress: from,
    agent: false,
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }), ...headers },
  })
  asked.end(body ? JSON.stringify(body) : undefined)
  const [answer] = await once(asked, 'response')
  const said = await text(answer)
  if (answer.statusCode === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  return /"code":"([A-Z_]+)"/.exec(said)?.[1] ?? answer.statusCode
}

/** Over each door: a code, 200 where it is let in. */
const DOORS: Record<string, (call: Call) => Promise<Said>> = {
  POST: (call) => overHttp('/graphql', { query: QUERY }, call),
  GET: (call) => overHttp(`/graphql?query=${encodeURIComponent(QUERY)}`, null, call),
  SSE: (call) => overHttp('/graphql', { query: QUERY }, { ...call, headers: { accept: 'text/event-stream' } }),
  REST: (call) => overHttp('/api/v1/reports', null, call),
  async WebSocket({ from, token, of = api }) {
    const socket = new WebSocket(`${of.publicUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { localAddress: from } as never) // prettier-ignore
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } }))
    const [first] = await Promise.race([once(socket, 'message').then(() => [200]), once(socket, 'close')])
    socket.terminate()
    return ({ 4401: 'UNAUTHENTICATED', 4429: 'RATE_LIMITED' } as Record<number, string>)[first as number] ?? first
  },
}
const NAMES = Object.keys(DOORS)
const through = (door: string, call: Call) => DOORS[door]!(call)

describe.each(NAMES)('bad tokens over %s', (door) => {
  test('are told so, as many as an address may show, and then not looked at', async () => {
    const from = newAddress()
    const said: Said[] = []
    for (let n = 0; n < 7; n += 1) said.push(await through(door, { from, token: `nobody-has-this-${n}` }))
    expect(said).toEqual([...Array.from({ length: 5 }, () => 'UNAUTHENTICATED'), 'RATE_LIMITED', 'RATE_LIMITED'])
  })
})

describe('an address that showed too many', () => {
  let from: string
  const known = async () => (await ground.person('MEMBER')).token
  beforeAll(async () => {
    from = newAddress()
    // Known before.
    expect(await through('POST', { from: newAddress(), token: member.token })).toBe(200)
    for (let n = 0; n < 6; n += 1) await through('POST', { from, token: 'nobody-has-this' })
  })

  test.each(NAMES)('is refused over %s, also with a token that may be good; who is known comes in', async (door) => {
    expect(await through(door, { from, token: 'nobody-has-this' })).toBe('RATE_LIMITED')
    expect(await through(door, { from, token: await known() })).toBe('RATE_LIMITED')
    expect(await through(door, { from, token: member.token })).toBe(200)
    expect(await through(door, { from: newAddress(), token: await known() })).toBe(200)
  })

  test('is no other address by what it says', async () => {
    const headers = { 'x-forwarded-for': newAddress(), forwarded: `for=${newAddress()}`, 'x-real-ip': newAddress() }
    for (const door of ['POST', 'REST'])
      expect(await through(door, { from, token: 'nobody-has-this', headers })).toBe('RATE_LIMITED')
  })

  test('is the same to another process', async () => {
    const of = await startApi(ground, SETTINGS)
    try {
      // It may not have its Redis yet, and then goes by itself: each try is the first there of its address.
      await until(async () => {
        const there = newAddress()
        for (let n = 0; n < 5; n += 1) await through('POST', { from: there, token: 'nobody-has-this' })
        return (await through('POST', { from: there, token: 'nobody-has-this', of })) === 'RATE_LIMITED'
      })
      expect(await through('POST', { from: newAddress(), token: 'nobody-has-this', of })).toBe('UNAUTHENTICATED')
    } finally {
      await of.close()
    }
  })
})
