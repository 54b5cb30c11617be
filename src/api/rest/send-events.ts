import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Answer } from './route.ts'

/** Sends events until they end or the reader goes. A slow reader is waited for: it then gets the latest, not all. */
export async function sendEvents(
  response: ServerResponse,
  headers: Record<string, string>,
  events: NonNullable<Answer['events']>,
): Promise<void> {
  // Also where the reader went before the first event: nobody else would end the subscription.
  if (response.destroyed) return events.close()
  response.once('close', events.close)
  response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' })
  const left = new AbortController()
  response.once('close', () => left.abort())
  for await (const event of events) {
    if (response.destroyed) return
    const text = event === null ? ':\n\n' : frameOf(event)
    if (response.write(text)) continue
    await once(response, 'drain', { signal: left.signal }).catch((error: unknown) => {
      if (!left.signal.aborted) throw error
    })
  }
  response.end()
}

function frameOf({ event, id, data }: { event: string; id?: string; data: unknown }): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}
