import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isUnreachable } from '../../src/db/unreachable.ts'
import { createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'

let ground: Ground
let api: TestApi
let admin: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  admin = await ground.person('ADMIN')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

/** Characters that Postgres does not take in a text: NUL, and halves of a surrogate pair. */
const STRANGE = ['a\0b', 'a\ud800b', '\udc00a']
const REQUEST = { report: { sales: { startDate: '2026-01-01', endDate: '2026-01-31' } } }

/** The user errors that a mutation answers; errors of the operation where it failed as a whole. */
async function refused(mutation: string, variables: Record<string, unknown>): Promise<unknown> {
  const { body } = await api.post(mutation, { token: admin.token, variables })
  return body.errors ?? (Object.values(body.data)[0] as any).userErrors
}
const ERRORS = '{ userErrors { field code } }'
const ASK = `mutation ($input: RequestReportInput!) { requestReport(input: $input) ${ERRORS} }`
const TOKEN = `mutation ($name: String!) { createApiToken(name: $name, scopes: ["reports:read"]) ${ERRORS} }`
const USER = `mutation ($name: String!, $email: String) { createUser(name: $name, email: $email, role: MEMBER) ${ERRORS} }`
async function codes(query: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  const { body } = await api.post(query, { token: admin.token, variables })
  return body.errors?.map(({ message, extensions }: any) => [extensions.code, message]) ?? 'no error'
}

describe('a text that no database stores', () => {
  test.each(STRANGE)('in a mutation is INVALID where it stands: %j', async (text) => {
    const at = (...field: string[]) => [{ field, code: 'INVALID' }]
    expect(await refused(ASK, { input: { ...REQUEST, title: text } })).toEqual(at('title'))
    expect(await refused(ASK, { input: { ...REQUEST, tags: ['fine', text] } })).toEqual(at('tags', '1'))
    expect(await refused(ASK, { input: { ...REQUEST, idempotencyKey: text } })).toEqual(at('idempotencyKey'))
    expect(await refused(TOKEN, { name: text })).toEqual(at('name'))
    expect(await refused(USER, { name: text })).toEqual(at('name'))
    expect(await refused(USER, { name: 'Ada', email: `${text}@example.org` })).toEqual(at('email'))
  })

  test.each(STRANGE)('in a filter is BAD_USER_INPUT that names the field: %j', async (text) => {
    for (const [field, value] of Object.entries({ titleContains: text, tag: text, type: ['sales', text] }))
      expect(
        await codes('query ($filter: ReportFilter) { reports(filter: $filter) { nodes { id } } }', {
          filter: { [field]: value },
        }),
      ).toEqual([['BAD_USER_INPUT', expect.stringContaining(`filter.${field} holds a character`)]])
  })

  test('is nothing that comes right by asking again', () => {
    const withCode = (code: string) => Object.assign(new Error('x'), { code })
    expect(isUnreachable(withCode('08P01'))).toBe(false)
    expect(['08000', '08006', '57P01', '53300'].every((code) => isUnreachable(withCode(code)))).toBe(true)
  })
})

describe('years that no database stores', () => {
  test.each(['0000-01-01T00:00:00Z', '9999-12-31T23:30:00-05:00', '0001-01-01T00:30:00+05:00', '2026-1-01T000000000Z'])(
    '%s is no instant of a filter',
    async (text) => {
      for (const field of ['createdFrom', 'createdBefore'])
        expect(
          await codes('query ($filter: ReportFilter) { reports(filter: $filter) { nodes { id } } }', {
            filter: { [field]: text },
          }),
        ).toEqual([['BAD_USER_INPUT', expect.stringContaining(`filter.${field} is not an instant`)]])
    },
  )

  test.each(['+010000-01-01T00:00:00.000Z', '-000001-01-01T00:00:00.000Z', '0000-06-01T00:00:00.000Z'])(
    '%s is in no cursor',
    async (moment) => {
      const after = Buffer.from(JSON.stringify([moment, admin.id])).toString('base64url')
      expect(await codes('query ($after: String) { reports(after: $after) { nodes { id } } }', { after })).toEqual([
        ['BAD_USER_INPUT', expect.stringContaining('after is not a cursor')],
      ])
    },
  )

  test('the first and the last year are years', async () => {
    expect(
      await codes(
        '{ reports(filter: { createdFrom: "0001-01-01T00:00:00Z", createdBefore: "9999-12-31T23:59:59.999Z" }) { nodes { id } } }',
      ),
    ).toBe('no error')
  })
})

describe('JSON that is nested deep', () => {
  const REQUEST_BY_NAME = `mutation ($parameters: JSON) {
    requestReport(input: { report: { byName: { type: "sales", parameters: $parameters } } }) { userErrors { field code } }
  }`
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))

  test.each([33, 60_000])('%i levels are BAD_USER_INPUT', async (depth) => {
    // As text: JSON.stringify overflows on the very value.
    const body = `{"query":${JSON.stringify(REQUEST_BY_NAME)},"variables":{"parameters":${'['.repeat(depth)}${']'.repeat(depth)}}}`
    const response = await fetch(`${api.publicUrl}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.token}` },
      body,
    })
    const { errors } = (await response.json()) as { errors: any[] }
    expect(errors.map(({ extensions }: any) => extensions.code)).toEqual(['BAD_USER_INPUT'])
    expect(errors[0].message).toContain('32 levels')
  })

  test('so are those of a literal; 32 are looked at', async () => {
    const literal = (depth: number) =>
      `mutation { requestReport(input: { report: { byName: { type: "sales", parameters: ${'['.repeat(depth)}${']'.repeat(depth)} } } }) { userErrors { code } } }`
    expect(await codes(literal(33))).toEqual([['BAD_USER_INPUT', expect.any(String)]])
    const { body } = await api.post(REQUEST_BY_NAME, { token: admin.token, variables: { parameters: nested(32) } })
    expect(body.data.requestReport.userErrors).toMatchObject([{ code: 'INVALID' }])
  })
})
