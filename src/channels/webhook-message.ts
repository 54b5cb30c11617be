import { createHmac } from 'node:crypto'
import { encodeId } from '../api-id.ts'
import type { Outcome } from './channel.ts'

const SHORTEST_KEY = 24
const LONGEST_KEY = 64

/** The key in a secret of Standard Webhooks, `whsec_` and base64 of 24 to 64 bytes; null where it is none. */
export function keyOf(secret: string): Buffer | null {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  if (text === undefined) return null
  const key = Buffer.from(text, 'base64')
  // Node forgives what other decoders don't; both ends must come to the same key.
  const canonical = key.toString('base64') === text
  return canonical && key.length >= SHORTEST_KEY && key.length <= LONGEST_KEY ? key : null
}

/** What is sent: a pointer and plain facts, the same bytes at every try. Nothing in it opens the document. */
export function bodyOf(outcome: Outcome): string {
  return JSON.stringify({
    type: `report.${outcome.status.toLowerCase()}`,
    timestamp: outcome.finishedAt.toISOString(),
    data: {
      reportId: encodeId('Report', outcome.reportId),
      reportType: outcome.reportType,
      status: outcome.status,
      scheduleId: outcome.scheduleId === null ? null : encodeId('Schedule', outcome.scheduleId),
      scheduledFor: outcome.scheduledFor?.toISOString() ?? null,
      rowCount: outcome.document?.rowCount ?? null,
      sha256: outcome.document?.sha256 ?? null,
      failureCode: outcome.failure?.code ?? null,
    },
  })
}

/** The headers of Standard Webhooks. `at`: milliseconds, of this try, so that a receiver can refuse what was recorded and sent again. */
export function signedHeaders(key: Buffer, deliveryId: string, body: string, at: number): Record<string, string> {
  const id = encodeId('Delivery', deliveryId)
  const timestamp = String(Math.floor(at / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
