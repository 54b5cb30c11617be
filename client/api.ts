import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { GraphQLClient, type Variables } from 'graphql-request'
import { print } from 'graphql'
import { createClient, type Client } from 'graphql-ws'
import { ConnectionLost, readable } from './errors.ts'

/** The public API as a program asks it: queries and mutations over HTTP, subscriptions over one WebSocket. */
export interface Api {
  /** Rejects with ApiError, ConnectionLost, or the reason of `signal`. */
  ask<Result, Wanted extends Variables>(
    document: TypedDocumentNode<Result, Wanted>,
    variables: Wanted,
    signal?: AbortSignal,
  ): Promise<Result>
  /**
   * Ends when the server completes, when the reader leaves the loop, and at close(). Throws ApiError, ConnectionLost, also when
   * the reader is MOST_PENDING events behind, or the reason of `signal`.
   */
  subscribe<Result, Wanted extends Variables>(
    document: TypedDocumentNode<Result, Wanted>,
    variables: Wanted,
    signal?: AbortSignal,
  ): AsyncGenerator<Result>
  close(): Promise<void>
}

export interface ApiOptions {
  /** Where the service runs; /graphql is added where it is not there. */
  url: string
  /** An API token or a JWT. */
  token: string
  /** Milliseconds without a word on the WebSocket until the server is asked for one; as long again and it counts as lost. */
  silence?: number
}

const SILENCE = 10_000
/** Milliseconds until an answer over HTTP must be there: the API answers at once, whatever a report takes. */
const PATIENCE = 60_000
/** Events that wait for a reader. */
const MOST_PENDING = 1_000

/** Nothing is connected before it is asked. */
export function createApi({ url, token, silence = SILENCE }: ApiOptions): Api {
  const endpoint = `${url.replace(/\/+$/, '').replace(/\/graphql$/, '')}/graphql`
  const http = new GraphQLClient(endpoint, { headers: { authorization: `Bearer ${token}` } })
  let socket: Client | undefined
  const open = () => (socket ??= openSocket(endpoint.replace(/^http/, 'ws'), token, silence))

  return {
    async ask(document, variables, signal) {
      const patience = AbortSignal.timeout(PATIENCE)
      const either = signal ? AbortSignal.any([signal, patience]) : patience
      try {
        return await http.request({ document, variables, signal: either } as never)
      } catch (error) {
        if (patience.aborted && !signal?.aborted) throw new ConnectionLost(undefined, 'no answer came in time', error)
        throw readable(error, signal)
      }
    },
    async *subscribe<Result, Wanted extends Variables>(
      document: TypedDocumentNode<Result, Wanted>,
      variables: Wanted,
      signal?: AbortSignal,
    ) {
      signal?.throwIfAborted()
      const pending: Result[] = []
      let over: { error: unknown } | null = null
      let wake: () => void = () => undefined
      const end = (error: unknown = null) => {
        over ??= { error }
        wake()
      }
      const leave = open().subscribe<Result, never>(
        { query: print(document), variables: variables as Record<string, unknown> },
        {
          next({ data, errors }) {
            if (errors) return end(errors)
            if (data) pending.push(data)
            if (pending.length > MOST_PENDING) return end(new ConnectionLost(undefined, 'the reader is too slow'))
            wake()
          },
          error: end,
          complete: () => end(),
        },
      )
      const aborted = () => end(signal?.reason)
      signal?.addEventListener('abort', aborted)
      try {
        for (;;) {
          while (pending.length > 0 && !signal?.aborted) yield pending.shift() as Result
          if (over) {
            const { error } = over as { error: unknown }
            if (error === null) return
            throw readable(error, signal)
          }
          await new Promise<void>((resolve) => (wake = resolve))
        }
      } finally {
        signal?.removeEventListener('abort', aborted)
        leave()
      }
    },
    async close() {
      await socket?.dispose()
    },
  }
}

/** One WebSocket for all subscriptions, which is ended when nothing comes back over it. */
function openSocket(url: string, token: string, silence: number): Client {
  let listening: NodeJS.Timeout | undefined
  const client = createClient({
    url,
    connectionParams: { Authorization: `Bearer ${token}` },
    // Whoever watches begins again by itself, from what it has seen last.
    retryAttempts: 0,
    connectionAckWaitTimeout: silence,
    keepAlive: silence,
    on: {
      ping(received) {
        if (!received) listening = setTimeout(() => client.terminate(), silence)
      },
      pong: (received) => received && clearTimeout(listening),
      closed: () => clearTimeout(listening),
    },
  })
  return client
}
