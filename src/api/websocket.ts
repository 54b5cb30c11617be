import type { Server } from 'node:http'
import { getOperationAST, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql'
import { CloseCode } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { BadInput, Unauthenticated } from '../errors.ts'
import type { Authenticator } from '../identity/authenticate.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Log } from '../log.ts'
import type { CredentialWatch } from './credentials.ts'
import { sendFrames, type Sending } from './frames.ts'
import { createMask } from './mask-errors.ts'
import type { Origins } from './origins.ts'
import type { Pipeline } from './yoga.ts'

/** Longest frame from a client, in bytes; the longest wait for connection_init, in milliseconds. */
const LONGEST_FRAME = 64 * 1024
const INIT_WITHIN = 3_000
/** Operations under way on one socket: each holds memory until its client ends it. */
const MOST_OPERATIONS = 50
/** How long a client may take to answer a goodbye, in milliseconds. */
const GOODBYE_WITHIN = 1_000
/** Close codes that clients may rely on. */
const BAD_TOKEN = 4401
const TOKEN_ENDED = 4403

/** What an operation takes along from onSubscribe: the pipeline's own functions, and where its frames go. */
interface Prepared {
  subscribe(args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>
  id: string
  socket: Sending
}

/** graphql-transport-ws on /graphql of the same server, through the same pipeline as HTTP. */
export function serveWebSocket({
  server,
  pipeline,
  origins,
  authenticator,
  credentials,
  log,
}: {
  server: Server
  pipeline: Pipeline
  origins: Origins
  authenticator: Authenticator
  credentials: CredentialWatch
  log: Log
}) {
  const sockets = new WebSocketServer({
    server,
    path: '/graphql',
    maxPayload: LONGEST_FRAME,
    verifyClient({ req }, answer) {
      if (origins.mayConnect(req)) return answer(true)
      log.info(
        { origin: req.headers.origin },
        'a page of another origin was refused: CORS_ORIGINS names those that may',
      )
      answer(false, 403, 'Forbidden')
    },
  })
  const mask = createMask(log)
  /** An error frame. What an HTTP answer would be made of is left out. */
  const answer = (errors: readonly unknown[]) =>
    errors.map((error) => {
      const masked = mask(error)
      const { http: _, ...extensions } = masked.extensions
      return new GraphQLError(masked.message, {
        nodes: masked.nodes ?? null,
        source: masked.source ?? null,
        positions: masked.positions ?? null,
        extensions,
      })
    })

  const running = useServer<Record<string, unknown>, { viewer?: Viewer }>(
    {
      connectionInitWaitTimeout: INIT_WITHIN,
      async onConnect(context) {
        const given = context.connectionParams?.['Authorization'] ?? context.connectionParams?.['authorization']
        try {
          const viewer = await authenticator.authenticate(typeof given === 'string' ? given : null)
          if (!viewer) throw new Unauthenticated()
          context.extra.viewer = viewer
          const { socket } = context.extra
          socket.once(
            'close',
            credentials.watch(viewer, () => socket.close(TOKEN_ENDED, 'Token ended')),
          )
          return true
        } catch (error) {
          const ended = error instanceof Unauthenticated && error.ended
          if (error instanceof Unauthenticated)
            context.extra.socket.close(ended ? TOKEN_ENDED : BAD_TOKEN, ended ? 'Token ended' : 'Bad token')
          else context.extra.socket.close(CloseCode.InternalServerError, 'Try again')
          return false
        }
      },
      // A syntax error or a bad operation is answered with an error message: the socket and its other operations live on.
      async onSubscribe(context, id, payload) {
        try {
          if (Object.keys(context.subscriptions).length > MOST_OPERATIONS)
            throw new BadInput(
              `A socket carries at most ${MOST_OPERATIONS} operations at once: end one, or open another socket.`,
            )
          const enveloped = pipeline.getEnveloped({ viewer: context.extra.viewer, params: payload })
          const { schema, parse, validate, contextFactory, execute, subscribe } = enveloped
          const document = parse(payload.query)
          const errors = validate(schema, document)
          if (errors.length > 0) return answer(errors)
          if (!getOperationAST(document, payload.operationName))
            throw new BadInput('Name one of the operations of the document with operationName.')
          const contextValue = await contextFactory()
          return {
            schema,
            document,
            operationName: payload.operationName ?? null,
            variableValues: payload.variables ?? null,
            contextValue,
            execute,
            subscribe,
            id,
            socket: context.extra.socket,
          } as unknown as ExecutionArgs
        } catch (error) {
          return answer([error])
        }
      },
      execute: (args) =>
        (args as unknown as { execute(args: ExecutionArgs): ReturnType<typeof import('graphql').execute> }).execute(
          args,
        ),
      async subscribe(args) {
        const { subscribe, id, socket } = args as unknown as Prepared
        const results = await subscribe(args)
        return Symbol.asyncIterator in results ? sendFrames(results, id, socket) : results
      },
    },
    sockets,
  )

  // graphql-ws would print a client's protocol faults (a frame that is too long) to the console, with their stacks.
  sockets.on('connection', (socket) => {
    socket.removeAllListeners('error')
    socket.on('error', (error) => log.debug({ err: error }, 'a socket ended with an error'))
  })

  return {
    get connections() {
      return sockets.clients.size
    },
    /** Tells all clients to come back later (1001) and takes no more; one that does not answer is cut off. */
    async close() {
      const late = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
      }, GOODBYE_WITHIN)
      await running.dispose()
      clearTimeout(late)
    },
  }
}
