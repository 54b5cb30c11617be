import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { ApiError, ConnectionLost } from '../../../client/errors.ts'
import {
  CancelReportDocument,
  RequestReportDocument,
  type ProgressFactsFragment,
} from '../../../client/generated/graphql.ts'
import { watchReport } from '../../../client/watch-report.ts'
import { createClient } from '../../support/client.ts'
import { paced, small } from '../../support/fault-reports.ts'
import type { Random } from './random.ts'

/** How long a client waits for one answer before it asks again, with the same key. */
const PATIENCE = 10_000
const TERMINAL = ['SUCCEEDED', 'FAILED', 'CANCELED']
/** One in so many reports is cancelled. */
const CANCEL_ONE_IN = 15

/** A report that was accepted, and the last that its watcher heard. */
export interface Accepted {
  readonly id: string
  last: ProgressFactsFragment | null
}

/** Clients that ask, watch to the end, and ask again, each time through either API. */
export function createAsking(urls: readonly string[], token: string) {
  const clients = urls.map((url) => createClient(url, token))
  const accepted: Accepted[] = []
  /** What no client may meet. */
  const wrong: string[] = []
  const met = new Map<string, number>()

  const kinds = (key: string) => {
    const wanted = { idempotencyKey: key }
    const [few, more] = [small(wanted), paced(150, 0.005, wanted)]
    return [few, few, few, more, more, paced(1_100, 0.002, { ...wanted, format: 'NDJSON' }), paced(900, 0.01, wanted)]
  }

  /** True: it may be tried again. */
  function passes(error: unknown): boolean {
    const code = codeOf(error)
    met.set(code, (met.get(code) ?? 0) + 1)
    if (['UNAVAILABLE', 'connection', 'timeout'].includes(code)) return true
    wrong.push(`${code}: ${(error as Error).message}`)
    return false
  }

  async function ask(random: Random): Promise<string | null> {
    const input = random.of(kinds(randomUUID()))
    for (;;) {
      try {
        const { requestReport } = await random
          .of(clients)
          .ask(RequestReportDocument, { input }, AbortSignal.timeout(PATIENCE))
        if (requestReport.report) return requestReport.report.id
        wrong.push(`refused: ${JSON.stringify(requestReport.userErrors)}`)
        return null
      } catch (error) {
        if (!passes(error)) return null
      }
      await pause(200)
    }
  }

  async function watch(one: Accepted, random: Random): Promise<void> {
    for (;;) {
      try {
        for await (const event of watchReport(random.of(clients), one.id)) {
          if (one.last && TERMINAL.includes(one.last.status) && one.last.sequence !== event.sequence)
            wrong.push(`${one.id}: news after its end`)
          one.last = event
        }
        return
      } catch (error) {
        if (!passes(error)) return
      }
      await pause(200)
    }
  }

  async function client(random: Random, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const id = await ask(random)
      if (id === null) continue
      const one: Accepted = { id, last: null }
      accepted.push(one)
      const watched = watch(one, random)
      if (random.next() * CANCEL_ONE_IN < 1) {
        await pause(random.between(0, 2_000))
        await cancel(id, random)
      }
      await watched
    }
  }

  /** Whether it comes in time, or at all, does not matter. */
  async function cancel(id: string, random: Random): Promise<void> {
    await random.of(clients).ask(CancelReportDocument, { id }, AbortSignal.timeout(PATIENCE)).catch(passes)
  }

  return {
    accepted,
    wrong,
    met,
    clients,
    /** So many clients until `over`, and then until what they watch has ended. */
    run: (count: number, randomOf: (n: number) => Random, over: AbortSignal) =>
      Promise.all(Array.from({ length: count }, (_, n) => client(randomOf(n), over))),
    close: () => Promise.all(clients.map((each) => each.close())),
  }
}
export type Asking = ReturnType<typeof createAsking>

function codeOf(error: unknown): string {
  if (error instanceof ApiError) return error.code
  if (error instanceof ConnectionLost) return error.passing ? 'connection' : `closed ${error.code}`
  const { name, message } = error as Error
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  return /fetch failed|terminated|socket|ECONN/i.test(message) ? 'connection' : message
}
