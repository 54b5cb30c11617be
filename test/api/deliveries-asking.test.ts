import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gidOf, uuidOf, type Person } from '../support/api.ts'
import { openDeliveryScene, type DeliveryScene } from '../support/delivery-scene.ts'
import { WEBHOOK_SECRET } from '../support/hooks.ts'

let scene: DeliveryScene
let owner: Person
let other: Person
let viewer: Person
let admin: Person

beforeAll(async () => {
  scene = await openDeliveryScene()
  owner = scene.owner
  other = await scene.ground.person('MEMBER')
  viewer = await scene.ground.person('VIEWER')
  admin = await scene.ground.person('ADMIN')
})
afterAll(() => scene?.close())

const webhook: DeliveryScene['webhook'] = (...given) => scene.webhook(...given)
const ask: DeliveryScene['ask'] = (...given) => scene.ask(...given)
const deliveriesOf: DeliveryScene['deliveriesOf'] = (...given) => scene.deliveriesOf(...given)
const deliver: DeliveryScene['deliver'] = (...given) => scene.deliver(...given)
const retry: DeliveryScene['retry'] = (...given) => scene.retry(...given)
const ended: DeliveryScene['ended'] = (id) => scene.ended(id)
const received: DeliveryScene['received'] = (...given) => scene.received(...given)
const came = (path: string) => scene.hooks.received.filter((each) => each.path === path)

describe('asking for deliveries', () => {
  test('what is wrong with any of them, and with the rest of the request, is told at once with its path', async () => {
    const { report, userErrors } = await ask(
      [
        webhook('/200', 'whsec_short'),
        `{ webhook: { url: "http://169.254.169.254/latest", secret: "${WEBHOOK_SECRET}" } }`,
        `{ webhook: { url: "https://user:password@example.com/x", secret: "${WEBHOOK_SECRET}" } }`,
        `{ keep: "${gidOf('DeliveryTarget', crypto.randomUUID())}" }`,
        `{ webhook: { url: "https://example.com/\\u0000", secret: "${WEBHOOK_SECRET}" } }`,
      ].join(),
      'timeZone: "Moon/Base"',
    )
    expect(report).toBeNull()
    expect(userErrors.map(({ field, code }: any) => [field.join('.'), code])).toEqual([
      ['timeZone', 'INVALID'],
      ['deliveries.0.webhook.secret', 'INVALID'],
      ['deliveries.1.webhook.url', 'INVALID'],
      ['deliveries.2.webhook.url', 'INVALID'],
      ['deliveries.3.keep', 'INVALID'],
      ['deliveries.4.webhook.url', 'INVALID'],
    ])
    expect(await scene.ground.database.sql(`select from broadsheet.delivery_target where target->>'url' like '%169%'`)).toEqual([]) // prettier-ignore
  })

  test('is limited to 20, and DeliveryInput to one field', async () => {
    const { userErrors } = await ask(Array.from({ length: 21 }, () => webhook('/200/many')).join())
    expect(userErrors).toMatchObject([{ field: ['deliveries'], code: 'LIMIT_REACHED' }])
    const { body } = await scene.api.post(`mutation { deliverReport(id: "x", deliveries: [{}]) { report { id } } }`, {
      token: owner.token,
    })
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test('belongs to the idempotent input', async () => {
    const key = `idempotencyKey: "deliveries"`
    const first = await ask(webhook('/200/key'), key)
    expect((await ask(webhook('/200/key'), key)).report.id).toBe(first.report.id)
    expect((await ask(webhook('/200/another'), key)).userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }])
    await scene.api.carrier.finish(uuidOf(first.report.id))
    expect(await ended(first.report.id)).toHaveLength(1)
  })

  test('of a report that is reused: at its end where it is on its way, at once where it is there', async () => {
    const person = await scene.ground.person('MEMBER')
    const first = await ask(webhook('/200/reuse-1'), '', person.token)
    const second = await ask(webhook('/200/reuse-2'), 'reuseWithin: "PT1H"', person.token)
    expect(second.report.id).toBe(first.report.id)
    expect(came('/200/reuse-2')).toEqual([])
    await scene.api.carrier.finish(uuidOf(first.report.id))
    await Promise.all([received('/200/reuse-1', 1), received('/200/reuse-2', 1)])
    const third = await ask(webhook('/200/reuse-3'), 'reuseWithin: "PT1H"', person.token)
    expect(third.report.id).toBe(first.report.id)
    await received('/200/reuse-3', 1)
    expect(came('/200/reuse-1')).toHaveLength(1)
  })

  test('again (regenerateReport) goes where the first went', async () => {
    const { report } = await ask(webhook('/200/again'))
    await scene.api.carrier.finish(uuidOf(report.id))
    await ended(report.id)
    const { body } = await scene.api.post(`mutation ($id: ID!) { regenerateReport(id: $id) { report { id } } }`, { token: admin.token, variables: { id: report.id } }) // prettier-ignore
    const newId = body.data.regenerateReport.report.id
    await scene.api.carrier.finish(uuidOf(newId))
    await received('/200/again', 2)
    expect(came('/200/again')[1]?.body.data.reportId).toBe(newId)
  })
})

