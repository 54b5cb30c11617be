import type { DeliveryInput, WarehouseMode } from '../generated/graphql.ts'

/** One place where an outcome goes, as a form holds it. `key`: of this page alone, so that a removed one takes its own fields. */
export type DeliveryDraft = { readonly key: string } & (
  | { readonly channel: 'email'; readonly to: readonly string[]; readonly subject: string; readonly attach: boolean }
  | { readonly channel: 'webhook'; readonly url: string; readonly secret: string }
  | { readonly channel: 'bucket'; readonly bucket: string; readonly path: string }
  | { readonly channel: 'warehouse'; readonly warehouse: string; readonly table: string; readonly mode: WarehouseMode }
  | { readonly channel: 'keep'; readonly id: string; readonly words: string }
)
export type Channel = DeliveryDraft['channel']
export type DraftOf<Name extends Channel> = Extract<DeliveryDraft, { channel: Name }>

let made = 0
const newKey = () => `delivery-${(made += 1)}`

/** `own`: the viewer's address, which is the one that always may receive. */
export function newDelivery(channel: Exclude<Channel, 'keep'>, own: string | null = null): DeliveryDraft {
  const key = newKey()
  switch (channel) {
    case 'email':
      return { key, channel, to: own === null ? [] : [own], subject: '', attach: false }
    case 'webhook':
      return { key, channel, url: '', secret: '' }
    case 'bucket':
      return { key, channel, bucket: '', path: '{type}/{date}/{reportId}' }
    case 'warehouse':
      return { key, channel, warehouse: '', table: '', mode: 'APPEND' }
  }
}

/** A schedule's target, which stays as it is unless it is removed. `words`: its channel and where it goes. */
export const keptDelivery = (id: string, words: string): DeliveryDraft => ({
  key: newKey(),
  channel: 'keep',
  id,
  words,
})

/** As RequestReportInput, CreateScheduleInput and UpdateScheduleInput take them. */
export function deliveriesOf(drafts: readonly DeliveryDraft[]): DeliveryInput[] {
  return drafts.map((draft): DeliveryInput => {
    switch (draft.channel) {
      case 'email': {
        const subject = draft.subject.trim()
        return { email: { to: [...draft.to], attach: draft.attach, ...(subject !== '' && { subject }) } }
      }
      case 'webhook':
        return { webhook: { url: draft.url.trim(), secret: draft.secret.trim() } }
      case 'bucket':
        return { bucket: { bucket: draft.bucket.trim(), key: draft.path.trim() } }
      case 'warehouse':
        return { warehouse: { warehouse: draft.warehouse.trim(), table: draft.table.trim(), mode: draft.mode } }
      case 'keep':
        return { keep: draft.id }
    }
  })
}

/** A secret for a webhook, as Standard Webhooks writes them: 32 bytes that nobody can guess. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return `whsec_${btoa(String.fromCharCode(...bytes))}`
}
