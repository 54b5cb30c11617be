import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { countDeliveries } from '../../src/system/tally.ts'
import { uuidOf, type Person } from '../support/api.ts'
import { openDeliveryScene, type DeliveryScene } from '../support/delivery-scene.ts'
import { until } from '../support/until.ts'

let scene: DeliveryScene
let owner: Person
beforeAll(async () => {
  scene = await openDeliveryScene()
  owner = scene.owner
})
afterAll(() => scene?.close())

const webhook: DeliveryScene['webhook'] = (...given) => scene.webhook(...given)
const ask: DeliveryScene['ask'] = (...given) => scene.ask(...given)
const deliveriesOf: DeliveryScene['deliveriesOf'] = (...given) => scene.deliveriesOf(...given)
const deliver: DeliveryScene['deliver'] = (...given) => scene.deliver(...given)
const retry: DeliveryScene['retry'] = (...given) => scene.retry(...given)
const ended: DeliveryScene['ended'] = (id) => scene.ended(id)
const received: DeliveryScene['received'] = (...given) => scene.received(...given)
const look = () => scene.look()
const came = (path: string) => scene.hooks.received.filter((each) => each.path === path)
const ERRORS = 'userErrors { field code message }'

describe('a delivery', () => {
  test('is born when the report ends, arrives once, and is shown without its secret', async () => {
    const { report, userErrors } = await ask(webhook('/200/first?token=abc'))
    expect(userErrors).toEqual([])
    expect(report.deliveries).toEqual([])
    await scene.api.carrier.finish(uuidOf(report.id))
    const [delivery] = await ended(report.id)
    expect(delivery).toEqual({
      id: expect.any(String),
      channel: 'WEBHOOK',
      target: scene.hooks.url('/200/first'),
      status: 'SUCCEEDED',
      attempts: 1,
      lastError: null,
      lastAttemptAt: expect.any(String),
      nextAttemptAt: null,
      deliveredAt: expect.any(String),
      report: { id: report.id, status: 'SUCCEEDED' },
    })
    const [message, ...more] = came('/200/first?token=abc')
    expect(more).toEqual([])
    expect(message).toMatchObject({
      headers: { 'webhook-id': delivery.id },
      body: {
        type: 'report.succeeded',
        data: { reportId: report.id, reportType: 'sales', status: 'SUCCEEDED', rowCount: 1 },
      },
    })
  })

  test('tells of a failure, then, when the report is tried again, of its success: two deliveries', async () => {
    const { report } = await ask(webhook('/200/news'))
    await scene.api.carrier.fail(await scene.api.carrier.claim(uuidOf(report.id)))
    await ended(report.id)
    await scene.api.post(`mutation ($id: ID!) { retryReport(id: $id) { userErrors { code } } }`, { token: owner.token, variables: { id: report.id } }) // prettier-ignore
    await scene.api.carrier.finish(uuidOf(report.id))
    await received('/200/news', 2)
    expect(came('/200/news').map(({ body }) => [body.type, body.data.failureCode])).toEqual([
      ['report.failed', 'SOURCE_QUERY_FAILED'],
      ['report.succeeded', null],
    ])
    expect(await ended(report.id)).toHaveLength(2)
  })

  test('tells of a cancel', async () => {
    const { report } = await ask(webhook('/200/canceled'))
    await scene.api.post(`mutation ($id: ID!) { cancelReport(id: $id) { userErrors { code } } }`, { token: owner.token, variables: { id: report.id } }) // prettier-ignore
    await ended(report.id)
    expect(came('/200/canceled').map(({ body }) => body.type)).toEqual(['report.canceled'])
  })

  test('that fails for good leaves the report as it is; retryDelivery has it tried again with the same id', async () => {
    scene.hooks.answer = 410
    const { report } = await ask(webhook('/switch'))
    await scene.api.carrier.finish(uuidOf(report.id))
    const [failed] = await ended(report.id)
    expect(failed).toMatchObject({
      status: 'FAILED',
      attempts: 1,
      lastError: 'The receiver answered 410. It wants no more of this.',
      nextAttemptAt: null,
      deliveredAt: null,
      report: { status: 'SUCCEEDED' },
    })
    scene.hooks.answer = 200
    expect(await retry(failed.id)).toMatchObject({ delivery: { id: failed.id, status: 'PENDING' }, userErrors: [] })
    const [arrived] = await ended(report.id)
    expect(arrived).toMatchObject({ id: failed.id, status: 'SUCCEEDED', attempts: 2, lastError: null })
    expect(new Set(came('/switch').map(({ headers }) => headers['webhook-id']))).toEqual(new Set([failed.id]))
    expect(await retry(failed.id)).toMatchObject({
      delivery: { id: failed.id, status: 'SUCCEEDED' },
      userErrors: [{ field: ['id'], code: 'NOT_RETRYABLE' }],
    })
  })

  test('that fails for now waits for its next try, holds the report from being deleted, and nothing else', async () => {
    const { report } = await ask(webhook('/500/later'))
    await scene.api.carrier.finish(uuidOf(report.id))
    const [waiting] = (await until(async () => {
      await look()
      const found = await deliveriesOf(report.id)
      return found[0]?.lastError ? found : null
    })) as any[]
    expect(waiting).toMatchObject({
      status: 'PENDING',
      attempts: 1,
      lastError: 'The receiver answered 500.',
      nextAttemptAt: expect.any(String),
    })
    const pause = Date.parse(waiting.nextAttemptAt) - Date.parse(waiting.lastAttemptAt)
    expect(pause).toBeGreaterThanOrEqual(10_000)
    expect(pause).toBeLessThan(20_000)
    const remove = () => scene.api.post(`mutation ($id: ID!) { deleteReport(id: $id) { deletedId ${ERRORS} } }`, { token: owner.token, variables: { id: report.id } }) // prettier-ignore
    expect((await remove()).body.data.deleteReport).toMatchObject({
      deletedId: null,
      userErrors: [{ field: ['id'], code: 'CONFLICT' }],
    })
    await scene.ground.database.sql(
      `update broadsheet.delivery set status = 'FAILED', due_at = null, counted = true where report_id = $1`,
      [uuidOf(report.id)],
    )
    expect((await remove()).body.data.deleteReport).toMatchObject({ deletedId: report.id, userErrors: [] })
    expect(
      await scene.ground.database.sql(`select from broadsheet.delivery where report_id = $1`, [uuidOf(report.id)]),
    ).toEqual([])
  })

  test('is counted once when it has ended, and shown to Prometheus', async () => {
    const worker = await scene.ground.database.open(WORKER_ROLE)
    const { report } = await ask(`${webhook('/200/counted')}, ${webhook('/500/counted')}`)
    await scene.api.carrier.finish(uuidOf(report.id))
    await received('/200/counted', 1)
    await received('/500/counted', 1)
    await until(async () => (await deliveriesOf(report.id)).some(({ status }) => status === 'SUCCEEDED'))
    while ((await countDeliveries(worker)) > 0);
    const [there] = await scene.ground.database.sql<{ succeeded: number; failed: number; pending: number }>(
      `select count(*) filter (where status = 'SUCCEEDED')::int as succeeded, count(*) filter (where status = 'FAILED')::int as failed,
         count(*) filter (where status = 'PENDING')::int as pending from broadsheet.delivery`,
    )
    const text = await (await fetch(`${scene.api.publicUrl}/metrics`)).text()
    const value = (name: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(name))
          ?.split(' ')
          .at(-1),
      )
    expect(value('broadsheet_deliveries_pending{channel="WEBHOOK"}')).toBe(there!.pending)
    expect(value('broadsheet_delivery_oldest_seconds{channel="WEBHOOK"}')).toBeLessThan(30)
    expect(value('broadsheet_deliveries_total{channel="WEBHOOK",outcome="SUCCEEDED"}')).toBe(there!.succeeded)
    expect(await countDeliveries(worker)).toBe(0)
  })

  test('of a document that has ended meanwhile fails with the reason', async () => {
    const { report } = await ask('')
    await scene.api.carrier.finish(uuidOf(report.id))
    expect(await deliver(report.id, webhook('/500/ends'))).toMatchObject({ userErrors: [] })
    await until(async () => (await look()) || (await deliveriesOf(report.id))[0]?.lastError)
    await scene.ground.database.sql(
      `update broadsheet.report set status = 'EXPIRED', document = null, preview = null where id = $1`,
      [uuidOf(report.id)],
    )
    await scene.ground.database.sql(`update broadsheet.delivery set due_at = now() where report_id = $1`, [
      uuidOf(report.id),
    ])
    expect(await ended(report.id)).toMatchObject([
      { status: 'FAILED', lastError: 'The document had ended before it was delivered.' },
    ])
  })

  test('is told to dashboards when it changes', async () => {
    const watched = scene.api.ws('subscription { reportEvents { kind reportId report { deliveries { status } } } }', {
      token: owner.token,
    })
    await until(() => watched.events.length > 0)
    const { report } = await ask(webhook('/after/200'))
    await scene.api.carrier.finish(uuidOf(report.id))
    await until(
      () => watched.events.some(({ reportEvents: event }) => event.kind === 'CHANGED' && event.reportId === report.id && event.report?.deliveries[0]?.status === 'SUCCEEDED'), // prettier-ignore
      { what: 'the arrival is told' },
    )
    watched.leave()
  })
})
