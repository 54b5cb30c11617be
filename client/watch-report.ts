import { setTimeout as pause } from 'node:timers/promises'
import { ConnectionLost, type Api } from './api.ts'
import { WatchReportDocument, type ProgressFactsFragment, type ReportStatus } from './generated/graphql.ts'

const ENDED: readonly ReportStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED']
/** Connections lost in a row, with nothing heard between, until it is given up: after half a minute, which a restart may take. */
const MOST_LOSSES = 10
/** First and longest wait between, in milliseconds. */
const FIRST_WAIT = 500
const LONGEST_WAIT = 5_000

/**
 * A report's progress, from where it stands to its end. A lost connection is opened again and goes on after the last event
 * that was seen. Throws the server's errors, ConnectionLost when it stays lost, and the reason of `signal`.
 */
export async function* watchReport(api: Api, id: string, signal?: AbortSignal): AsyncGenerator<ProgressFactsFragment> {
  let after: number | null = null
  for (let losses = 0; losses < MOST_LOSSES; losses += 1) {
    try {
      for await (const { reportProgress } of api.watch(WatchReportDocument, { id, after })) {
        losses = 0
        after = reportProgress.sequence
        yield reportProgress
        if (ENDED.includes(reportProgress.status)) return
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost) || !error.passing || losses + 1 === MOST_LOSSES) throw error
    }
    signal?.throwIfAborted()
    await pause(Math.min(FIRST_WAIT * 2 ** losses, LONGEST_WAIT), undefined, { signal })
  }
  throw new ConnectionLost(undefined, 'the server ends it each time')
}
