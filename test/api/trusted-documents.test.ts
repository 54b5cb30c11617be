import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'
import { createRestClient } from '../support/rest.ts'
import { until } from '../support/until.ts'

const ME = 'query Me {\n  viewer { tenant }\n}\n'
const WATCH = 'subscription Watch($id: ID!) { reportProgress(id: $id) { status } }'
const HASH = createHash('sha256').update(ME).digest('hex')
const OTHER = '{ viewer { user { id } } }'

let ground: Ground
let api: TestApi
let member: Person
let directory: string

beforeAll(async () => {
  ground = await createGround()
  directory = join(ground.directory, 'operations')
  await mkdir(directory)
  await writeFile(join(directory, 'me.graphql'), ME)
  await writeFile(join(directory, 'app.json'), JSON.stringify({ 'app-watch': WATCH }))
  api = await startApi(ground, { PERSISTED_OPERATIONS: directory })
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const post = async (body: object) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${member.token}` }
  const response = await fetch(`${api.publicUrl}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, ...((await response.json()) as { data?: any; errors?: any[] }) }
}
const codeOf = ({ errors }: { errors?: any[] }) => errors?.[0].extensions.code

describe('a document of the directory runs', () => {
  test.each([
    ['its file’s name', { documentId: 'me' }],
    ['its sha256', { documentId: HASH }],
    ['its sha256, with the scheme', { documentId: `sha256:${HASH}` }],
    ['Apollo’s extension', { extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } }],
    ['its text', { query: ME }],
    ['the text as a tool prints it', { query: 'query Me {\n  viewer {\n    tenant\n  }\n}' }],
  ])('by %s', async (_, body) => {
    expect((await post(body)).data).toEqual({ viewer: { tenant: 'default' } })
  })

  test('over GET and SSE', async () => {
    const ways = [
      `documentId=me`,
      `extensions=${encodeURIComponent(JSON.stringify({ persistedQuery: { sha256Hash: HASH } }))}`,
    ]
    for (const search of ways)
      for (const accept of ['application/json', 'text/event-stream']) {
        const response = await fetch(`${api.publicUrl}/graphql?${search}`, { headers: { accept, authorization: `Bearer ${member.token}` } }) // prettier-ignore
        expect(await response.text()).toContain('{"viewer":{"tenant":"default"}}')
      }
  })

  test('over WebSocket, a subscription by its id', async () => {
    const rest = await createRestClient(api.publicUrl)
    // REST brings its own documents, which are trusted.
    const { body, status } = await rest.call('POST', '/reports', { token: member.token, body: { report_type: 'sales', parameters: { start_date: '2026-01-01', end_date: '2026-01-31' } } }) // prettier-ignore
    expect(status).toBe(201)
    const client = api.socket(member.token)
    const seen: any[] = []
    const extensions = { persistedQuery: { sha256Hash: 'app-watch' } }
    const leave = client.subscribe({ query: '', variables: { id: body.id }, extensions }, { next: (one) => seen.push(one), error: (error) => seen.push(error), complete: () => undefined }) // prettier-ignore
    await until(() => seen.length > 0)
    leave()
    expect(seen).toEqual([{ data: { reportProgress: { status: 'QUEUED' } } }])
  })
})

describe('nothing else does', () => {
  test.each(['POST', 'GET', 'SSE', 'WS'] as const)('over %s', async (door) => {
    const { data, codes } = await api.once(door, OTHER, { token: member.token })
    expect(codes).toEqual(['FORBIDDEN'])
    expect(data).toBeNull()
    expect((await api.once(door, '{ __schema { queryType { name } } }', { token: member.token })).codes).toEqual([
      'FORBIDDEN',
    ])
  })

  test('nor by an id that is none, nor when a text comes with its hash: nothing is kept', async () => {
    const sha256Hash = createHash('sha256').update(OTHER).digest('hex')
    const extensions = { persistedQuery: { version: 1, sha256Hash } }
    for (const body of [
      { extensions },
      { query: OTHER, extensions },
      { extensions },
      { documentId: 'you' },
      { query: OTHER, documentId: 'me' },
    ])
      expect(codeOf(await post(body))).toBe('FORBIDDEN')
    expect(codeOf(await post({}))).toBe('BAD_USER_INPUT')
  })
})

test('without the setting any document runs, and none is kept for its hash', async () => {
  const open = await startApi(ground)
  try {
    const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(OTHER).digest('hex') } }
    const ask = async (body: object) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${member.token}` }
      return (
        await fetch(`${open.publicUrl}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })
      ).json() as any
    }
    expect((await ask({ query: OTHER, extensions })).data.viewer.user.id).toBe(member.gid)
    expect(codeOf(await ask({ extensions }))).toBe('BAD_USER_INPUT')
  } finally {
    await open.close()
  }
})

test('what does not fit the schema, or can’t be read, stops the start with its file', async () => {
  const wrong = join(ground.directory, 'wrong')
  await mkdir(wrong)
  await expect(startApi(ground, { PERSISTED_OPERATIONS: wrong })).rejects.toThrow('there is no document in')
  await writeFile(join(wrong, 'a.graphql'), '{ viewer { shoeSize } }')
  await writeFile(join(wrong, 'b.graphql'), '{ viewer ')
  await writeFile(join(wrong, 'c.json'), '[1]')
  await expect(startApi(ground, { PERSISTED_OPERATIONS: wrong })).rejects.toThrow(
    /a\.graphql: Cannot query field "shoeSize"[^]*b\.graphql: Syntax Error[^]*c\.json must be JSON/,
  )
  await rm(wrong, { recursive: true })
  await expect(startApi(ground, { PERSISTED_OPERATIONS: wrong })).rejects.toThrow("can't be read (ENOENT)")
})
