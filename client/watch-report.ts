import type { Api } from './api.ts'
import { ConnectionLost } from './errors.ts'
import { WatchReportDocument, type ProgressFactsFragment, type ReportStatus } from './generated/graphql.ts'
import { pause, waitAskedBy } from './patience.ts'

const ENDED: readonly ReportStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED']
/** Losses in a row, with nothing heard between, until it is given up: after half a minute, which a restart may take, or what the API asks for. */
const MOST_LOSSES = 10
/** First and longest wait between, in milliseconds; each is cut by up to a half, so that many watchers do not come back at once. */
const FIRST_WAIT = 700
const LONGEST_WAIT = 6_000

export interface WatchOptions {
  signal?: AbortSignal | undefined
  /** Goes on after this event: the highest sequence that was seen. */
  after?: number | undefined
  /** A connection was lost, or refused for what the caller has open already (4429, RATE_LIMITED): it is tried again. */
  onLost?: ((error: Error) => void) | undefined
}

/**
 * A report's progress, from where it stands to its end. A lost connection is opened again and goes on after the last event
 * that was seen; where there is too much of the caller's already it waits for its turn, as long as the API says. Throws ApiError
 * (NOT_FOUND for an unknown id), ConnectionLost when it stays so, and the reason of `signal`.
 */
export async function* watchReport(
  api: Api,
  id: string,
  { signal, after, onLost }: WatchOptions = {},
): AsyncGenerator<ProgressFactsFragment> {
  let seen = after ?? null
  for (let losses = 0; losses < MOST_LOSSES; losses += 1) {
    let asked = 0
    try {
      for await (const { reportProgress } of api.subscribe(WatchReportDocument, { id, after: seen }, signal)) {
        losses = 0
        seen = reportProgress.sequence
        yield reportProgress
        if (ENDED.includes(reportProgress.status)) return
      }
    } catch (error) {
      const wait = waitAskedBy(error)
      if (wait === null || losses + 1 === MOST_LOSSES) throw error
      asked = wait
      onLost?.(error as Error)
    }
    const wait = Math.min(FIRST_WAIT * 2 ** losses, LONGEST_WAIT) * (1 - Math.random() / 2)
    await pause(Math.max(asked, wait), signal)
  }
  throw new ConnectionLost(undefined, 'the server ends it each time')
}
