import { readFileSync } from 'node:fs'
import { buildSchema, getNamedType, isObjectType, type GraphQLObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'

/** Relay's rules for a server: https://relay.dev/graphql/connections.htm and https://relay.dev/graphql/objectidentification.htm */
const schema = buildSchema(readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8'))
const objects = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type)) as GraphQLObjectType[]
const typeOf = (type: GraphQLObjectType, field: string) => String(type.getFields()[field]?.type)

let ground: Ground
let api: TestApi
let member: Person
const ids: string[] = []

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  member = await ground.person('ADMIN', { tenant: 'relay' })
  for (let count = 0; count < 5; count++) ids.unshift(await api.ask(member.token))
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<any> {
  const { body } = await api.post(query, { token: member.token, variables })
  expect(body.errors).toBeUndefined()
  return body.data
}

describe('connections', () => {
  const connections = objects.filter(({ name }) => name.endsWith('Connection'))
  const fields = objects.flatMap((type) =>
    Object.values(type.getFields()).filter((field) => getNamedType(field.type).name.endsWith('Connection')),
  )

  test('have edges and pageInfo, and an edge a node and a cursor', () => {
    expect(connections.length).toBeGreaterThan(4)
    for (const connection of connections) {
      const edge = schema.getType(connection.name.replace(/Connection$/, 'Edge')) as GraphQLObjectType
      expect([connection.name, typeOf(connection, 'pageInfo')]).toEqual([connection.name, 'PageInfo!'])
      expect(typeOf(connection, 'edges')).toBe(`[${edge.name}!]!`)
      expect(typeOf(edge, 'cursor')).toBe('String!')
      expect(`[${typeOf(edge, 'node')}]!`).toBe(typeOf(connection, 'nodes'))
    }
    const pageInfo = schema.getType('PageInfo') as GraphQLObjectType
    expect(
      ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'].map((field) => typeOf(pageInfo, field)),
    ).toEqual(['Boolean!', 'Boolean!', 'String', 'String'])
  })

  test('are asked with first and after, and with last and before where they have both ends', () => {
    expect(fields.length).toBeGreaterThanOrEqual(connections.length)
    for (const { name, args } of fields) {
      const types = Object.fromEntries(args.map((argument) => [argument.name, String(argument.type)]))
      expect([name, types['first'], types['after']]).toEqual([name, 'Int', 'String'])
      expect([name, types['last'] === undefined, types['last'] ?? 'Int', types['before'] ?? 'String']).toEqual([
        name,
        types['before'] === undefined,
        'Int',
        'String',
      ])
    }
  })

  const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String) {
    reports(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`
  const page = async (variables: Record<string, unknown>) => {
    const { edges, pageInfo } = (await ask(PAGE, variables)).reports
    expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]?.cursor ?? null, edges.at(-1)?.cursor ?? null])
    return {
      found: edges.map((edge: any) => edge.node.id),
      cursors: edges.map((edge: any) => edge.cursor),
      ...pageInfo,
    }
  }

  test('forwards: each page goes on behind the last, in one order', async () => {
    const first = await page({ first: 2 })
    expect([first.found, first.hasNextPage]).toEqual([ids.slice(0, 2), true])
    const second = await page({ first: 2, after: first.endCursor })
    expect([second.found, second.hasNextPage]).toEqual([ids.slice(2, 4), true])
    const third = await page({ first: 2, after: second.endCursor })
    expect([third.found, third.hasNextPage]).toEqual([ids.slice(4), false])
    expect((await page({ first: 2, after: third.endCursor })).found).toEqual([])
  })

  test('backwards: the same order, from the other end', async () => {
    const last = await page({ last: 2 })
    expect([last.found, last.hasPreviousPage]).toEqual([ids.slice(3), true])
    const before = await page({ last: 2, before: last.startCursor })
    expect([before.found, before.hasPreviousPage]).toEqual([ids.slice(1, 3), true])
    const rest = await page({ last: 2, before: before.startCursor })
    expect([rest.found, rest.hasPreviousPage]).toEqual([ids.slice(0, 1), false])
  })

  test('between two cursors', async () => {
    const all = await page({ first: 5 })
    expect((await page({ first: 5, after: all.cursors[0], before: all.cursors[4] })).found).toEqual(ids.slice(1, 4))
  })
})

describe('nodes', () => {
  test('Node has an id, node finds it, and every type that has one and a life of its own is a Node', () => {
    const query = schema.getQueryType() as GraphQLObjectType
    expect(typeOf(query, 'node')).toBe('Node')
    expect(query.getFields()['node']?.args.map(({ name, type }) => [name, String(type)])).toEqual([['id', 'ID!']])
    const withId = objects.filter((type) => typeOf(type, 'id') === 'ID!').map(({ name }) => name)
    const nodes = objects
      .filter((type) => type.getInterfaces().some(({ name }) => name === 'Node'))
      .map(({ name }) => name)
    // A target belongs to its report or schedule; a worker is a process, and no object that stays.
    expect(withId.filter((name) => !nodes.includes(name)).toSorted()).toEqual(['DeliveryTarget', 'Worker'])
    expect(nodes.length).toBeGreaterThan(4)
  })

  test('whatever has an id is found again by it, as the same thing', async () => {
    const made = await ask(`mutation {
      createSchedule(input: { report: { sales: { startDate: "today", endDate: "today" } }, title: "Daily", cadence: { preset: DAILY } }) { schedule { id } }
      createApiToken(name: "one", scopes: ["reports:read"]) { token { id } }
    }`)
    const found = [
      ['Report', ids[0]],
      ['User', member.gid],
      ['Schedule', made.createSchedule.schedule.id],
      ['ApiToken', made.createApiToken.token.id],
    ]
    for (const [type, id] of found)
      expect(await ask('query ($id: ID!) { node(id: $id) { __typename id } }', { id })).toEqual({
        node: { __typename: type, id },
      })
  })

  test('a delivery too', async () => {
    await api.carrier.finish(uuidOf(ids[0]!))
    await ask(
      `mutation ($id: ID!, $to: [DeliveryInput!]!) { deliverReport(id: $id, deliveries: $to) { userErrors { message } } }`,
      {
        id: ids[0],
        to: [{ webhook: { url: 'https://example.com/', secret: `whsec_${Buffer.alloc(24, 'x').toString('base64')}` } }],
      },
    )
    const { report } = await ask('query ($id: ID!) { report(id: $id) { deliveries { id } } }', { id: ids[0] })
    expect(report.deliveries.length).toBe(1)
    const [{ id }] = report.deliveries
    expect(await ask('query ($id: ID!) { node(id: $id) { __typename id } }', { id })).toEqual({
      node: { __typename: 'Delivery', id },
    })
  })
})
