import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let member: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  member = await ground.person('MEMBER', { tenant: `limits${process.pid}` })
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const nested = (levels: number) =>
  `{ viewer { user { id } } reports { nodes { ${'regeneratedFrom { '.repeat(levels)} id ${'} '.repeat(levels)} } } }`

test.each([
  ['16 aliases', `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: viewer { tenant }`).join(' ')} }`],
  ['depth 11', nested(9)],
  ['51 directives', `{ viewer { tenant ${'@include(if: true) '.repeat(51)} } }`],
  ['1,001 tokens', `{ ${'viewer { tenant } '.repeat(250)} }`],
  ['20,000 levels', `{ ${'a { '.repeat(20_000)}a${' }'.repeat(20_000)} }`],
])('%s are refused before anything is executed, on every door', async (_, query) => {
  const { body } = await api.post(query, { token: member.token })
  expect(body.data).toBeUndefined()
  expect(body.errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' })
  if (query.length > 60_000) return
  const watched = api.ws(query, { token: member.token })
  await until(() => watched.done)
  expect(watched.codes[0]).toBe('BAD_USER_INPUT')
})

test('what is within the limits goes through', async () => {
  const { body } = await api.post(nested(4), { token: member.token })
  expect(body.errors).toBeUndefined()
})

test('a stream over SSE ends with its credential', async () => {
  const leaving = await ground.person('MEMBER', { tenant: `limits${process.pid}` })
  const watched = api.sse('subscription { reportEvents { kind } }', { token: leaving.token })
  await until(() => watched.events.length === 1)
  await ground.database.sql(`update broadsheet.api_token set revoked_at = now() where id = $1`, [leaving.tokenId])
  await until(() => watched.done, { timeout: 7_000 })
  expect(watched.codes).toEqual(['UNAUTHENTICATED'])
  const { body } = await api.post('{ viewer { tenant } }', { token: leaving.token })
  expect(body.errors[0].extensions.code).toBe('UNAUTHENTICATED')
})
