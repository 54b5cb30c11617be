import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWatchTokens } from '../../src/identity/watch-token.ts'
import {
  createGround,
  gidOf,
  SECRET,
  startApi,
  uuidOf,
  type Ground,
  type Person,
  type TestApi,
} from '../support/api.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let member: Person
const DOORS = ['POST', 'GET', 'SSE', 'WS'] as const
const WATCH = `subscription ($id: ID!) { reportProgress(id: $id) { sequence status stage percent rowsWritten message
  report { id title status failure { code } document { fileName sha256 rowCount downloadUrl columns { name } } } } }`
const READ = 'query ($id: ID!) { report(id: $id) { title status document { downloadUrl } } }'

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

async function watchToken(id: string, person: Pick<Person, 'token'> = member): Promise<string> {
  const { body } = await api.post('query ($id: ID!) { report(id: $id) { watchToken } }', {
    token: person.token,
    variables: { id },
  })
  return body.data.report.watchToken
}
async function finished(person = member): Promise<{ id: string; token: string }> {
  const id = await api.ask(person.token)
  await api.carrier.finish(uuidOf(id), { bytes: 'id\n1\n', rows: 1 })
  return { id, token: await watchToken(id, person) }
}
const randomId = () => gidOf('Report', crypto.randomUUID())
const end = (table: 'api_token' | 'app_user' | 'report', id: string) =>
  ground.database.sql(
    {
      api_token: `update broadsheet.api_token set revoked_at = now() where id = $1`,
      app_user: `update broadsheet.app_user set removed_at = now() where id = $1`,
      report: `delete from broadsheet.report where id = $1`,
    }[table],
    [id],
  )

test.each(['SSE', 'WS'] as const)(
  'over %s: a browser watches to the end and downloads, with nothing else',
  async (door) => {
    const id = await api.ask(member.token)
    const token = await watchToken(id)
    const ask = { token, variables: { id } }
    const watched = door === 'SSE' ? api.sse(WATCH, ask) : api.ws(WATCH, ask)
    await until(() => watched.events.length === 1)
    expect(watched.events[0].reportProgress).toMatchObject({ status: 'QUEUED', report: { id, document: null } })
    await api.carrier.finish(uuidOf(id), { bytes: 'id\n1\n', rows: 1 })
    await until(() => watched.done)
    expect(watched.codes).toEqual([])
    const { document } = watched.events.at(-1).reportProgress.report
    expect(await (await fetch(document.downloadUrl)).text()).toBe('id\n1\n')
    const endsAt = Number(new URL(document.downloadUrl).searchParams.get('expires')) * 1_000
    expect(endsAt).toBeLessThanOrEqual(Date.now() + 15 * 60_000)
  },
)

describe.each(DOORS)('over %s', (door) => {
  test('it reads its own report; another one, also of its own maker, is as good as none', async () => {
    const [own, other] = [await finished(), await finished()]
    expect((await api.once(door, READ, { token: own.token, variables: { id: own.id } })).data.report.status).toBe(
      'SUCCEEDED',
    )
    for (const id of [other.id, randomId()])
      expect(await api.once(door, READ, { token: own.token, variables: { id } })).toMatchObject({
        codes: [],
        data: { report: null },
      })
  })

  test.each([
    ['Query.viewer', '{ viewer { tenant } }'],
    ['Query.reports', '{ reports { nodes { id } } }'],
    ['Query.node', `{ node(id: "x") { id } }`],
    ['Query.users', '{ users { nodes { id } } }'],
    ['Query.schedules', '{ schedules { nodes { id } } }'],
    ['Query.reportTypes', '{ reportTypes { name } }'],
    ['Report.requestedBy', '{ report(id: "x") { requestedBy { id } } }'],
    ['Report.watchToken', '{ report(id: "x") { watchToken } }'],
    ['Report.parameters', 'fragment F on Report { parameters } query { report(id: "x") { ...F } }'],
    ['Query.__schema', '{ __schema { queryType { name } } }'],
  ])('%s is FORBIDDEN, whole', async (field, query) => {
    const { token } = await finished()
    const answer = await api.once(door, query, { token })
    expect(answer).toMatchObject({ codes: ['FORBIDDEN'], data: null })
    expect(field).toContain('.')
  })

  test('a forged one is UNAUTHENTICATED', async () => {
    const { id, token } = await finished()
    const answer = await api.once(door, READ, { token: `${token.slice(0, -2)}xx`, variables: { id } })
    expect(answer).toMatchObject(door === 'WS' ? { closeCode: 4401 } : { codes: ['UNAUTHENTICATED'], closeCode: 401 })
  })

  test.each([
    ['15 minutes', async () => undefined],
    ['its issuer', (_: string, issuer: Person) => end('app_user', issuer.id)],
    ['the token it was asked with', (_: string, issuer: Person) => end('api_token', issuer.tokenId)],
    ['its report', (id: string) => end('report', uuidOf(id))],
  ])('ends with %s', async (what, ending) => {
    const issuer = await ground.person('MEMBER')
    const { id, token } = await finished(issuer)
    await ending(id, issuer)
    const late = createWatchTokens({ secrets: [SECRET] }).make(
      { userId: issuer.id, tenantId: 'default', role: 'MEMBER', scopes: [], tokenExpiresAt: null, apiTokenId: null },
      uuidOf(id),
      new Date(Date.now() - 15 * 60_000 - 1_000),
    )
    const answer = await api.once(door, READ, { token: what === '15 minutes' ? late : token, variables: { id } })
    expect(answer).toMatchObject(door === 'WS' ? { closeCode: 4403 } : { codes: ['UNAUTHENTICATED'], closeCode: 401 })
  })
})

