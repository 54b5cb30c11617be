import { readFileSync } from 'node:fs'
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SCOPES, type Scope } from '../../src/identity/viewer.ts'
import { createGround, gidOf, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

const schema = buildSchema(readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8'))
/** The scope without which each field of a root is FORBIDDEN (of several: all of them); null: it needs a credential and none of these. */
const NEEDS: Record<string, Scope | readonly Scope[] | null> = {
  'Query.viewer': null,
  'Query.reportTypes': null,
  'Query.reportType': null,
  // Everybody finds itself.
  'Query.users': null,
  'Query.report': 'reports:read',
  // The kind of object decides; here it is asked for a report.
  'Query.node': 'reports:read',
  'Query.reports': 'reports:read',
  'Query.upload': 'reports:read',
  'Query.schedule': 'schedules:read',
  'Query.schedules': 'schedules:read',
  'Query.resolveParameters': 'reports:write',
  'Query.upcomingSlots': ['schedules:read', 'schedules:write'],
  'Query.system': 'system:read',
  'Mutation.requestReport': 'reports:write',
  'Mutation.cancelReport': 'reports:write',
  'Mutation.retryReport': 'reports:write',
  'Mutation.cancelReports': 'reports:write',
  'Mutation.retryReports': 'reports:write',
  'Mutation.regenerateReport': 'reports:write',
  'Mutation.deliverReport': 'reports:write',
  'Mutation.deleteReport': 'reports:write',
  'Mutation.retryDelivery': 'reports:write',
  'Mutation.createUpload': 'reports:write',
  'Mutation.createSchedule': 'schedules:write',
  'Mutation.updateSchedule': 'schedules:write',
  'Mutation.pauseSchedule': 'schedules:write',
  'Mutation.resumeSchedule': 'schedules:write',
  'Mutation.runScheduleNow': 'schedules:write',
  'Mutation.deleteSchedule': 'schedules:write',
  'Mutation.createUser': 'users:write',
  'Mutation.updateUser': 'users:write',
  'Mutation.removeUser': 'users:write',
  // For oneself; what a token may have is another question: test/unit/identity-people.test.ts.
  'Mutation.createApiToken': null,
  'Mutation.revokeApiToken': null,
  'Subscription.reportProgress': 'reports:read',
  'Subscription.reportEvents': 'reports:read',
  'Subscription.scheduleEvents': 'schedules:read',
  'Subscription.system': 'system:read',
}

let ground: Ground
let api: TestApi
const having = new Map<string, Person>()
beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  for (const scope of SCOPES) having.set(`only ${scope}`, await ground.person('ADMIN', { scopes: [scope] }))
  for (const need of Object.values(NEEDS))
    if (need !== null && !having.has(`all but ${need}`)) {
      const scopes = SCOPES.filter((each) => ![need].flat().includes(each))
      having.set(`all but ${need}`, await ground.person('ADMIN', { scopes }))
    }
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const fields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((root) =>
  Object.values(root!.getFields()).map((field) => [`${root!.name}.${field.name}`, root!.name, field] as const),
)

test('each field of a root says what scope it needs', () => {
  expect(fields.map(([at]) => at).toSorted()).toEqual(Object.keys(NEEDS).toSorted())
})

describe.each(fields)('%s', (at, root, field) => {
  const operation = `${root.toLowerCase()} { ${field.name}${argumentsOf(field)} ${isLeafType(getNamedType(field.type)) ? '' : '{ __typename }'} }`
  const need = NEEDS[at]
  const codes = async (who: string) =>
    (
      await (root === 'Subscription'
        ? firstOf(operation, having.get(who)!.token)
        : api.once('POST', operation, having.get(who)!))
    ).codes

  test(
    need ? `is FORBIDDEN without ${need}, whatever else one has, and is not with it alone` : 'needs no scope',
    async () => {
      if (need) expect(await codes(`all but ${need}`)).toEqual(['FORBIDDEN'])
      for (const scope of need ? [need].flat() : SCOPES) expect(await codes(`only ${scope}`)).not.toContain('FORBIDDEN')
    },
  )
})

/** The first thing that a subscription says. */
async function firstOf(operation: string, token: string): Promise<{ codes: string[] }> {
  const watched = api.ws(operation, { token })
  await until(() => watched.done || watched.events.length > 0)
  watched.leave()
  return watched
}

/** What has to be given, of the right shape; ids are those of nobody. */
function argumentsOf(field: GraphQLField<unknown, unknown>): string {
  const given = field.args
    .filter(({ type }) => isNonNullType(type))
    .map(({ name, type }) => `${name}: ${literal(type)}`)
  return given.length > 0 ? `(${given.join(' ')})` : ''
}

function literal(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literal(type.ofType)
  if (isListType(type)) return `[${literal(type.ofType)}]`
  if (isEnumType(type)) return type.getValues()[0]!.name
  if (isInputObjectType(type)) {
    const all = Object.values(type.getFields())
    const wanted = type.isOneOf ? all.slice(0, 1) : all.filter((one) => isNonNullType(one.type))
    return `{ ${wanted.map((one) => `${one.name}: ${literal(one.type)}`).join(' ')} }`
  }
  if (type.name === 'ID') return JSON.stringify(gidOf('Report', crypto.randomUUID()))
  return ['Int', 'BigInt', 'Float'].includes(type.name) ? '1' : type.name === 'Boolean' ? 'true' : '"x"'
}
