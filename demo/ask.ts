import type { Api } from '../client/api.ts'
import {
  OneReportDocument,
  RequestReportDocument,
  type DocumentFactsFragment,
  type ProgressFactsFragment,
} from '../client/generated/graphql.ts'
import { watchReport } from '../client/watch-report.ts'

/** What the demo asks for: twelve months of sales, whichever day it is. */
const LAST_TWELVE_MONTHS = { startDate: 'today-P1Y', endDate: 'yesterday' } as const

/** A report that was asked for, as a person recognises it. */
export interface Asked {
  id: string
  title: string
}

/** Asks for the sales of the last twelve months. Throws with the server's words where it refuses. */
export async function askForSales(api: Api, signal: AbortSignal): Promise<Asked> {
  const { requestReport } = await api.ask(
    RequestReportDocument,
    { input: { report: { sales: LAST_TWELVE_MONTHS }, tags: ['demo'] } },
    signal,
  )
  const { report, userErrors } = requestReport
  if (!report)
    throw new Error(
      `The report was refused: ${userErrors.map(({ field, message }) => `${field?.join('.') ?? ''}: ${message}`).join(' ')}`,
    )
  return report
}

/** Watches a report to its end and answers its document. Throws with the reason where it ends without one. */
export async function waitForDocument(
  api: Api,
  id: string,
  onProgress: (progress: ProgressFactsFragment) => void,
  signal: AbortSignal,
): Promise<DocumentFactsFragment> {
  for await (const progress of watchReport(api, id, signal)) onProgress(progress)
  const { report } = await api.ask(OneReportDocument, { id }, signal)
  if (report?.document) return report.document
  throw new Error(`The report has no document: it is ${report?.status ?? 'gone'}. ${report?.failure?.message ?? ''}`)
}
