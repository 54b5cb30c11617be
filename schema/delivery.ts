import type { Delivery, DeliveryTarget } from '../src/delivery/delivery.entity.ts'
import { CHANNEL_NAMES, DELIVERY_STATUSES } from '../src/delivery/status.ts'
import { builder } from './builder.ts'
import { DeliveryInputRef, deliveriesOf } from './delivery-input.ts'
import { encodeId, idOf } from './global-id.ts'
import { meanings } from './meanings.ts'
import { ReportRef } from './report.ts'
import { ReportPayloadRef } from './report-verbs.ts'
import { outcomeOf, UserErrorRef, type Outcome } from './user-error.ts'

/** Shown to who may read the report but not manage it: addresses are not for everybody. */
const HIDDEN = '(hidden)'

const DeliveryStatusRef = builder.enumType('DeliveryStatus', {
  description: 'PENDING until it has arrived, or has failed for good.',
  values: meanings(DELIVERY_STATUSES, {
    PENDING: 'Under way, or to be tried again.',
    SUCCEEDED: 'It has arrived.',
    FAILED: 'It was given up; retryDelivery tries again.',
  }),
})
const DeliveryChannelRef = builder.enumType('DeliveryChannel', {
  description: 'How an outcome is handed over.',
  values: meanings(CHANNEL_NAMES, {
    EMAIL: 'A letter with a link, or with the document.',
    WEBHOOK: 'A signed request that tells of it.',
    BUCKET: 'An object in an object store.',
    WAREHOUSE: 'Rows in a table.',
  }),
})

export const DeliveryTargetRef = builder.objectRef<DeliveryTarget>('DeliveryTarget').implement({
  description: 'Where an outcome goes, with secrets left out.',
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId('DeliveryTarget', id), description: 'For keep.' }),
    channel: t.expose('channel', { type: DeliveryChannelRef, description: 'How.' }),
    target: t.exposeString('described', { description: 'Where to, for people.' }),
  }),
})

const DeliveryRef = builder.loadableNodeRef<Delivery, string, string, string, Delivery>('Delivery', {
  id: { resolve: (delivery) => delivery.id },
  load: (ids: string[], { deliveries, reading, viewer }) =>
    deliveries.byIds(viewer, reading, ids) as Promise<Delivery[]>,
})
DeliveryRef.implement({
  description: `One channel's attempts to hand over one report's outcome: its document, or (e-mail, webhook) the news of its failure.`,
  isTypeOf: (value) => (value as object).constructor?.name === 'Delivery',
  fields: (t) => ({
    report: t.field({
      type: ReportRef,
      resolve: (delivery) => delivery.reportId as never,
      description: 'Whose outcome it is.',
    }),
    channel: t.expose('channel', { type: DeliveryChannelRef, description: 'How.' }),
    target: t.string({
      description: `Where to, for people; "${HIDDEN}" for who may read the report but not manage it.`,
      resolve: (delivery, _, { deliveries, viewer }) =>
        deliveries.isOpenTo(viewer, delivery) ? delivery.described : HIDDEN,
    }),
    status: t.expose('status', { type: DeliveryStatusRef, description: 'Whether it has arrived.' }),
    attempts: t.exposeInt('attempts', { description: 'Tries that were begun.' }),
    lastError: t.string({
      nullable: true,
      description: 'Why the last try failed; null once it has arrived, and for who may not manage the report.',
      resolve: (delivery, _, { deliveries, viewer }) =>
        deliveries.isOpenTo(viewer, delivery) ? (delivery.lastError ?? null) : null,
    }),
    lastAttemptAt: t.expose('lastAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last try began.',
    }),
    nextAttemptAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the next try may begin; null while one is under way, and when it has ended.',
      resolve: ({ workerId, dueAt }) => (workerId == null ? (dueAt ?? null) : null),
    }),
    deliveredAt: t.expose('deliveredAt', { type: 'DateTime', nullable: true, description: 'When it arrived.' }),
  }),
})

builder.objectField(ReportRef, 'deliveries', (t) =>
  t.loadableList({
    type: DeliveryRef as never,
    description: 'Each outcome on its way to each target, oldest first.',
    loaderOptions: { cache: false },
    load: (ids: string[], { deliveries, reading }) => deliveries.ofReports(reading, ids) as never,
    resolve: (report) => report.id as never,
  }),
)

const DeliveryPayloadRef = builder.objectRef<Outcome<Delivery>>('DeliveryPayload').implement({
  description: 'The delivery, or why not.',
  fields: (t) => ({
    delivery: t.field({
      type: DeliveryRef,
      nullable: true,
      resolve: (outcome) => outcome.object as never,
      description: 'Null where there are userErrors, but for NOT_RETRYABLE, which returns it.',
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      resolve: (outcome) => [...outcome.userErrors],
      description: 'What the caller can mend.',
    }),
  }),
})

const id = { required: true, description: 'As the API gave it.' } as const

builder.mutationFields((t) => ({
  deliverReport: t.field({
    type: ReportPayloadRef,
    description: 'A finished document to new targets.',
    args: {
      id: t.arg.id(id),
      deliveries: t.arg({ type: [DeliveryInputRef], required: true, description: 'Where it goes, at most 20.' }),
    },
    resolve: (_, args, { deliveries, viewer }) =>
      outcomeOf(() => deliveries.deliver(viewer, idOf('Report', args.id), deliveriesOf(args.deliveries))),
  }),
  retryDelivery: t.field({
    type: DeliveryPayloadRef,
    description: 'FAILED: it is tried again at once, as often as a new one.',
    args: { id: t.arg.id(id) },
    resolve: (_, args, { deliveries, viewer }) => outcomeOf(() => deliveries.retry(viewer, idOf('Delivery', args.id))),
  }),
}))
