import { expect } from 'vitest'

interface Shape {
  type?: string | string[]
  enum?: unknown[]
  properties?: Record<string, Shape>
  required?: string[]
  additionalProperties?: boolean
  items?: Shape
  $ref?: string
  anyOf?: Shape[]
  format?: string
  minimum?: number
  maximum?: number
}
interface OpenApi {
  paths: Record<string, Record<string, any>>
  components: { schemas: Record<string, Shape> }
}

/** A client of /api/v1 that holds every answer against the OpenAPI document. */
export async function createRestClient(url: string) {
  const root = `${url}/api/v1`
  const api = (await (await fetch(`${root}/openapi.json`)).json()) as OpenApi
  const patterns = Object.keys(api.paths)
    .toSorted((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
    .map((path) => ({ path, pattern: new RegExp(`^${path.replace('{id}', '[^/]+')}/?$`) }))
  const used = new Set<string>()

  function check(method: string, address: string, status: number, type: string, body: unknown): void {
    const path = patterns.find(({ pattern }) => pattern.test(address.split('?')[0]!))?.path
    const operation = path && api.paths[path]?.[method.toLowerCase()]
    if (!operation) return
    used.add(`${operation.operationId} ${status}`)
    const described = operation.responses[status]
    expect(described, `${method} ${path} may answer ${status}`).toBeDefined()
    const [kind, content] = Object.entries<any>(described.content ?? {})[0] ?? []
    if (!kind) return expect(body).toBeNull()
    expect(type).toContain(kind)
    expect(faults(content.schema, body, ''), `${method} ${path} ${status}`).toEqual([])
  }

  function faults(shape: Shape, value: any, at: string): string[] {
    if (shape.$ref) return faults(api.components.schemas[shape.$ref.split('/').at(-1)!]!, value, at)
    if (shape.anyOf)
      return shape.anyOf.some((one) => faults(one, value, at).length === 0) ? [] : [`${at}: none of them fits`]
    const kind =
      value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value
    const kinds = [shape.type ?? kind].flat()
    if (!kinds.includes(kind) && !(kind === 'integer' && kinds.includes('number')))
      return [`${at}: ${kind}, not ${kinds}`]
    if (value === null) return []
    if (shape.enum && !shape.enum.includes(value)) return [`${at}: ${value} is no word of it`]
    if (shape.format === 'date-time' && !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value))
      return [`${at}: ${value} is no instant`]
    if (value < (shape.minimum ?? -Infinity) || value > (shape.maximum ?? Infinity)) return [`${at}: ${value}`]
    if (kind === 'array')
      return value.flatMap((one: unknown, n: number) => faults(shape.items ?? {}, one, `${at}/${n}`))
    if (kind !== 'object' || !shape.properties) return []
    const names = Object.keys(value)
    return [
      ...(shape.required ?? []).filter((name) => !names.includes(name)).map((name) => `${at}/${name} is not there`),
      ...names.flatMap((name) => {
        const inner = shape.properties![name]
        if (inner) return faults(inner, value[name], `${at}/${name}`)
        return shape.additionalProperties === false ? [`${at}/${name} is not described`] : []
      }),
    ]
  }

  return {
    api,
    /** "listReports 200": what was answered so far. */
    used,
    async call(
      method: string,
      address: string,
      more: { token?: string | null; body?: unknown; headers?: Record<string, string> } = {},
    ): Promise<{ status: number; headers: Headers; body: any; text: string }> {
      const response = await fetch(address.startsWith('http') ? address : `${root}${address}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(more.token != null && { authorization: `Bearer ${more.token}` }),
          ...(more.body !== undefined && { 'content-type': 'application/json' }),
          ...more.headers,
        },
        ...(more.body !== undefined && {
          body: typeof more.body === 'string' ? more.body : JSON.stringify(more.body),
        }),
      })
      const text = await response.text()
      const type = response.headers.get('content-type') ?? ''
      const body = type.includes('json') && text !== '' ? JSON.parse(text) : null
      const path = address.startsWith('http') ? address.slice(root.length) : address
      if (method !== 'OPTIONS' && method !== 'HEAD') check(method, path, response.status, type, body)
      return { status: response.status, headers: response.headers, body, text }
    },
  }
}

export type RestClient = Awaited<ReturnType<typeof createRestClient>>

/** The server-sent events of an answer so far; ends with it. */
export function watchEvents(url: string, headers: Record<string, string>) {
  const abort = new AbortController()
  const watched = { events: [] as { event: string; id?: string; data: any }[], done: false, leave: () => abort.abort() }
  const read = async () => {
    const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal })
    let rest = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const frames = (rest + chunk).split('\n\n')
      rest = frames.pop() ?? ''
      for (const frame of frames) {
        const part = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1]
        const id = part('id')
        if (part('event'))
          watched.events.push({ event: part('event')!, ...(id && { id }), data: JSON.parse(part('data')!) })
      }
    }
  }
  read()
    .catch((error: Error) => error.name === 'AbortError' || watched.events.push({ event: error.message, data: null }))
    .finally(() => (watched.done = true))
  return watched
}
