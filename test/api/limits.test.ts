import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BATCH, HOSTILE_DOCUMENTS } from '../../bench/hostile.ts'
import { hashOf, makeToken } from '../../src/identity/token-text.ts'
import { createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

const DOORS = ['POST', 'GET', 'SSE', 'WS'] as const
const tenant = `limits${process.pid}`
const SMALL = '{ viewer { tenant } }'

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
const nested = (levels: number) =>
  `{ viewer { user { id } } reports { nodes { ${'regeneratedFrom { '.repeat(levels)} id ${'} '.repeat(levels)} } } }`

describe('documents and operations', () => {
  test.each<readonly [string, string]>([
    ['16 aliases', `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: viewer { tenant }`).join(' ')} }`],
    ['depth 11', nested(9)],
    ['51 directives', `{ viewer { tenant ${'@include(if: true) '.repeat(51)} } }`],
    ['1,001 tokens', `{ ${'viewer { tenant } '.repeat(250)} }`],
    ['20,000 levels', `{ ${'a { '.repeat(20_000)}a${' }'.repeat(20_000)} }`],
    ...HOSTILE_DOCUMENTS.map(({ name, query }) => [name, query] as const),
  ])('%s are refused before anything is executed, on every door', async (_, query) => {
    const { body } = await api.post(query, { token: member.token, variables: { n: 1_000_000 } })
    expect(body.data).toBeUndefined()
    expect(body.errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' })
    if (query.length > 60_000) return
    for (const door of DOORS) {
      const { data, codes } = await api.once(door, query, { token: member.token, variables: { n: 1_000_000 } })
      expect([door, data, codes[0]]).toEqual([door, null, 'BAD_USER_INPUT'])
    }
  })

  test('what is within the limits goes through', async () => {
    const { body } = await api.post(nested(4), { token: member.token })
    expect(body.errors).toBeUndefined()
  })

  test('an operation costs what its own variables ask for, also when its document is known', async () => {
    const query = 'query ($n: Int) { reports(first: $n) { nodes { id title } } }'
    for (const [n, ok] of [
      [100, true],
      [10_000, false],
      [100, true],
      [null, true],
      [-5, true],
    ] as const) {
      // prettier-ignore
      const { body } = await api.post(query, { token: member.token, variables: { n } })
      expect(JSON.stringify(body.errors ?? '').includes('costs'), String(n)).toBe(!ok)
    }
  })

  test('of a document with several operations the one that is named counts; a wrong variable is told by its own name', async () => {
    const ask = (operationName: string, variables: object) =>
      fetch(`${api.publicUrl}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${member.token}` },
        body: JSON.stringify({
          query: 'query Dear($n: Int!) { reports(first: $n) { nodes { id } } } query Cheap { viewer { tenant } }',
          operationName,
          variables,
        }),
      }).then((response) => response.json())
    expect(await ask('Cheap', {})).toEqual({ data: { viewer: { tenant } } })
    expect(JSON.stringify(await ask('Dear', { n: 1_000_000 }))).toMatch(/costs 2000001/)
    expect(JSON.stringify(await ask('Dear', { n: 'many' }))).toMatch(/\$n/)
    expect(JSON.stringify(await ask('Dear', {}))).toMatch(/\$n/)
  })

  test('a list of a hundred thousand wrong values is refused by its first', async () => {
    const start = performance.now()
    const { body, text } = await api.post(
      'mutation ($ids: [ID!]!) { cancelReports(ids: $ids) { userErrors { code } } }',
      {
        token: member.token,
        variables: { ids: Array.from({ length: 200_000 }, () => ({})) },
      },
    )
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
    expect(text.length).toBeLessThan(50_000)
    expect(performance.now() - start).toBeLessThan(1_500)
  })

  test('operations of one request are one', async () => {
    const response = await fetch(`${api.publicUrl}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${member.token}` },
      body: BATCH,
    })
    expect([response.status, ((await response.json()) as any).errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']) // prettier-ignore
  })

  test('each bound is a setting', async () => {
    const bounds: [Record<string, string>, string, RegExp][] = [
      [{ QUERY_DEPTH: '3' }, '{ reports { nodes { type { name } } } }', /4 levels, but at most 3 /],
      [{ QUERY_ALIASES: '0' }, '{ a: viewer { tenant } }', /1 aliases, but at most 0 /],
      [{ QUERY_DIRECTIVES: '0' }, '{ viewer @skip(if: false) { tenant } }', /1 directives, but at most 0 /],
      [{ QUERY_TOKENS: '20' }, `{ viewer { ${'tenant '.repeat(20)} } }`, /20 tokens/],
      [{ QUERY_COST: '100' }, '{ reports(first: 100) { nodes { id } } }', /costs 201, but at most 100 /],
    ]
    const settings = Object.assign({}, ...bounds.map(([setting]) => setting)) as Record<string, string>
    for (const [name, value] of Object.entries(settings))
      await withSettings({ [name]: value }, async (narrow) => {
        for (const [setting, query, message] of bounds) {
          const { body } = await narrow.post(query, { token: member.token })
          if (name in setting) expect(body.errors[0].message).toMatch(message)
          else expect(body.errors, `${name} ${query}`).toBeUndefined()
        }
      })
    await withSettings({ BODY_BYTES: '1000', FRAME_BYTES: '1000' }, async (narrow) => {
      const long = `${SMALL} # ${'x'.repeat(1_000)}`
      expect((await narrow.post(long, { token: member.token })).status).toBe(413)
      expect((await narrow.once('WS', long, { token: member.token })).closeCode).toBe(1009)
      expect((await narrow.once('WS', SMALL, { token: member.token })).data).toEqual({ viewer: { tenant } })
    })
  })
})