describe('who may', () => {
  let id: string
  let deliveryId: string
  beforeAll(async () => {
    scene.hooks.answer = 410
    id = (await ask(webhook('/410/policy'), 'visibility: TENANT')).report.id
    await scene.api.carrier.finish(uuidOf(id))
    deliveryId = (await ended(id))[0].id
  })
  const node = async (token: string) =>
    (
      await scene.api.post(`query ($id: ID!) { node(id: $id) { ... on Delivery { target lastError status } } }`, {
        token,
        variables: { id: deliveryId },
      })
    ).body.data.node

  test('read: all of it who manages the report, where it goes nobody else; a foreign id is an unknown one', async () => {
    const foreign = await scene.ground.person('ADMIN', { tenant: 'elsewhere' })
    expect(await node(owner.token)).toEqual({ target: scene.hooks.url('/410/policy'), lastError: expect.stringContaining('410'), status: 'FAILED' }) // prettier-ignore
    expect(await node(admin.token)).toMatchObject({ target: scene.hooks.url('/410/policy') })
    for (const reader of [other, viewer])
      expect(await node(reader.token)).toEqual({ target: '(hidden)', lastError: null, status: 'FAILED' })
    expect(await node(foreign.token)).toBeNull()
    const mine = (await ask(webhook('/410/private'))).report.id
    await scene.api.carrier.finish(uuidOf(mine))
    const [hidden] = await ended(mine)
    deliveryId = [hidden.id, deliveryId][0]
    expect(await node(other.token)).toBeNull()
    deliveryId = (await deliveriesOf(id))[0].id
  })

  test('change: the owner and an ADMIN; who reads gets FORBIDDEN, all others NOT_FOUND', async () => {
    const foreign = await scene.ground.person('ADMIN', { tenant: 'elsewhere' })
    const code = (answer: any) => answer.userErrors?.[0]?.code ?? answer.errors?.[0]?.extensions.code
    for (const act of [
      (token: string) => retry(deliveryId, token),
      (token: string) => deliver(id, webhook('/200/who'), token),
    ]) {
      expect(code(await act(other.token))).toBe('FORBIDDEN')
      expect(code(await act(viewer.token))).toBe('FORBIDDEN')
      expect(code(await act(foreign.token))).toBe('NOT_FOUND')
    }
    expect(code(await retry(gidOf('Delivery', crypto.randomUUID())))).toBe('NOT_FOUND')
    expect(code(await retry('rubbish'))).toBe('NOT_FOUND')
    const closed = (await ask(webhook('/410/closed'))).report.id
    await scene.api.carrier.finish(uuidOf(closed))
    const [hidden] = await ended(closed)
    // One of a colleague's report in the same words as one that nobody has.
    expect(await retry(hidden.id, other.token)).toEqual(
      await retry(gidOf('Delivery', crypto.randomUUID()), other.token),
    )
    expect(code(await deliver(gidOf('Report', crypto.randomUUID()), webhook('/200/who')))).toBe('NOT_FOUND')
    expect(came('/200/who')).toEqual([])
    expect((await deliver(id, webhook('/200/who'), admin.token)).userErrors).toEqual([])
    await received('/200/who', 1)
  })

  test('deliver: a document that is there, to somebody', async () => {
    const { report } = await ask('')
    expect(await deliver(report.id, webhook('/200/never'))).toMatchObject({
      report: { id: report.id },
      userErrors: [{ field: ['id'], code: 'CONFLICT' }],
    })
    await scene.api.carrier.finish(uuidOf(report.id))
    expect((await deliver(report.id, '')).userErrors).toMatchObject([{ field: ['deliveries'], code: 'REQUIRED' }])
    expect((await deliver(report.id, webhook('/200', 'no'))).userErrors).toMatchObject([
      { field: ['deliveries', '0', 'webhook', 'secret'], code: 'INVALID' },
    ])
    expect(came('/200/never')).toEqual([])
  })
})

test('no secret stands in any column in plain text', async () => {
  await ask(webhook('/200/secret'))
  const tables = await scene.ground.database.sql<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'broadsheet' and table_type = 'BASE TABLE'`,
  )
  expect(tables.length).toBeGreaterThan(8)
  const bytes = Buffer.from(WEBHOOK_SECRET.slice(6), 'base64')
  let seen = 0
  for (const { name } of tables) {
    const rows = await scene.ground.database.sql<{ text: string }>(`select t::text as text from broadsheet.${name} t`)
    seen += rows.length
    for (const { text } of rows)
      for (const form of [
        WEBHOOK_SECRET,
        WEBHOOK_SECRET.slice(6),
        bytes.toString('hex'),
        Buffer.from(WEBHOOK_SECRET).toString('hex'),
        bytes.toString(),
      ])
        // prettier-ignore
        expect(text.includes(form), name).toBe(false)
  }
  expect(seen).toBeGreaterThan(20)
  expect(
    await scene.ground.database.sql(
      `select from broadsheet.delivery_target where channel = 'WEBHOOK' and secret is not null`,
    ),
  ).not.toEqual([])
  expect(scene.api.lines.join().includes(WEBHOOK_SECRET)).toBe(false)
})
