import {
  createSourceEventStream,
  execute,
  getOperationAST,
  GraphQLError,
  Kind,
  type ExecutionArgs,
  type ExecutionResult,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Context } from '../../schema/builder.ts'
import type { Database } from '../db/orm.ts'
import { Unauthenticated } from '../errors.ts'
import { projectStream } from '../progress/project.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Limits } from '../limits.ts'
import type { Admission } from './admission.ts'
import type { CredentialWatch } from './credentials.ts'
import { createSharedResults } from './shared-results.ts'
import { createWatchWall } from './watch-wall.ts'

/** What the doors put into an operation's context: who asks, or null where no credential was shown. */
export interface Door {
  readonly viewer: Viewer | null
  /** What this caller may take. */
  readonly limits: Limits
  /** True where the door itself watches the credential: a socket does so once for all that it carries. */
  readonly watched?: boolean
}
/** What is the same for all operations of the process. */
export type Rooms = Omit<Context, 'viewer' | 'reading'>

/**
 * One way to run an operation, whatever door it came through: nobody without a credential gets past introspection; each
 * operation, and each event of a subscription, has its own reading and its own dataloaders, so that nothing is stale.
 */
export function useOperations({
  database,
  rooms,
  credentials,
  admission,
}: {
  database: Database
  rooms: Rooms
  credentials: CredentialWatch
  admission: Admission
}): Plugin {
  const results = createSharedResults()
  const wall = createWatchWall()

  async function run(args: ExecutionArgs, viewer: Viewer): Promise<ExecutionResult> {
    const reading = database.reading(viewer.tenantId)
    try {
      return await execute({ ...args, contextValue: { ...(args.contextValue as object), ...rooms, viewer, reading } })
    } finally {
      await reading.end()
    }
  }

  /** Counts among the viewer's subscriptions until its stream has ended. */
  async function subscribe(args: ExecutionArgs, viewer: Viewer) {
    const end = admission.subscription(viewer)
    try {
      const stream = await streamOf(args, viewer, end)
      if (!(Symbol.asyncIterator in stream)) end()
      return stream
    } catch (error) {
      end()
      throw error
    }
  }

  async function streamOf(
    args: ExecutionArgs,
    viewer: Viewer,
    end: () => void,
  ): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const reading = database.reading(viewer.tenantId)
    let events: AsyncIterable<unknown> | ExecutionResult
    try {
      events = await createSourceEventStream({
        ...args,
        contextValue: { ...(args.contextValue as object), ...rooms, viewer, reading },
      })
    } finally {
      await reading.end()
    }
    if (!(Symbol.asyncIterator in events)) return events
    const key = results.keyOf(args, viewer)
    const signal = signalOf(args)
    const told = projectStream(
      events[Symbol.asyncIterator](),
      (rootValue) => results.of(rootValue, key, () => run({ ...args, rootValue }, viewer)),
      () => {
        signal?.removeEventListener('abort', leave)
        end()
      },
    )
    const stream = (args.contextValue as Door).watched ? told : credentials.bound(told, viewer, failed)
    // Of a caller who goes while the stream is still being made nobody reads it, and so nobody would return it.
    function leave(): void {
      // What fails here is a stream that has ended already.
      stream.return?.().catch(() => undefined)
    }
    signal?.addEventListener('abort', leave)
    if (signal?.aborted) leave()
    return stream
  }

  const failed = (error: unknown): ExecutionResult => ({ errors: [asGraphQLError(error)] })
  const refused = () => failed(new Unauthenticated())

  return {
    onExecute({ args, setExecuteFn }) {
      const { viewer } = args.contextValue as unknown as Door
      const beyond = viewer && wall.refusal(args, viewer)
      if (beyond) setExecuteFn(() => beyond)
      else if (viewer) setExecuteFn((given: ExecutionArgs) => run(given, viewer))
      else if (!isIntrospection(args)) setExecuteFn(refused)
    },
    onSubscribe({ args, setSubscribeFn }) {
      const { viewer } = args.contextValue as unknown as Door
      const beyond = viewer && wall.refusal(args, viewer)
      if (beyond) setSubscribeFn(() => beyond)
      else setSubscribeFn(viewer ? (given: ExecutionArgs) => subscribe(given, viewer) : refused)
    },
  }
}

/** For the mask, which looks at what was thrown at first. */
function asGraphQLError(error: unknown): GraphQLError {
  return error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error })
}

/** Aborted when the caller of a request goes before its answer has ended; a socket has none, and returns its streams itself. */
function signalOf({ contextValue }: ExecutionArgs): AbortSignal | undefined {
  return (contextValue as { request?: Request }).request?.signal
}

/** True where the operation asks for nothing but the schema, which is no secret where introspection is on. */
function isIntrospection({ document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>): boolean {
  const operation = getOperationAST(document, operationName)
  return (
    operation?.selectionSet.selections.every(
      (selection) => selection.kind === Kind.FIELD && selection.name.value.startsWith('__'),
    ) ?? false
  )
}
