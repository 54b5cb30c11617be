import { expect } from 'vitest'
import { createGround, startApi } from './api.ts'
import { startDeliverer } from './deliverer.ts'
import { startHooks, WEBHOOK_SECRET } from './hooks.ts'
import { until } from './until.ts'

const DELIVERY =
  'id channel target status attempts lastError lastAttemptAt nextAttemptAt deliveredAt report { id status }'
const ERRORS = 'userErrors { field code message }'

/** An API, one that delivers, and a receiver that the operator allows; what tests ask of them again and again. */
export async function openDeliveryScene() {
  const hooks = await startHooks()
  const ground = await createGround()
  const api = await startApi(ground, { WEBHOOK_ALLOW: hooks.place })
  const deliverer = await startDeliverer(ground, { allow: hooks.place })
  const owner = await ground.person('MEMBER')

  async function mutate(text: string, variables: object, token: string): Promise<any> {
    const { body } = await api.post(text, { token, variables: { ...variables } })
    return body
  }
  const scene = {
    hooks,
    ground,
    api,
    owner,

    /** As it is written in a list of deliveries. */
    webhook: (path: string, secret = WEBHOOK_SECRET) =>
      `{ webhook: { url: "${hooks.url(path)}", secret: "${secret}" } }`,

    async ask(deliveries: string, more = '', token = owner.token): Promise<any> {
      const body = await mutate(
        `mutation { requestReport(input: { report: { sales: { startDate: "2026-01-01", endDate: "2026-01-31" } } deliveries: [${deliveries}] ${more} }) {
          report { id status deliveries { id } } ${ERRORS} } }`,
        {},
        token,
      )
      expect(body.errors).toBeUndefined()
      return body.data.requestReport
    },
    async deliveriesOf(id: string, token = owner.token): Promise<any[]> {
      const body = await mutate(`query ($id: ID!) { report(id: $id) { deliveries { ${DELIVERY} } } }`, { id }, token)
      return body.data.report.deliveries
    },
    /** The answer, or the body where it has errors. */
    async deliver(id: string, deliveries: string, token = owner.token): Promise<any> {
      const body = await mutate(
        `mutation ($id: ID!) { deliverReport(id: $id, deliveries: [${deliveries}]) { report { id } ${ERRORS} } }`,
        { id },
        token,
      )
      return body.data?.deliverReport ?? body
    },
    async retry(id: string, token = owner.token): Promise<any> {
      const body = await mutate(
        `mutation ($id: ID!) { retryDelivery(id: $id) { delivery { ${DELIVERY} } ${ERRORS} } }`,
        { id },
        token,
      )
      return body.data?.retryDelivery ?? body
    },
    /** All deliveries of the report, once none is PENDING. */
    ended: (id: string) =>
      until(
        async () => {
          await deliverer.look()
          const found = await scene.deliveriesOf(id)
          return found.length > 0 && found.every(({ status }) => status !== 'PENDING') ? found : null
        },
        { what: 'all deliveries have ended' },
      ) as Promise<any[]>,
    /** What came to this path, once there is so much of it. */
    received: (path: string, count: number) =>
      until(
        async () => {
          await deliverer.look()
          const came = hooks.received.filter((each) => each.path === path)
          return came.length >= count ? came : null
        },
        { what: `${path} was asked ${count} times` },
      ),
    look: deliverer.look,
    async close() {
      await deliverer.close()
      await api.close()
      await hooks.close()
      await ground.drop()
    },
  }
  return scene
}
export type DeliveryScene = Awaited<ReturnType<typeof openDeliveryScene>>
