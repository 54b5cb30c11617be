import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'

export interface Api {
  readonly http: string
  readonly token: string
}

/** Connections are kept, as an application's are; fetch() would cost this machine as much as the server's answer does. */
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** One operation over POST. Throws what the API answers as errors. */
export async function ask<T>({ http, token }: Api, query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const body = JSON.stringify({ query, variables })
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, 'Content-Length': Buffer.byteLength(body) } // prettier-ignore
  const sent = request(`${http}/graphql`, { method: 'POST', agent, headers })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const { data, errors } = JSON.parse(await text(response)) as { data: T; errors?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

export function socketClient({ http, token }: Api): Client {
  return createClient({
    url: `${http.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    lazy: false,
  })
}

export interface Asked {
  id: string
  status: string
}

/** requestReport; throws where the API has user errors. */
export async function requestReport(api: Api, report: object, how: Record<string, string> = {}): Promise<Asked> {
  const { requestReport: asked } = await ask<{ requestReport: { report: Asked | null; userErrors: unknown[] } }>(
    api,
    `mutation ($input: RequestReportInput!) { requestReport(input: $input) { report { id status } userErrors { field message } } }`,
    { input: { report, ...how } },
  )
  if (!asked.report) throw new Error(JSON.stringify(asked.userErrors))
  return asked.report
}

export interface Progress {
  sequence: number
  status: string
  percent: number | null
  rowsWritten: number
}

/** Watches a report to its end; resolves to the last event. `each` is told of every one. */
export function watch(
  client: Client,
  id: string,
  each: (event: Progress) => void = () => undefined,
): Promise<Progress> {
  return new Promise((resolve, reject) => {
    let last: Progress | undefined
    client.subscribe<{ reportProgress: Progress }>(
      {
        query: `subscription ($id: ID!) { reportProgress(id: $id) { sequence status percent rowsWritten } }`,
        variables: { id },
      },
      {
        next: ({ data, errors }) => {
          if (errors) return reject(new Error(JSON.stringify(errors)))
          last = data!.reportProgress
          each(last)
        },
        error: reject,
        complete: () => (last ? resolve(last) : reject(new Error('no event came'))),
      },
    )
  })
}
