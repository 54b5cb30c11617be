import type { Words } from './fields.ts'
import type { Field, Fields, Route } from './route.ts'
import { ROUTES } from './routes.ts'
import { shapesOf } from './shapes.ts'

/** What every route may answer beside its own. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: 'No credential, or one that is not (any longer) good.',
  403: 'The role or the scopes of the credential do not reach so far.',
  429: 'Too often; Retry-After says in how many seconds.',
  503: 'Postgres, Redis or the store does not answer; nothing was done.',
}

/** The OpenAPI 3.1 document of the table of routes. `url` is where they begin. */
export function openApiOf({ words, url }: { words: Words; url: string }) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of ROUTES) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, words)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Broadsheet',
      version: '1',
      description: 'Reports over REST: the same schema, rights and limits as GraphQL at /graphql.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An API token or a JWT.' } },
      schemas: shapesOf(words),
    },
  }
}

function operationOf(route: Route, words: Words) {
  const hasId = route.path.includes('{id}')
  const refusals: Record<number, string> = {
    ...REFUSALS,
    ...(hasId && { 404: 'Unknown, or not yours to see.' }),
    ...((route.body ?? route.query) && { 422: 'Something in it is wrong; errors says where.' }),
    ...(route.body && {
      400: 'The body is no JSON object.',
      413: 'Longer than a body may be (1 MB unless set).',
      415: 'The body is no JSON.',
    }),
  }
  const responses: Record<string, unknown> = {}
  for (const [status, description] of Object.entries(refusals))
    responses[status] = { description, ...contentOf('Problem') }
  for (const [status, { description, shape }] of Object.entries(route.answers))
    responses[status] = {
      description,
      ...(status === '201' || status === '302' ? { headers: { Location: { schema: { type: 'string' } } } } : {}),
      ...(shape && contentOf(shape, route.name === 'getProgress' && status === '200')),
    }
  const parameters = [
    ...(hasId ? [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] : []),
    ...Object.entries(route.query ?? {}).map(([name, field]) => ({
      name,
      in: 'query',
      description: field.description,
      schema: schemaOf(field, words),
      ...(field.kind === 'texts' && { style: 'form', explode: false }),
    })),
    ...(route.answers[201]
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            description: 'At most 255 characters: the same key within 24 hours is the same object.',
            schema: { type: 'string' },
          },
        ]
      : []),
  ]
  return {
    operationId: route.name,
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: bodyOf(route.body, words) }),
    responses,
  }
}

function contentOf(shape: string, streams = false) {
  const schema = { $ref: `#/components/schemas/${shape}` }
  const type = shape === 'Problem' ? 'application/problem+json' : 'application/json'
  return { content: { [type]: { schema }, ...(streams && { 'text/event-stream': { schema: { type: 'string' } } }) } }
}

function bodyOf(fields: Fields, words: Words) {
  const required = Object.keys(fields).filter((name) => fields[name]?.required)
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      {
        description: field.description,
        ...schemaOf(field, words),
        ...(field.example !== undefined && { examples: [field.example] }),
      },
    ]),
  )
  return {
    required: required.length > 0,
    content: {
      'application/json': {
        schema: { type: 'object', properties, ...(required.length > 0 && { required }), additionalProperties: false },
      },
    },
  }
}

function schemaOf({ kind, enum: name, least, most }: Field, words: Words): object {
  const word = { type: 'string', ...(name !== undefined && { enum: words(name) }) }
  if (kind === 'text') return word
  if (kind === 'texts') return { type: 'array', items: word }
  if (kind === 'objects') return { type: 'array', items: { type: 'object' } }
  if (kind === 'flag') return { type: 'boolean' }
  if (kind === 'object') return { type: 'object', additionalProperties: true }
  return {
    type: 'integer',
    ...(least !== undefined && { minimum: least }),
    ...(most !== undefined && { maximum: most }),
  }
}
