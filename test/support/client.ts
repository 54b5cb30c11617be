import { print } from 'graphql'
import { createApi } from '../../client/api.ts'
import {
  OneReportDocument,
  RequestReportDocument,
  WatchReportDocument,
  type OneReportQuery,
  type ProgressFactsFragment,
  type RequestReportInput,
} from '../../client/generated/graphql.ts'
import { watchReport } from '../../client/watch-report.ts'
import { until } from './until.ts'

export type AskedReport = NonNullable<OneReportQuery['report']>

/** The client of demo and others with typed documents, and what tests do with it again and again. */
export function createClient(url: string, token: string) {
  const api = createApi({ url, token })

  async function report(id: string): Promise<AskedReport> {
    const { report: found } = await api.ask(OneReportDocument, { id })
    if (!found) throw new Error(`there is no report ${id}`)
    return found
  }

  return {
    ...api,
    report,
    /** Asks, and answers the id. Throws where it is refused. */
    async request(input: RequestReportInput): Promise<string> {
      const { requestReport } = await api.ask(RequestReportDocument, { input })
      if (!requestReport.report) throw new Error(JSON.stringify(requestReport.userErrors))
      return requestReport.report.id
    },
    /** All progress over WebSocket, until the terminal event. */
    async watched(id: string): Promise<ProgressFactsFragment[]> {
      const seen: ProgressFactsFragment[] = []
      for await (const progress of watchReport(api, id)) seen.push(progress)
      return seen
    },
    /** The same over SSE, as fetch reads it. */
    async watchedBySse(id: string): Promise<ProgressFactsFragment[]> {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: print(WatchReportDocument), variables: { id } }),
      })
      // Only the server's `complete` ends the body.
      const blocks = (await response.text()).split('\n\n').filter((block) => block.startsWith('event: next'))
      return blocks.map(
        (block) =>
          (JSON.parse(block.slice(block.indexOf('data: ') + 6)) as { data: { reportProgress: ProgressFactsFragment } })
            .data.reportProgress,
      )
    },
    /** The report, once it has this status. */
    reached(id: string, status: AskedReport['status'], timeout = 20_000): Promise<AskedReport> {
      return until(async () => report(id).then((found) => (found.status === status ? found : null)), {
        timeout,
        what: `report ${id} is ${status}`,
      }) as Promise<AskedReport>
    },
    /** The document's bytes by its signed link alone. */
    async download(id: string): Promise<Buffer> {
      const { document } = await report(id)
      if (!document) throw new Error(`report ${id} has no document`)
      const response = await fetch(document.downloadUrl)
      if (!response.ok) throw new Error(`the download was answered with ${response.status}`)
      return Buffer.from(await response.arrayBuffer())
    },
  }
}