describe.each(['SSE', 'WS'] as const)('watching over %s', (door) => {
  test('another report, or anything else that lives, is refused', async () => {
    const [own, other] = [await finished(), await finished()]
    for (const id of [other.id, randomId()])
      expect(await api.once(door, WATCH, { token: own.token, variables: { id } })).toMatchObject({
        codes: ['NOT_FOUND'],
        data: null,
      })
    expect(await api.once(door, 'subscription { reportEvents { kind } }', { token: own.token })).toMatchObject({
      codes: ['FORBIDDEN'],
    })
    for (const query of [
      `mutation { cancelReport(id: "${own.id}") { report { id } } }`,
      'mutation { createApiToken(name: "x", scopes: ["reports:read"]) { secret } }',
    ])
      expect(await api.once(door, query, { token: own.token })).toMatchObject({ codes: ['FORBIDDEN'], data: null })
  })

  test('what lives ends within 5 s with issuer, token or report', async () => {
    const endings = {
      issuer: (_: string, issuer: Person) => end('app_user', issuer.id),
      token: (_: string, issuer: Person) => end('api_token', issuer.tokenId),
      report: (id: string) => end('report', uuidOf(id)),
    }
    const live: { watched: ReturnType<TestApi['ws']>; end(): Promise<unknown> }[] = []
    for (const ending of Object.values(endings)) {
      const issuer = await ground.person('MEMBER')
      const id = await api.ask(issuer.token)
      const ask = { token: await watchToken(id, issuer), variables: { id } }
      const watched = door === 'SSE' ? api.sse(WATCH, ask) : api.ws(WATCH, ask)
      await until(() => watched.events.length === 1)
      live.push({ watched, end: () => ending(id, issuer) })
    }
    for (const one of live) await one.end()
    await until(() => live.every(({ watched }) => watched.done), { timeout: 5_000 })
    // A deleted report ends its stream by itself; the socket under it goes too.
    const said = live.slice(0, 2).map(({ watched }) => (door === 'WS' ? watched.closeCode : watched.codes.at(-1)))
    expect(said).toEqual(door === 'WS' ? [4403, 4403] : ['UNAUTHENTICATED', 'UNAUTHENTICATED'])
  })
})

test('it gives no more than its maker’s rights: a role that is lost is lost to it', async () => {
  const boss = await ground.person('ADMIN')
  const { id } = await finished()
  const token = await watchToken(id, boss)
  const read = async () => (await api.post(READ, { token, variables: { id } })).body.data.report
  expect(await read()).not.toBeNull()
  await ground.database.sql(`update broadsheet.app_user set role = 'MEMBER' where id = $1`, [boss.id])
  await until(async () => (await read()) === null, { timeout: 5_000 })
})

test('it is in no log', async () => {
  const { token } = await finished()
  await api.post(READ, { token, variables: { id: 'x' } })
  expect(api.lines.join('')).not.toContain(token.slice(-20))
})
