import type { Reach } from '../config-reach.ts'
import type { Log } from '../log.ts'
import { createBucket } from './bucket.ts'
import type { Channel, ChannelName } from './channel.ts'
import { createEmail } from './email.ts'
import { createWarehouse } from './warehouse.ts'
import { createWebhook } from './webhook.ts'

/** What channels are made of: the operator's settings, read once. */
export interface ChannelSetup {
  readonly reach: Reach
  readonly log: Log
}

/** Any channel of the shelf; each knows its own input and target. */
// eslint-disable-next-line typescript/no-explicit-any
export type AnyChannel = Channel<any, any>
export type Channels = ReadonlyMap<ChannelName, AnyChannel>

/** Each channel, by its name in the API. A new one is a file and a line here. Opens nothing before the first delivery. */
const CHANNELS: readonly ((setup: ChannelSetup) => AnyChannel)[] = [
  ({ reach }) => createEmail({ smtp: reach.smtp, domains: reach.emailDomains }),
  ({ reach }) => createWebhook({ allow: reach.webhookAllow }),
  ({ reach, log }) => createBucket({ buckets: reach.buckets, access: reach.objectStore, log }),
  ({ reach, log }) => createWarehouse({ warehouses: reach.warehouses, log }),
]

/** All channels, also those that the operator has given nothing to reach: they say so when they are asked. The caller closes them. */
export function createChannels(setup: ChannelSetup): Channels {
  return new Map(CHANNELS.map((create) => create(setup)).map((channel) => [channel.name, channel]))
}

/** Closes all of them, also where one fails: rejects with the first fault when all are closed. */
export async function closeChannels(channels: Channels): Promise<void> {
  const ended = await Promise.allSettled([...channels.values()].map((channel) => channel.close()))
  const fault = ended.find((each) => each.status === 'rejected')
  if (fault) throw fault.reason
}
