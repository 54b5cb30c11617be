import { defineEntity, p } from '@mikro-orm/core'
import type { ChannelName } from '../channels/channel.ts'
import type { Failure } from '../report/report.entity.ts'
import type { DeliveryStatus, NewsStatus } from './status.ts'

const DeliveryTargetSchema = defineEntity({
  name: 'DeliveryTarget',
  tableName: 'delivery_target',
  schema: 'broadsheet',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.text(),
    /** Exactly one of report and schedule has it. */
    reportId: p.uuid().nullable(),
    scheduleId: p.uuid().nullable(),
    channel: p.text().$type<ChannelName>(),
    /** As the channel has checked it, without the secret. */
    target: p.json<object>().lazy(),
    /** For people: where it goes. */
    described: p.text(),
    /** What is slow or dead together. */
    destination: p.text(),
    /** Whether failures and cancels are news for it, too. */
    takesFailures: p.boolean(),
    /** Sealed (secrets.ts). */
    secret: p.blob().nullable().lazy(),
    /** As in the list that was asked for. */
    position: p.integer(),
    createdBy: p.uuid(),
    createdAt: p.datetime(),
  },
})

/** Where the outcomes of a report, or of all reports of a schedule, go. */
export class DeliveryTarget extends DeliveryTargetSchema.class {}
DeliveryTargetSchema.setClass(DeliveryTarget)

const DeliverySchema = defineEntity({
  name: 'Delivery',
  tableName: 'delivery',
  schema: 'broadsheet',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.text(),
    reportId: p.uuid(),
    /** Who asked for the report: may manage it, and so its deliveries. */
    requestedBy: p.uuid(),
    channel: p.text().$type<ChannelName>(),
    target: p.json<object>().lazy(),
    described: p.text(),
    destination: p.text(),
    secret: p.blob().nullable().lazy(),
    position: p.integer(),
    /** Who asked for this delivery: what it links to is worth what they may read. */
    createdBy: p.uuid(),
    createdAt: p.datetime(),

    /** What became of the report, as this delivery tells it: a report that is tried again changes nothing of it. */
    newsStatus: p.text().$type<NewsStatus>(),
    newsFailure: p.json<Failure>().nullable(),
    newsAt: p.datetime(),

    status: p.text().$type<DeliveryStatus>(),
    /** Tries that were begun; the number of the last one, never reused. */
    attempts: p.integer(),
    /** Tries that count against the most that there are. */
    charged: p.integer(),
    lastError: p.text().nullable(),
    lastAttemptAt: p.datetime().nullable(),
    deliveredAt: p.datetime().nullable(),
    /** Who tries it now, or did so when it was lost; null: nobody. */
    workerId: p.uuid().nullable(),
    /** When the next try may begin: while somebody tries, when the lease is over. Null: it has ended. */
    dueAt: p.datetime().nullable(),
    /** Whether its end is in the tally already. */
    counted: p.boolean(),
  },
})

/** One outcome of one report on its way to one target. */
export class Delivery extends DeliverySchema.class {}
DeliverySchema.setClass(Delivery)
