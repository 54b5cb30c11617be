import type { Client, Downloaded, Progress, RequestedReport } from '../client/client.ts'

/** What the demo asks for: twelve months of sales, whichever day it is. */
const LAST_TWELVE_MONTHS = { startDate: 'today-P1Y', endDate: 'yesterday' } as const

/** Asks for the sales of the last twelve months. Throws with the server's words where it refuses. */
export function askForSales(client: Client, signal: AbortSignal): Promise<RequestedReport> {
  return client.requestReport({ report: { sales: LAST_TWELVE_MONTHS }, tags: ['demo'] }, { signal })
}

/** Watches a report to its end and saves its document in `directory`. Throws with the reason where it ends without one. */
export async function waitForDocument(
  client: Client,
  id: string,
  {
    directory,
    onProgress,
    signal,
  }: { directory: string; onProgress: (progress: Progress) => void; signal: AbortSignal },
): Promise<Downloaded> {
  for await (const progress of client.watch(id, { signal })) onProgress(progress)
  return client.download(id, directory, { signal })
}
