import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { GraphQLClient, type Variables } from 'graphql-request'
import { print } from 'graphql'
import { createClient, type Client } from 'graphql-ws'

/** The public API as a program asks it: queries and mutations over HTTP, subscriptions over one WebSocket. */
export interface Api {
  /** Rejects with graphql-request's ClientError for GraphQL errors. */
  ask<Result, Wanted extends Variables>(
    document: TypedDocumentNode<Result, Wanted>,
    variables: Wanted,
    signal?: AbortSignal,
  ): Promise<Result>
  /**
   * Ends when the server completes, when the reader leaves the loop, and at close(). Throws ConnectionLost, or an Error with
   * the server's first message and all its errors as the cause.
   */
  watch<Result, Wanted extends Variables>(
    document: TypedDocumentNode<Result, Wanted>,
    variables: Wanted,
  ): AsyncGenerator<Result>
  close(): Promise<void>
}

/** The WebSocket ended in mid-subscription. */
export class ConnectionLost extends Error {
  /** The close code; undefined where no connection came about. */
  readonly code: number | undefined
  /** Whether the same may work again: 4xxx are the server's refusals. */
  readonly passing: boolean
  constructor(code: number | undefined, reason: string) {
    super(`The connection was lost (${[code, reason].filter(Boolean).join(' ') || 'it could not be opened'}).`)
    this.code = code
    this.passing = code === undefined || code < 4000
  }
}

/** `url` is where the service runs, without /graphql. Nothing is connected before it is asked. */
export function createApi({ url, token }: { url: string; token: string }): Api {
  const http = new GraphQLClient(`${url}/graphql`, { headers: { authorization: `Bearer ${token}` } })
  let socket: Client | undefined
  const open = () =>
    (socket ??= createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      connectionParams: { Authorization: `Bearer ${token}` },
      // Whoever watches begins again by itself, from what it has seen last.
      retryAttempts: 0,
    }))

  return {
    ask: (document, variables, signal) => http.request({ document, variables, ...(signal && { signal }) } as never),
    async *watch<Result, Wanted extends Variables>(document: TypedDocumentNode<Result, Wanted>, variables: Wanted) {
      try {
        for await (const { data, errors } of open().iterate<Result, never>({
          query: print(document),
          variables: variables as Record<string, unknown>,
        })) {
          if (errors) throw errors
          if (data) yield data
        }
      } catch (error) {
        throw readable(error)
      }
    },
    async close() {
      await socket?.dispose()
    },
  }
}

/** graphql-ws throws lists of GraphQL errors and events of the WebSocket as they are. */
function readable(error: unknown): Error {
  if (error instanceof Error) return error
  if (Array.isArray(error)) return new Error(String(error[0]?.message), { cause: error })
  const { code, reason = '' } = error as { code?: number; reason?: string }
  return new ConnectionLost(code, reason)
}