describe('a rate', () => {
  test.each(DOORS)('is counted over %s, and refused with the time to wait', async (door) => {
    await withSettings({ RATE_LIMIT: '6/m' }, async (narrow) => {
      const [asking, beside] = [await ground.person('MEMBER', { tenant }), await ground.person('MEMBER', { tenant })]
      for (let n = 0; n < 6; n++) expect((await narrow.once(door, SMALL, { token: asking.token })).codes).toEqual([])
      // Also what would be refused for itself, and whatever the door.
      for (const other of DOORS)
        for (const query of [SMALL, '{ nonsense', HOSTILE_DOCUMENTS[0]!.query])
          expect((await narrow.once(other, query, { token: asking.token })).codes).toEqual(['RATE_LIMITED'])
      expect((await narrow.once(door, SMALL, { token: beside.token })).codes).toEqual([])
    })
  })

  test('is told as 429 with Retry-After and retryAfter, and ends', async () => {
    await withSettings({ RATE_LIMIT: '2/s' }, async (narrow) => {
      const { token } = await ground.person('MEMBER', { tenant })
      let refused = await narrow.post(SMALL, { token })
      while (refused.status === 200) refused = await narrow.post(SMALL, { token })
      expect(refused.status).toBe(429)
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(refused.body).toEqual({ errors: [{ message: 'That is too fast: try again in 1 s.', extensions: { code: 'RATE_LIMITED', retryAfter: 1 } }] }) // prettier-ignore
      await until(async () => (await narrow.post(SMALL, { token })).status === 200, { timeout: 2_000 })
    })
  })

  test('is of the user, over its tokens and all API processes', async () => {
    await withSettings({ RATE_LIMIT: '10/m' }, (one) =>
      withSettings({ RATE_LIMIT: '10/m' }, async (other) => {
        const person = await ground.person('MEMBER', { tenant })
        const second = await anotherToken(person)
        // Until both have Redis each decides alone.
        await until(async () => {
          const probe = await ground.person('MEMBER', { tenant })
          const codes = []
          for (let n = 0; n < 11; n++) codes.push(...(await (n % 2 ? one : other).once('POST', SMALL, probe)).codes)
          return codes.length > 0
        })
        const answers = []
        for (let n = 0; n < 20; n++)
          answers.push((await (n % 2 ? one : other).post(SMALL, { token: n % 3 ? person.token : second })).status)
        expect(answers.filter((status) => status === 200)).toHaveLength(10)
      }),
    )
  })

  test('without a credential is of the address', async () => {
    await withSettings({ RATE_LIMIT: '3/m' }, async (narrow) => {
      await until(async () => (await narrow.post('{ __typename }')).status === 429)
      expect((await narrow.post(SMALL, { token: member.token })).status).not.toBe(401)
    })
  })
})

async function anotherToken(person: Person): Promise<string> {
  const token = makeToken()
  await ground.database.sql(
    `insert into broadsheet.api_token (id, tenant_id, user_id, name, hash, scopes) values ($1, $2, $3, 'second', $4, $5)`,
    [crypto.randomUUID(), person.tenant, person.id, hashOf(token), ['reports:read']],
  )
  return token
}

test('a stream over SSE ends with its credential', async () => {
  const leaving = await ground.person('MEMBER', { tenant: `limits${process.pid}` })
  const watched = api.sse('subscription { reportEvents { kind } }', { token: leaving.token })
  await until(() => watched.events.length === 1)
  await ground.database.sql(`update broadsheet.api_token set revoked_at = now() where id = $1`, [leaving.tokenId])
  await until(() => watched.done, { timeout: 7_000 })
  expect(watched.codes).toEqual(['UNAUTHENTICATED'])
  // A door that has just let the token pass remembers it for some seconds more.
  const codeNow = async () =>
    (await api.post('{ viewer { tenant } }', { token: leaving.token })).body.errors?.[0].extensions.code
  await until(async () => (await codeNow()) === 'UNAUTHENTICATED', { timeout: 5_000 })
})
