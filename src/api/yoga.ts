import type { GraphQLError, GraphQLSchema } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { Config } from '../config.ts'
import type { Database } from '../db/orm.ts'
import type { Authenticator } from '../identity/authenticate.ts'
import type { Log } from '../log.ts'
import type { CredentialWatch } from './credentials.ts'
import { useOperations, type Door, type Rooms } from './execution.ts'
import { createGraphiql } from './graphiql.ts'
import { limitPlugins } from './limits.ts'
import { createMask } from './mask-errors.ts'
import { useJsonAlone, useNoIntrospection, useNoSuggestions } from './request-rules.ts'

interface Dependencies {
  schema: GraphQLSchema
  config: Pick<Config, 'graphiql' | 'introspection' | 'suggestions'>
  database: Database
  rooms: Rooms
  authenticator: Authenticator
  credentials: CredentialWatch
  log: Log
}

/** Longest body of a request, in bytes; above it 413. */
const LONGEST_BODY = 1_000_000

/** The one pipeline: POST, GET and SSE come through it here, WebSocket by its enveloped functions. */
export async function createPipeline({
  schema,
  config,
  database,
  rooms,
  authenticator,
  credentials,
  log,
}: Dependencies) {
  const graphiql = config.graphiql ? await createGraphiql() : null
  return createYoga<object, Door>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: graphiql?.options ?? false,
    renderGraphiQL: graphiql?.render,
    // Yoga's own would reflect any origin, or answer "null", which a sandboxed page is: the server says it for all paths.
    cors: false,
    multipart: false,
    maxRequestBodySize: LONGEST_BODY,
    batching: false,
    maskedErrors: { maskError: createMask(log) },
    // What is ours to mend, the mask has logged.
    logging: {
      debug: (...said) => log.debug(said),
      info: (...said) => log.debug(said),
      warn: (...said) => log.warn(said),
      error: (...said) => log.debug(said),
    },
    // A socket brings its viewer along; a request shows its credential.
    context: async (door: { request?: Request; viewer?: Door['viewer'] }): Promise<Door> => ({
      viewer: door.viewer ?? (await authenticator.authenticate(door.request?.headers.get('authorization'))),
      watched: door.viewer !== undefined,
    }),
    plugins: [
      useJsonAlone(),
      ...(graphiql ? [graphiql.plugin] : []),
      ...(config.suggestions ? [] : [useNoSuggestions()]),
      ...limitPlugins(),
      useOperations({ database, rooms, credentials }),
      useValidationCode(),
      ...(config.introspection ? [] : [useNoIntrospection()]),
    ],
  })
}

export type Pipeline = Awaited<ReturnType<typeof createPipeline>>

/** What fails validation never comes to the mask: it gets its code here, before Yoga gives it one of its own. */
function useValidationCode(): Plugin {
  return {
    onValidate:
      () =>
      ({ result }) => {
        for (const error of result as GraphQLError[]) error.extensions['code'] = 'BAD_USER_INPUT'
      },
  }
}
