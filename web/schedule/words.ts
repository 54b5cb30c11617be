import type { DeliveryChannel, ScheduleOverlapPolicy } from '../generated/graphql.ts'
import { durationWords } from './duration.ts'

/** A schedule's rules in words. Pure. */

export const OVERLAPS: Readonly<Record<ScheduleOverlapPolicy, { words: string; help: string }>> = {
  SKIP: { words: 'Skip it', help: 'The report that runs goes on; this slot is not asked for.' },
  QUEUE_ONE: { words: 'Wait', help: 'The latest slot is asked for as soon as the report that runs has ended.' },
  CANCEL_RUNNING: {
    words: 'Cancel what runs',
    help: 'The report that runs is canceled, and the new one takes its place.',
  },
  ALLOW: { words: 'Run both', help: 'It is asked for all the same.' },
}

/** What is offered; another one that a schedule has is offered beside them. */
export const WINDOWS: readonly string[] = ['PT0S', 'PT15M', 'PT1H', 'PT6H', 'P1D', 'P7D']

/** "PT1H" → "Up to 1 hour late" */
export const windowWords = (iso: string): string =>
  /[1-9]/.test(iso) ? `Up to ${durationWords(iso)} late` : 'Never: what came while the service did not run is missed'

const CHANNELS: Readonly<Record<DeliveryChannel, string>> = {
  EMAIL: 'E-mail',
  WEBHOOK: 'Webhook',
  BUCKET: 'Bucket',
  WAREHOUSE: 'Warehouse',
}
export const channelWord = (channel: DeliveryChannel): string => CHANNELS[channel] ?? channel

/** What the service says is wrong, with what stands on the page instead of the API's names: "Skip it" for SKIP, "10 seconds" for PT10S. */
export function inOurWords(message: string | undefined): string | undefined {
  return message
    ?.replaceAll(
      /\b(?:SKIP|QUEUE_ONE|CANCEL_RUNNING|ALLOW)\b/g,
      (name) => `“${OVERLAPS[name as ScheduleOverlapPolicy].words}”`,
    )
    .replaceAll(/"?\b(PT?\d[\dWDTHMS]*)\b"?/g, (_, iso: string) => durationWords(iso))
}
