import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'
import { until } from './until.ts'

export interface Answer {
  status: number
  headers: Headers
  text: string
  // What a test looks at is checked by its expectation.
  body: any
}

/** What came of a subscription so far. */
export interface Watched {
  readonly events: any[]
  /** Error codes of an error frame or of an event. */
  readonly codes: string[]
  done: boolean
  closeCode: number | null
  leave(): void
}

interface Ask {
  token?: string | null | undefined
  variables?: Record<string, unknown>
  headers?: Record<string, string>
}

/** Every door of the API, with the clients that others would use. */
export function createClients(url: string) {
  const sockets = new Set<Client>()
  const aborts = new Set<AbortController>()
  const headersOf = ({ token, headers }: Ask) => ({
    ...(token != null && { authorization: `Bearer ${token}` }),
    ...headers,
  })

  async function answerOf(response: Response): Promise<Answer> {
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text.startsWith('{') ? JSON.parse(text) : null,
    }
  }

  /** A client of graphql-transport-ws; it does not try again by itself. */
  function socket(token?: string | null, params?: Record<string, unknown>): Client {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: true,
      connectionParams: params ?? (token == null ? {} : { Authorization: `Bearer ${token}` }),
    })
    sockets.add(client)
    return client
  }

  const clients = {
    socket,

    async post(query: string, ask: Ask = {}): Promise<Answer> {
      const headers = { 'content-type': 'application/json', ...headersOf(ask) }
      return answerOf(
        await fetch(`${url}/graphql`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ query, variables: ask.variables }),
        }),
      )
    },

    async get(query: string, ask: Ask = {}): Promise<Answer> {
      const search = new URLSearchParams({ query, ...(ask.variables && { variables: JSON.stringify(ask.variables) }) })
      return answerOf(await fetch(`${url}/graphql?${search}`, { headers: headersOf(ask) }))
    },

    /** A subscription (or a query) over server-sent events. */
    sse(query: string, ask: Ask = {}): Watched {
      const abort = new AbortController()
      aborts.add(abort)
      const watched = newWatched(() => abort.abort())
      const read = async () => {
        const headers = { 'content-type': 'application/json', accept: 'text/event-stream', ...headersOf(ask) }
        const response = await fetch(`${url}/graphql`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ query, variables: ask.variables }),
          signal: abort.signal,
        })
        watched.closeCode = response.status
        let rest = ''
        for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
          const frames = (rest + chunk).split('\n\n')
          rest = frames.pop() ?? ''
          for (const frame of frames) {
            const data = /^data: ?(.+)$/m.exec(frame)?.[1]
            if (data) note(watched, JSON.parse(data))
          }
        }
      }
      read()
        .catch((error: Error) => {
          if (error.name !== 'AbortError') watched.codes.push(error.message)
        })
        .finally(() => (watched.done = true))
      return watched
    },

    ws(query: string, { token, variables, client = socket(token) }: Ask & { client?: Client } = {}): Watched {
      const watched = newWatched(() => leave())
      const leave = client.subscribe<Record<string, unknown>>(
        { query, ...(variables && { variables }) },
        {
          next: (result) => note(watched, result),
          error(error) {
            if (Array.isArray(error)) note(watched, { errors: error })
            else watched.closeCode = (error as { code?: number }).code ?? -1
            watched.done = true
          },
          complete: () => (watched.done = true),
        },
      )
      return watched
    },

    /** Over the door of that name, to its end: what one operation answers. */
    async once(
      door: 'POST' | 'GET' | 'SSE' | 'WS',
      query: string,
      ask: Ask = {},
    ): Promise<{ data: any; codes: string[]; closeCode: number | null }> {
      if (door === 'POST' || door === 'GET') {
        const { body, status } = await (door === 'POST' ? clients.post : clients.get)(query, ask)
        return { data: body?.data ?? null, codes: codesOf(body), closeCode: status }
      }
      const watched = door === 'SSE' ? clients.sse(query, ask) : clients.ws(query, ask)
      await until(() => watched.done, { what: `the ${door} answers ${query} ${JSON.stringify(ask)}` })
      return { data: watched.events.at(-1) ?? null, codes: watched.codes, closeCode: watched.closeCode }
    },

    async close(): Promise<void> {
      for (const abort of aborts) abort.abort()
      for (const client of sockets) await client.dispose()
    },
  }
  return clients
}

export function codesOf(body: any): string[] {
  return (body?.errors ?? []).map((error: any) => error.extensions?.code ?? `no code: ${error.message}`)
}

function newWatched(leave: () => void): Watched {
  return { events: [], codes: [], done: false, closeCode: null, leave }
}

function note(watched: Watched, result: any): void {
  watched.codes.push(...codesOf(result))
  if (result.data) watched.events.push(result.data)
}
