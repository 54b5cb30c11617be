import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, gidOf, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'

let ground: Ground
let api: TestApi
/** Two reports of one MEMBER, both SUCCEEDED: one for itself, one for the tenant. */
const reports = { own: '', shared: '' }
const people = {} as Record<Who, Person | null>

type Who = 'ADMIN' | 'owner' | 'other' | 'VIEWER' | 'stranger' | 'nobody' | 'unscoped'
const DOORS = ['POST', 'GET', 'SSE', 'WS'] as const

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  people.ADMIN = await ground.person('ADMIN')
  people.owner = await ground.person('MEMBER')
  people.other = await ground.person('MEMBER')
  people.VIEWER = await ground.person('VIEWER')
  people.stranger = await ground.person('ADMIN', { tenant: 'elsewhere' })
  people.nobody = null
  people.unscoped = await ground.person('ADMIN', { scopes: ['schedules:read', 'users:write'] })
  reports.own = await api.ask(people.owner.token)
  reports.shared = await api.ask(people.owner.token, 'visibility: TENANT')
  for (const id of Object.values(reports)) await api.carrier.finish(uuidOf(id))
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

/** What each may read; the same for every door and every way in. */
const MAY: Record<Who, readonly (keyof typeof reports)[] | 'UNAUTHENTICATED' | 'FORBIDDEN'> = {
  ADMIN: ['own', 'shared'],
  owner: ['own', 'shared'],
  other: ['shared'],
  VIEWER: ['shared'],
  stranger: [],
  nobody: 'UNAUTHENTICATED',
  unscoped: 'FORBIDDEN',
}

describe.each(Object.keys(MAY) as Who[])('%s', (who) => {
  const may = MAY[who]
  const refused = typeof may === 'string' ? may : null
  const ids = () => [reports.own, reports.shared, gidOf('Report', crypto.randomUUID())]
  const visible = (index: number) =>
    !refused && (may as readonly string[]).includes(['own', 'shared', 'random'][index] as string)
  const token = () => people[who]?.token ?? null
  /** A socket without a credential is closed before anything can be asked. */
  const expectRefused = (door: string, answer: { codes: string[]; closeCode: number | null }) =>
    expect(door === 'WS' && who === 'nobody' ? answer.closeCode : [...new Set(answer.codes)]).toEqual(
      door === 'WS' && who === 'nobody' ? 4401 : [refused],
    )

  test.each(DOORS)('reads one report over %s, by report and by node', async (door) => {
    for (const [index, id] of ids().entries()) {
      const answer = await api.once(door, 'query ($id: ID!) { report(id: $id) { id } node(id: $id) { id } }', {
        token: token(),
        variables: { id },
      })
      if (refused) expectRefused(door, answer)
      else
        expect(answer).toMatchObject({
          codes: [],
          data: visible(index) ? { report: { id }, node: { id } } : { report: null, node: null },
        })
    }
  })

  test.each(DOORS)('lists them over %s', async (door) => {
    const answer = await api.once(door, '{ reports { totalCount nodes { id } } }', { token: token() })
    if (refused) return expectRefused(door, answer)
    const seen = ids().filter((_, index) => visible(index))
    expect(answer.codes).toEqual([])
    expect(answer.data.reports.totalCount).toBe(seen.length)
    expect(answer.data.reports.nodes.map(({ id }: any) => id).toSorted()).toEqual(seen.toSorted())
  })

  test.each(DOORS)('gets a link over %s', async (door) => {
    for (const [index, id] of ids().entries()) {
      const answer = await api.once(door, 'query ($id: ID!) { report(id: $id) { document { downloadUrl } } }', {
        token: token(),
        variables: { id },
      })
      if (refused) expectRefused(door, answer)
      else if (!visible(index)) expect(answer.data).toEqual({ report: null })
      else expect((await fetch(answer.data.report.document.downloadUrl)).status).toBe(200)
    }
  })

  test.each(['SSE', 'WS'] as const)('watches over %s', async (door) => {
    for (const [index, id] of ids().entries()) {
      const answer = await api.once(
        door,
        'subscription ($id: ID!) { reportProgress(id: $id) { status report { id } } }',
        { token: token(), variables: { id } },
      )
      if (refused) expectRefused(door, answer)
      else if (visible(index))
        expect(answer).toMatchObject({ codes: [], data: { reportProgress: { status: 'SUCCEEDED', report: { id } } } })
      else expect(answer).toMatchObject({ codes: ['NOT_FOUND'], data: null })
    }
  })
})

