import type { ChannelName } from '../channels/channel.ts'

/** The life of a delivery: PENDING until it arrived, or until it is given up; FAILED is PENDING again when somebody asks. */
export const DELIVERY_STATUSES = ['PENDING', 'SUCCEEDED', 'FAILED'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

/** What a delivery tells of its report. */
export type NewsStatus = 'SUCCEEDED' | 'FAILED' | 'CANCELED'

/** Names of the channels in the API, whether they are set up or not. */
export const CHANNEL_NAMES = ['EMAIL', 'WEBHOOK', 'BUCKET', 'WAREHOUSE'] as const satisfies readonly ChannelName[]

/** The field of DeliveryInput that asks for each. */
export const CHANNEL_FIELDS: Readonly<Record<string, ChannelName>> = {
  email: 'EMAIL',
  webhook: 'WEBHOOK',
  bucket: 'BUCKET',
  warehouse: 'WAREHOUSE',
}

export const WAREHOUSE_MODES = ['APPEND', 'REPLACE'] as const

/** Targets of one report or schedule, and deliveries that one report may have come to when somebody asks for more. */
export const MOST_TARGETS = 20
export const MOST_DELIVERIES = 200
