import type { Server } from 'node:http'
import type { Writable } from 'node:stream'
import { getOperationAST, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql'
import { CloseCode } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Config } from '../config.ts'
import { BadInput, RateLimited, Unauthenticated } from '../errors.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Log } from '../log.ts'
import { tooFast, type Admission } from './admission.ts'
import type { CredentialWatch } from './credentials.ts'
import { sendFrames, type Sending } from './frames.ts'
import { createMask } from './mask-errors.ts'
import { guardMessages } from './messages.ts'
import type { Origins } from './origins.ts'
import type { Pipeline } from './yoga.ts'

/** The longest wait for connection_init, in milliseconds. */
const INIT_WITHIN = 3_000
/** How long a client may take to answer a goodbye, in milliseconds. */
const GOODBYE_WITHIN = 1_000
/** Close codes that clients may rely on. */
const BAD_TOKEN = 4401
const TOKEN_ENDED = 4403
const TOO_MANY = 4429

/** What an operation takes along from onSubscribe: the pipeline's own functions, and where its frames go. */
interface Prepared {
  subscribe(args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>
  id: string
  socket: Sending
  wire: Writable
}

/** graphql-transport-ws on /graphql of the same server, through the same pipeline as HTTP. */
export function serveWebSocket({
  server,
  pipeline,
  origins,
  config,
  admission,
  credentials,
  log,
}: {
  server: Server
  pipeline: Pipeline
  origins: Origins
  config: Pick<Config, 'longestFrame'>
  admission: Admission
  credentials: CredentialWatch
  log: Log
}) {
  const sockets = new WebSocketServer({
    server,
    path: '/graphql',
    maxPayload: config.longestFrame,
    // One message in a turn of the event loop: whoever sends many at once keeps nobody else waiting.
    allowSynchronousEvents: false,
    verifyClient({ req }, answer) {
      if (origins.mayConnect(req)) return answer(true)
      log.info(
        { origin: req.headers.origin },
        'a page of another origin was refused: CORS_ORIGINS names those that may',
      )
      answer(false, 403, 'Forbidden')
    },
  })
  const viewers = new WeakMap<WebSocket, Viewer>()
  /** Ids of a socket's operations that are being made. */
  const making = new WeakMap<WebSocket, Set<string>>()
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
          const { remoteAddress = '' } = context.extra.request.socket
          const viewer = await admission.authenticate(typeof given === 'string' ? given : null, remoteAddress)
          if (!viewer) throw new Unauthenticated()
          const { socket } = context.extra
          // It may have gone while we looked.
          if (socket.readyState !== socket.OPEN) return false
          socket.once('close', admission.socket(viewer))
          socket.once(
            'close',
            credentials.watch(viewer, () => socket.close(TOKEN_ENDED, 'Token ended')),
          )
          context.extra.viewer = viewer
          viewers.set(socket, viewer)
          return true
        } catch (error) {
          const { socket } = context.extra
          if (error instanceof RateLimited) socket.close(TOO_MANY, error.message)
          else if (error instanceof Unauthenticated)
            socket.close(error.ended ? TOKEN_ENDED : BAD_TOKEN, error.ended ? 'Token ended' : 'Bad token')
          else socket.close(CloseCode.InternalServerError, 'Try again')
          return false
        }
      },
      // A syntax error or a bad operation is answered with an error message: the socket and its other operations live on.
      async onSubscribe(context, id, payload) {
        const { viewer = null, socket } = context.extra
        const ids = making.get(socket) ?? new Set()
        // graphql-ws takes an id again once its client has ended it, would then hold the one for the other, and end neither.
        if (ids.has(id))
          return answer([new BadInput('Give each operation an id of its own: this one is not over yet.')])
        making.set(socket, ids.add(id))
        try {
          const late = messages.late(socket)
          if (late > 0) throw tooFast(late)
          const limits = admission.limitsOf(viewer)
          if (Object.keys(context.subscriptions).length > limits.operations)
            throw new BadInput(
              `A socket carries at most ${limits.operations} operations at once: end one, or open another socket.`,
            )
          await admission.operation(viewer, '')
          const enveloped = pipeline.getEnveloped({ viewer, limits, watched: true, params: payload })
          const { schema, parse, validate, contextFactory, execute, subscribe } = enveloped
          const document = parse(payload.query)
          const errors = validate(schema, document)
          if (errors.length > 0) {
            ids.delete(id)
            return answer(errors)
          }
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
            socket,
            wire: context.extra.request.socket,
          } as unknown as ExecutionArgs
        } catch (error) {
          ids.delete(id)
          return answer([error])
        }
      },
      onOperation(context, id) {
        making.get(context.extra.socket)?.delete(id)
      },
      execute: (args) =>
        (args as unknown as { execute(args: ExecutionArgs): ReturnType<typeof import('graphql').execute> }).execute(
          args,
        ),
      async subscribe(args) {
        const { subscribe, id, socket, wire } = args as unknown as Prepared
        try {
          const results = await subscribe(args)
          return Symbol.asyncIterator in results ? sendFrames(results, id, socket, wire) : results
        } catch (error) {
          // Thrown on, it would end the socket with all that it carries.
          return { errors: answer([error]) }
        }
      },
    },
    sockets,
  )

  const messages = guardMessages({
    sockets,
    take: (socket, name) => admission.message(viewers.get(socket) ?? null, name),
    patience: (socket) => admission.limitsOf(viewers.get(socket) ?? null).messages,
    end: (socket) => socket.close(TOO_MANY, 'Too many messages'),
  })
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
