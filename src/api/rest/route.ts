import type { ShapeName } from './shapes.ts'

/** A value of a query or a body, as a route declares it. `enum` names an enum of the GraphQL schema. */
export interface Field {
  readonly kind: 'text' | 'whole' | 'flag' | 'object' | 'texts' | 'objects'
  readonly description: string
  readonly enum?: string
  readonly required?: true
  readonly least?: number
  readonly most?: number
  readonly example?: unknown
}
export type Fields = Readonly<Record<string, Field>>
/** Checked against the fields: what is there has its kind, words of an enum are written as the schema writes them. */
export type Values = Readonly<Record<string, unknown>>

/** The data of an operation: what its document asks for, so a route knows its shape. */
export type Data = Readonly<Record<string, any>> // eslint-disable-line typescript/no-explicit-any -- told by the document

/** One request, as a route sees it. */
export interface Call {
  /** What stands for {id} in the path; empty where the path has none. */
  readonly id: string
  readonly query: Values
  readonly body: Values
  /** Runs a document of this folder with the caller's own credential. Throws Problem for its errors. */
  ask(operation: string, variables?: Record<string, unknown>): Promise<Data>
  /** Follows a subscription; the first event is there before anything is answered. Throws Problem. */
  follow(operation: string, variables: Record<string, unknown>): Promise<Events>
  /** The address of a path of this API, as links have it. */
  href(path: string): string
  readonly idempotencyKey: string | null
  /** True where the caller asks for server-sent events; `lastEventId` is what it has seen. */
  readonly wantsEvents: boolean
  readonly lastEventId: string | null
}

/** The answers of a subscription, each with data, and null where nothing has happened for a while. Throws Problem. */
export interface Events extends AsyncIterable<Data | null> {
  close(): void
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** In place of a body: events, until they end. */
  readonly events?: AsyncIterable<ServerSent | null> & { close(): void }
}

/** One server-sent event; null is a sign of life. */
export interface ServerSent {
  readonly event: string
  readonly id?: string
  readonly data: unknown
}

/** One line of the table: the router, the OpenAPI document and the page to try it are made of it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below /api/v1; at most one {id}. */
  readonly path: string
  /** operationId of the OpenAPI document. */
  readonly name: string
  readonly summary: string
  readonly query?: Fields
  readonly body?: Fields
  /** What success looks like, and which refusals are its own beyond those that every route has. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly shape?: ShapeName }>>
  run(call: Call): Promise<Answer>
}
