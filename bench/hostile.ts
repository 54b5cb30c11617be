import type { WebSocket } from 'ws'

/** Documents and frames that nobody means well with: for the attack bench, and for the test that is its short form. */

const spread = (count: number) =>
  Array.from({ length: count }, (_, n) => `fragment F${n} on Report { ...F${n + 1} ...F${n + 1} }`).join(' ')

export interface HostileDocument {
  readonly name: string
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

/** The attack set, one document each, and its nearest relatives. */
export const HOSTILE_DOCUMENTS: readonly HostileDocument[] = [
  { name: '101 aliases', query: `{ ${Array.from({ length: 101 }, (_, n) => `a${n}: viewer { tenant }`).join(' ')} }` },
  {
    name: 'depth 20',
    query: `{ reports { nodes { ${'regeneratedFrom { '.repeat(17)}id${' }'.repeat(17)} } } }`,
  },
  { name: '60 directives', query: `{ viewer { tenant ${'@include(if: true) '.repeat(60)} } }` },
  {
    name: 'a fragment cycle',
    query: '{ reports { nodes { ...A } } } fragment A on Report { ...B } fragment B on Report { ...A }',
  },
  {
    name: 'a fragment bomb',
    query: `{ reports { nodes { ...F0 } } } ${spread(60)} fragment F60 on Report { id title }`,
  },
  { name: '1,001 tokens', query: `{ viewer { ${'tenant '.repeat(996)}} }` },
  { name: 'a page of a million', query: '{ reports(first: 1000000) { nodes { id title } } }' },
  {
    name: 'a page of a million, by a variable',
    query: 'query ($n: Int) { reports(first: $n) { nodes { id title } } }',
    variables: { n: 1_000_000 },
  },
  {
    name: 'a million nodes of three pages',
    query:
      '{ reports(first: 100) { nodes { events(first: 100) { nodes { by { id } } } schedule { slots(first: 100) { nodes { report { id } } } } } } }',
  },
  {
    name: 'the schema without end',
    query: `{ __schema { types { ${'fields { type { '.repeat(12)}name${' } }'.repeat(12)} } } }`,
  },
]

/** Two operations in one request: no document, but the whole body. */
export const BATCH = JSON.stringify(Array.from({ length: 10 }, () => ({ query: '{ viewer { tenant } }' })))

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const GOOD = [
  '{ viewer { tenant } }',
  'query ($n: Int) { reports(first: $n) { nodes { id title progress { percent } } pageInfo { endCursor } } }',
  'subscription { reportEvents { kind report { id } } }',
  'subscription ($id: ID!) { reportProgress(id: $id) { sequence percent } }',
  'mutation { cancelReports(ids: ["x", "y"]) { userErrors { field code } } }',
  '{ node(id: "UmVwb3J0OjE") { id ... on Report { title } } }',
]
const LETTERS = '{}()[]:!@$"\\ \n,.#aAé🎁\0 0123456789_-&|='

/**
 * One fuzzed frame of a socket: bytes, half JSON, messages of wrong shapes, and operations with some letters changed. A socket ends
 * with the first that is no message, so `operation` asks for those that go on to the parser.
 */
export function hostileFrame(random: () => number, kind: 'any' | 'operation' = 'any'): string | Buffer {
  const below = (most: number) => Math.floor(random() * most)
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const id = () => one(['1', '2', '3', '__proto__', '', 'x'.repeat(below(300))])
  const operation = () => {
    const letters = [...one(random() < 0.5 ? GOOD : HOSTILE_DOCUMENTS.map(({ query }) => query))]
    for (let changes = below(6); changes > 0; changes--)
      letters.splice(below(letters.length), below(3), one([...LETTERS]))
    return letters.join('')
  }
  const variables = () =>
    one<unknown>([undefined, null, {}, { n: below(1e9) }, { n: 'x', id: [] }, [], 'no', { id: '\0' }])
  const message = () => ({ id: id(), type: 'subscribe', payload: { query: operation(), variables: variables() } })
  if (kind === 'operation') {
    const payload = { query: operation(), variables: one<unknown>([undefined, null, {}, { n: below(1e9), id: 'x' }]) }
    return JSON.stringify({ type: 'subscribe', id: String(below(1e9)), payload })
  }
  switch (below(16)) {
    case 0:
      return Buffer.from(Array.from({ length: 1 + below(400) }, () => below(256)))
    case 1:
      return Array.from({ length: 1 + below(400) }, () => one([...LETTERS])).join('')
    case 2:
      return JSON.stringify(message()).slice(0, below(200))
    case 3:
      return JSON.stringify(one<unknown>([1, null, [], {}, 'subscribe', { type: 5 }, { type: 'subscribe' }, { type: 'next', id: 1 }, { type: 'connection_init' }])) // prettier-ignore
    case 4:
      return JSON.stringify({ type: 'subscribe', id: id(), payload: one<unknown>([null, 1, 'x', { query: 5 }, { query: null }, {}]) }) // prettier-ignore
    case 5:
      return JSON.stringify({ type: one(['ping', 'pong']), payload: one<unknown>([undefined, {}, { x: 'y'.repeat(below(2_000)) }]) }) // prettier-ignore
    case 6:
      return JSON.stringify({ type: 'complete', id: id() })
    case 7:
      return `{"id":"1","type":"subscribe","payload":{"query":"{a}","variables":{"n":${'['.repeat(below(5_000))}`
    case 8:
      return random() < 0.02 ? 'x'.repeat(70_000) : JSON.stringify(message())
    default:
      return JSON.stringify(message())
  }
}

/** Resolves when so many operations of a socket have been answered in any way. */
export function answered(socket: WebSocket, count: number): Promise<void> {
  const ids = new Set<unknown>()
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      const { id } = JSON.parse(String(data)) as { id?: unknown }
      if (id !== undefined && ids.add(id).size === count) resolve()
    })
  })
}
