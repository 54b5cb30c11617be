import { GraphQLError, type GraphQLErrorExtensions } from 'graphql'
import { BroadsheetError, RateLimited, Unauthenticated } from '../errors.ts'
import { isUnreachable } from '../db/unreachable.ts'
import type { Log } from '../log.ts'

/** Errors come by here more than once on some ways out. */
const MASKED = new WeakSet<GraphQLError>()
/** How many causes deep an error of ours may be wrapped. */
const DEPTH = 5

/**
 * What a caller gets to see of an error: a GraphQL error's own message and a stable code, or "Something went wrong".
 * No stack, SQL, path or host leaves; the log has all of it.
 */
export function createMask(log: Log): (error: unknown) => GraphQLError {
  return (error) => {
    const masked = mask(error)
    MASKED.add(masked)
    return masked
  }

  function mask(error: unknown): GraphQLError {
    const outer = error instanceof GraphQLError ? error : undefined
    if (outer && MASKED.has(outer)) return outer
    const place = outer
      ? {
          nodes: outer.nodes ?? null,
          source: outer.source ?? null,
          positions: outer.positions ?? null,
          path: outer.path ?? null,
        }
      : {}
    const known = find(error, (one) => one instanceof BroadsheetError)
    if (known) {
      const extensions = {
        code: known.code,
        ...known.details,
        ...(known instanceof Unauthenticated && { http: { status: 401 } }),
        ...(known instanceof RateLimited && {
          http: { status: 429, headers: { 'Retry-After': String(known.retryAfter) } },
        }),
      }
      return new GraphQLError(known.message, { ...place, extensions })
    }
    if (find(error, isUnreachable))
      return new GraphQLError('The service is not whole for the moment. Try again.', {
        ...place,
        extensions: { code: 'UNAVAILABLE' },
      })
    if (outer && isAboutRequest(outer))
      return new GraphQLError(outer.message, { ...place, extensions: { ...statusOf(outer), code: 'BAD_USER_INPUT' } })
    log.error({ err: error }, 'a resolver failed')
    return new GraphQLError('Something went wrong. It was logged; try again later.', {
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    })
  }
}

/**
 * The HTTP status and headers that the server has thought of; it takes them out again. What else a library puts into its
 * extensions, such as the runtime's own words about a body that is no JSON, is not ours to give away.
 */
function statusOf({ extensions }: GraphQLError): Pick<GraphQLErrorExtensions, 'http'> {
  const { http, originalError } = extensions
  if (typeof http !== 'object' || http === null) return {}
  // `spec` is 200 for who accepts plain JSON: right for a wrong operation, wrong for a body that nobody could read.
  return { http: originalError === undefined ? http : { ...http, spec: false } }
}

/**
 * A GraphQL error that no other error has caused is about the request: syntax, validation, a method, the value of a variable
 * or (it points at its place in the document) of an argument. What has a path and points nowhere is a value of ours that its
 * type could not write.
 */
function isAboutRequest(outer: GraphQLError): boolean {
  let root = outer
  while (root.originalError instanceof GraphQLError) root = root.originalError
  return !root.originalError && (outer.path === undefined || (root !== outer && root.nodes !== undefined))
}

function find<T extends Error>(error: unknown, is: (error: Error) => error is T): T | undefined
function find(error: unknown, is: (error: Error) => boolean): Error | undefined
function find(error: unknown, is: (error: Error) => boolean): Error | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < DEPTH; depth++) {
    if (is(at)) return at
    at = (at instanceof GraphQLError ? at.originalError : undefined) ?? at.cause
  }
  return undefined
}
