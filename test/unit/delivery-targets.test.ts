import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Channels } from '../../src/channels/index.ts'
import type { Database } from '../../src/db/orm.ts'
import { API_ROLE, WORKER_ROLE } from '../../src/db/roles.ts'
import { copyTargets, insertTargets, replaceTargets, targetsOf } from '../../src/delivery/kept-targets.ts'
import { createSecrets } from '../../src/delivery/secrets.ts'
import { createTargets, type DeliveryInput } from '../../src/delivery/targets.ts'
import { refuse } from '../../src/errors.ts'
import type { Viewer } from '../../src/identity/viewer.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { reportsIn } from '../support/reports.ts'

let database: TestDatabase
let api: Database
let viewer: Viewer
let reportId: string
const scheduleId = uuid()
const secrets = createSecrets(['x'.repeat(32)])
/** One that takes any place but "nowhere", and tells who asked. */
const channels = new Map([
  [
    'EMAIL',
    {
      name: 'EMAIL',
      takesFailures: true,
      check({ place, secret }: { place: string; secret?: string }, { email }: { email: string | null }) {
        if (place === 'nowhere') throw refuse('INVALID', ['place'], 'Say where.')
        return { target: { place, by: email }, ...(secret && { secret }) }
      },
      describe: ({ place }: { place: string }) => `to ${place}`,
    },
  ],
]) as unknown as Channels
const targets = createTargets({ channels, secrets })
const FORM = { format: 'CSV', compression: 'NONE', csvDialect: 'POSTGRES' } as const

beforeAll(async () => {
  database = await createDatabase()
  api = await database.open(API_ROLE)
  reportId = await reportsIn(database, new URL('../../reports', import.meta.url).pathname).ask('sales.sql')
  const [user] = await database.sql<{ id: string }>(
    `update broadsheet.app_user set email = 'me@here.test' returning id`,
  )
  viewer = { userId: user!.id, tenantId: 'default', role: 'MEMBER', scopes: [], tokenExpiresAt: null, apiTokenId: null }
})
afterAll(() => database.drop())

const check = (inputs: DeliveryInput[], keepable: string[] = []) =>
  api.inTenant('default', (em) =>
    targets.check(
      em,
      viewer,
      inputs,
      ['deliveries'],
      FORM,
      keepable.map((id) => ({ id, channel: 'EMAIL', target: {} })),
    ),
  )
const kept = async () => {
  const reading = api.reading('default')
  const [found] = await targetsOf(reading, [scheduleId])
  await reading.end()
  return found!
}
const email = (place: string, more: object = {}) => ({ email: { place, ...more } })

test('a schedule’s targets: kept with their secrets, in the order of the list, replaced, copied to its reports', async () => {
  const first = await check([email('a', { secret: 'hush' }), email('b'), email('c')])
  await api.inTenant('default', (em) => insertTargets(em, viewer, { scheduleId }, first))
  const [a, b, c] = await kept()
  expect([a, b, c].map((target) => target?.described)).toEqual(['to a', 'to b', 'to c'])
  const second = await check([{ keep: c!.id }, email('d'), { keep: a!.id }], [a!.id, b!.id, c!.id])
  await api.inTenant('default', (em) => replaceTargets(em, viewer, scheduleId, second))
  const now = await kept()
  expect(now.map((target) => target.described)).toEqual(['to c', 'to d', 'to a'])
  expect([now[0]?.id, now[2]?.id]).toEqual([c!.id, a!.id])

  const worker = await database.open(WORKER_ROLE)
  await worker.transaction((em) => copyTargets(em, scheduleId, reportId))
  const rows = await database.sql<{ described: string; target: object; secret: Buffer | null }>(
    `select described, target, secret from broadsheet.delivery_target where report_id = $1 order by position`,
    [reportId],
  )
  expect(rows.map(({ described }) => described)).toEqual(['to c', 'to d', 'to a'])
  expect(rows[0]?.target).toEqual({ place: 'c', by: 'me@here.test' })
  expect(secrets.open(rows[2]!.secret!, 'default')).toBe('hush')
  await api.inTenant('default', (em) => replaceTargets(em, viewer, scheduleId, []))
  expect(await kept()).toEqual([])
})

test('what is wrong is told with its path: all of it', async () => {
  const other = uuid()
  await expect(
    check([email('a'), email('nowhere'), { keep: other }, { bucket: { key: 'x' } }, email('half \ud800')], [uuid()]),
  ).rejects.toMatchObject({
    userErrors: [
      { field: ['deliveries', '1', 'email', 'place'], code: 'INVALID', message: 'Say where.' },
      { field: ['deliveries', '2', 'keep'], code: 'INVALID' },
      { field: ['deliveries', '3', 'bucket'], code: 'INVALID' },
      { field: ['deliveries', '4', 'email', 'place'], code: 'INVALID' },
    ],
  })
  await expect(check([{ keep: other }, { keep: other }], [other])).rejects.toMatchObject({
    userErrors: [{ field: ['deliveries', '1', 'keep'] }],
  })
})
