import { Client, fetchExchange, stringifyDocument, type TypedDocumentNode } from '@urql/core'
import { createClient, type Client as Socket } from 'graphql-ws'
import { Failure, failureOf } from './failure.ts'
import { keepFollowing, type Sink } from './following.ts'
import { createStore, type Store } from './store.ts'

/** `reconnecting`: what is shown may be old; everything that is followed goes on by itself when the socket is back. */
export type Line = 'connecting' | 'live' | 'reconnecting'
type Variables = Record<string, unknown>

export interface Connection {
  readonly line: Pick<Store<Line>, 'get' | 'listen'>
  /** Queries and mutations, over HTTP. Rejects with Failure. */
  ask<Result, Wanted extends Variables>(document: TypedDocumentNode<Result, Wanted>, variables: Wanted): Promise<Result>
  /**
   * A subscription, which goes on until it is left: it begins again after each loss of the socket, and where the service ended it
   * or had no room for it, and its first event is then a snapshot or READY. `failed` is called once, where the API refuses it
   * for good. Answers how to leave.
   */
  follow<Result, Wanted extends Variables>(
    document: TypedDocumentNode<Result, Wanted>,
    variables: Wanted,
    heard: (result: Result) => void,
    failed?: (failure: Failure) => void,
  ): () => void
  close(): void
}

/** Close codes after which the same token gets nowhere. */
const SIGNED_OUT: Readonly<Record<number, string>> = {
  4401: 'This token is not valid.',
  4403: 'This token has expired or was revoked.',
}
/** Milliseconds without a word on the socket until the server is asked for one; as long again and it counts as lost. */
const SILENCE = 10_000
/** Milliseconds until a request without an answer counts as lost: what waits for it goes on. */
const LONGEST_REQUEST = 30_000
/** The first and the longest wait before the socket is opened again, in milliseconds; each is cut by up to a half. */
const FIRST_WAIT = 300
const LONGEST_WAIT = 5_000

/** The one way from this page to the service: the public API at /graphql, as `token`. `signedOut` is told why, once. */
export function createConnection(token: string, signedOut: (why: string) => void): Connection {
  const line = createStore<Line>('connecting')
  const authorization = `Bearer ${token}`
  const http = new Client({
    url: '/graphql',
    exchanges: [fetchExchange],
    requestPolicy: 'network-only',
    preferGetMethod: false,
    // urql gives each request a signal of its own, which ends it where nobody waits for it any more.
    fetch: (url, given) => {
      const signals = [given?.signal, AbortSignal.timeout(LONGEST_REQUEST)]
      return fetch(url, { ...given, signal: AbortSignal.any(signals.filter((one) => one != null)) })
    },
    fetchOptions: { headers: { authorization } },
  })
  let unanswered: ReturnType<typeof setTimeout> | undefined
  let closed = false
  const leave = (why: string) => {
    if (closed) return
    closed = true
    signedOut(why)
  }
  /** Null from a loss after which graphql-ws does not go on by itself (4429: too many sockets; 4500: try again) until the next. */
  let socket: Socket | null = null
  const open = () =>
    createClient({
      url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
      connectionParams: { Authorization: authorization },
      // The badge tells from the first moment whether the page is live.
      lazy: false,
      keepAlive: SILENCE,
      retryAttempts: Infinity,
      retryWait: (tries) =>
        new Promise((resolve) =>
          setTimeout(resolve, Math.min(FIRST_WAIT * 2 ** tries, LONGEST_WAIT) * (1 - Math.random() / 2)),
        ),
      shouldRetry: (event) => !(SIGNED_OUT[(event as CloseEvent).code] !== undefined || closed),
      onNonLazyError: later,
      on: {
        connected: () => line.set('live'),
        ping: (received) => {
          if (!received) unanswered = setTimeout(() => socket?.terminate(), SILENCE)
        },
        pong: (received) => received && clearTimeout(unanswered),
        closed(event) {
          clearTimeout(unanswered)
          const why = SIGNED_OUT[(event as CloseEvent).code]
          if (why !== undefined) return leave(why)
          if (!closed) line.set('reconnecting')
        },
      },
    })
  function later(event: unknown): void {
    socket = null
    if (closed || SIGNED_OUT[(event as CloseEvent).code] !== undefined) return
    setTimeout(() => closed || (socket = open()), LONGEST_WAIT * (1 - Math.random() / 2))
  }
  socket = open()

  return {
    line,
    async ask(document, variables) {
      const mutates = document.definitions.some((one) => 'operation' in one && String(one.operation) === 'mutation')
      const asked = mutates ? http.mutation(document, variables as never) : http.query(document, variables as never)
      const { data, error } = await asked.toPromise()
      if (error) {
        const failure = failureOf(error)
        if (failure.code === 'UNAUTHENTICATED') leave('This token is not valid, or no longer.')
        throw failure
      }
      if (data == null) throw new Failure('OFFLINE', 'The service gave no answer.')
      return data
    },
    follow<Result, Wanted extends Variables>(
      document: TypedDocumentNode<Result, Wanted>,
      variables: Wanted,
      heard: (result: Result) => void,
      failed?: (failure: Failure) => void,
    ) {
      const operation = { query: stringifyDocument(document), variables }
      const begin = (sink: Sink<Result>) => {
        if (socket) return socket.subscribe(operation, sink as never)
        // What ends with the connection is not begun again; what falls between two sockets is.
        const soon = closed ? undefined : setTimeout(() => sink.error(null))
        return () => clearTimeout(soon)
      }
      return keepFollowing(begin, heard, failed)
    },
    close() {
      closed = true
      const last = socket
      socket = null
      // It may wait for a connection that is refused meanwhile: that is over.
      Promise.resolve(last?.dispose()).catch(() => undefined)
    },
  }
}
