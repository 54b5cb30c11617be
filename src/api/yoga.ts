import type { IncomingMessage } from 'node:http'
import type { GraphQLSchema } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { Config } from '../config.ts'
import type { Database } from '../db/orm.ts'
import type { Log } from '../log.ts'
import { NO_TRACER, type Tracer } from '../tracing/tracer.ts'
import type { Admission } from './admission.ts'
import type { CredentialWatch } from './credentials.ts'
import { useOperations, type Door, type Rooms } from './execution.ts'
import { createGraphiql } from './graphiql.ts'
import { useLimits } from './limits.ts'
import { useTracing } from './tracing.ts'
import { createMask } from './mask-errors.ts'
import { useJsonAlone, useNoIntrospection, useNoSuggestions } from './request-rules.ts'
import { readTrustedDocuments, useTrustedDocuments } from './trusted-documents.ts'

/** What comes along with a request of Node's server. */
interface NodeContext {
  readonly req: IncomingMessage
}

/** What comes along with a call from within: the address of who asked there. */
export interface Called {
  readonly address: string
}

interface Dependencies {
  schema: GraphQLSchema
  config: Pick<Config, 'graphiql' | 'introspection' | 'suggestions' | 'limits' | 'longestBody' | 'persistedOperations'>
  database: Database
  rooms: Rooms
  admission: Admission
  credentials: CredentialWatch
  tracer: Tracer
  log: Log
}

/** The one pipeline: POST, GET and SSE come through it here, WebSocket by its enveloped functions. */
export async function createPipeline({
  schema,
  config,
  database,
  rooms,
  admission,
  credentials,
  tracer,
  log,
}: Dependencies) {
  const graphiql = config.graphiql ? await createGraphiql() : null
  const trusted = config.persistedOperations && (await readTrustedDocuments(config.persistedOperations, schema))
  return createYoga<object, Door>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: graphiql?.options ?? false,
    renderGraphiQL: graphiql?.render,
    // Yoga's own would reflect any origin, or answer "null", which a sandboxed page is: the server says it for all paths.
    cors: false,
    multipart: false,
    ...(trusted && { extraParamNames: ['documentId'] }),
    maxRequestBodySize: config.longestBody,
    batching: false,
    maskedErrors: { maskError: createMask(log) },
    // What is ours to mend, the mask has logged.
    logging: {
      debug: (...said) => log.debug(said),
      info: (...said) => log.debug(said),
      warn: (...said) => log.warn(said),
      error: (...said) => log.debug(said),
    },
    // Yoga keeps documents by their number, however large they are, and their faults whoever asked: documents.ts keeps fewer.
    parserAndValidationCache: false,
    plugins: [
      useJsonAlone(),
      ...(graphiql ? [graphiql.plugin] : []),
      ...(config.suggestions ? [] : [useNoSuggestions()]),
      useAdmission(admission),
      ...(trusted ? [useTrustedDocuments(trusted)] : []),
      useLimits(config.limits),
      useOperations({ database, rooms, credentials, admission }),
      ...(tracer === NO_TRACER ? [] : [useTracing(tracer)]),
      ...(config.introspection ? [] : [useNoIntrospection()]),
    ],
  })
}

export type Pipeline = Awaited<ReturnType<typeof createPipeline>>

/** Who asks is known, and has one operation less, before its document is looked at. A socket does the same for each message. */
function useAdmission(admission: Admission): Plugin {
  return {
    async onParams({ request, context }) {
      const { req, address = req?.socket.remoteAddress ?? '' } = context as Partial<NodeContext & Called>
      const door = await admission.request(request.headers.get('authorization'), address)
      Object.assign(context, door)
    },
  }
}
