import { WAREHOUSE_MODES } from '../src/delivery/status.ts'
import type { DeliveryInput } from '../src/delivery/targets.ts'
import { builder } from './builder.ts'
import { idOf } from './global-id.ts'
import { meanings } from './meanings.ts'

const WarehouseModeRef = builder.enumType('WarehouseMode', {
  description: 'APPEND: rows are added. REPLACE: they take the place of those that are there, in the same transaction.',
  values: meanings(WAREHOUSE_MODES, {
    APPEND: 'Rows are added.',
    REPLACE: 'Rows take the place of those that are there.',
  }),
})

const EmailRef = builder.inputType('EmailDeliveryInput', {
  description: `At most 50 recipients, of the domains that BROADSHEET_EMAIL_DOMAINS allows (default: the viewer's own address). attach: up to 5 MB.`,
  fields: (t) => ({
    to: t.stringList({ required: true, description: 'Plain addresses, one each.' }),
    subject: t.string({ description: `Left out: the report's title.` }),
    attach: t.boolean({ defaultValue: false, description: 'The document itself beside the link, up to 5 MB.' }),
  }),
})

const WebhookRef = builder.inputType('WebhookDeliveryInput', {
  description: 'Standard Webhooks. secret: whsec_ + base64 of 24 to 64 bytes; kept encrypted, never shown again.',
  fields: (t) => ({
    url: t.field({ type: 'URL', required: true, description: 'Is asked with POST.' }),
    secret: t.string({ required: true, description: 'Signs each request.' }),
  }),
})

const BucketRef = builder.inputType('BucketDeliveryInput', {
  description: `bucket: a name in BROADSHEET_BUCKETS; key: below the tenant's prefix there, {reportId} {type} {date} filled in.`,
  fields: (t) => ({
    bucket: t.string({ required: true, description: `The operator's name for it.` }),
    key: t.string({ required: true, description: 'Where the document goes in it.' }),
  }),
})

const WarehouseRef = builder.inputType('WarehouseDeliveryInput', {
  description: 'warehouse: a name in BROADSHEET_WAREHOUSES, which lists the tables, modes and roles it takes.',
  fields: (t) => ({
    warehouse: t.string({ required: true, description: `The operator's name for it.` }),
    table: t.string({ required: true, description: 'schema.table' }),
    mode: t.field({ type: WarehouseModeRef, defaultValue: 'APPEND', description: 'What becomes of what is there.' }),
  }),
})

/** One place that an outcome shall go to; the delivery room checks it. */
export const DeliveryInputRef = builder.inputType('DeliveryInput', {
  description: `Where a report's outcome goes: its document, or (e-mail, webhook) the news of its failure.`,
  isOneOf: true,
  fields: (t) => ({
    email: t.field({ type: EmailRef, description: 'To people.' }),
    webhook: t.field({ type: WebhookRef, description: 'To a program: what became of it, without the document.' }),
    bucket: t.field({ type: BucketRef, description: 'Into an object store.' }),
    warehouse: t.field({ type: WarehouseRef, description: 'Into a table.' }),
    keep: t.id({ description: 'In an update: the target with this id, unchanged.' }),
  }),
})

/** As the room takes it: defaults also where null was said, and `keep` as the row's own id. */
export function deliveriesOf(
  inputs: readonly (typeof DeliveryInputRef.$inferInput)[] | null | undefined,
): DeliveryInput[] {
  return (inputs ?? []).map(({ email, warehouse, keep, ...rest }) => ({
    ...rest,
    ...(email && { email: { ...email, attach: email.attach ?? false } }),
    ...(warehouse && { warehouse: { ...warehouse, mode: warehouse.mode ?? 'APPEND' } }),
    ...(keep != null && { keep: idOf('DeliveryTarget', keep) }),
  }))
}