test('an answer about a foreign id is, byte for byte, the one about a random id', async () => {
  const token = people.stranger!.token
  const of = async (id: string) =>
    (
      await api.post('query ($id: ID!) { report(id: $id) { id } node(id: $id) { id __typename } }', {
        token,
        variables: { id },
      })
    ).text
  expect(await of(reports.shared)).toBe(await of(gidOf('Report', crypto.randomUUID())))
  expect(await of(people.owner!.gid)).toBe(await of(gidOf('User', crypto.randomUUID())))
  const revoke = async (id: string) =>
    (
      await api.post(
        'mutation ($id: ID!) { revokeApiToken(id: $id) { deletedId userErrors { field code message } } }',
        { token, variables: { id } },
      )
    ).text
  expect(await revoke(gidOf('ApiToken', people.owner!.tokenId))).toBe(
    await revoke(gidOf('ApiToken', crypto.randomUUID())),
  )
})

test('people: an ADMIN finds all of its tenant, the others themselves; an address is for its owner and for an ADMIN', async () => {
  await ground.database.sql(`update broadsheet.app_user set email = 'owner@example.com' where id = $1`, [
    people.owner!.id,
  ])
  const of = (who: Who) =>
    api.post(
      'query ($id: ID!, $owner: ID!) { users { nodes { id } } node(id: $id) { id } shared: reports { nodes { requestedBy { id email } } } owner: node(id: $owner) { id } }',
      { token: people[who]!.token, variables: { id: people[who]!.gid, owner: people.owner!.gid } },
    )
  const admin = (await of('ADMIN')).body.data
  expect(admin.users.nodes.map(({ id }: any) => id)).toContain(people.other!.gid)
  expect(admin.users.nodes.map(({ id }: any) => id)).not.toContain(people.stranger!.gid)
  expect(admin.owner.id).toBe(people.owner!.gid)
  expect(admin.shared.nodes[0].requestedBy.email).toBe('owner@example.com')
  const other = (await of('other')).body.data
  expect(other).toMatchObject({
    users: { nodes: [{ id: people.other!.gid }] },
    node: { id: people.other!.gid },
    owner: null,
  })
  expect(other.shared.nodes).toEqual([{ requestedBy: { id: people.owner!.gid, email: null } }])
  expect((await of('stranger')).body.data.owner).toBeNull()
})

test('who may manage people and tokens', async () => {
  const add = (who: Who) =>
    api.post('mutation { createUser(name: "Ada", role: VIEWER) { user { id } userErrors { code } } }', {
      token: people[who]!.token,
    })
  expect((await add('ADMIN')).body.data.createUser.userErrors).toEqual([])
  for (const who of ['owner', 'VIEWER'] as const)
    expect((await add(who)).body.errors[0].extensions.code).toBe('FORBIDDEN')
  const make = await api.post(
    'mutation { createApiToken(name: "t", scopes: ["reports:read", "users:write"]) { secret userErrors { field code } } }',
    { token: people.owner!.token },
  )
  expect(make.body.data.createApiToken).toEqual({
    secret: null,
    userErrors: [{ field: ['scopes'], code: 'FORBIDDEN' }],
  })
  const good = await api.post(
    'mutation { createApiToken(name: "t", scopes: ["reports:read"], expiresIn: "PT1H") { secret token { id expiresAt } } }',
    { token: people.owner!.token },
  )
  const { secret, token } = good.body.data.createApiToken
  expect(
    (await api.post('{ viewer { scopes user { id } apiTokens { id } } }', { token: secret })).body.data.viewer,
  ).toMatchObject({ scopes: ['reports:read'], user: { id: people.owner!.gid } })
  const revoked = await api.post('mutation ($id: ID!) { revokeApiToken(id: $id) { deletedId userErrors { code } } }', {
    token: people.owner!.token,
    variables: { id: token.id },
  })
  expect(revoked.body.data.revokeApiToken).toEqual({ deletedId: token.id, userErrors: [] })
})
