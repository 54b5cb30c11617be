// Long because the faults of all doors are searched with one list of what must not be said.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  ADMIN_TOKEN,
  createGround,
  SECRET,
  startApi,
  uuidOf,
  type Ground,
  type Person,
  type TestApi,
} from '../support/api.ts'
import { reportFailure } from '../../src/sources/failures.ts'
import { openProxy, type Proxy } from '../support/proxy.ts'

/** Faults at every door; whatever is answered then is searched for what only the log may know. */

let ground: Ground
let api: TestApi
let postgres: Proxy
let member: Person
let port: number
let link: string
let leak: RegExp

const quoted = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
const TOKEN = () => ({ authorization: `Bearer ${member.token}` })

beforeAll(async () => {
  ground = await createGround()
  const url = new URL(ground.database.url)
  const socket = url.searchParams.get('host')
  postgres = await openProxy({ host: socket ?? url.hostname, port: Number(url.port || 5432) })
  url.searchParams.delete('host')
  url.hostname = '127.0.0.1'
  url.port = String(postgres.port)
  api = await startApi(ground, { NODE_ENV: 'production', DATABASE_URL: url.href })
  port = Number(new URL(api.publicUrl).port)
  member = await ground.person('ADMIN')
  const id = await api.ask(member.token)
  await api.carrier.finish(uuidOf(id))
  const { body } = await api.post('query ($id: ID!) { report(id: $id) { document { downloadUrl } } }', {
    token: member.token,
    variables: { id },
  })
  link = body.data.report.document.downloadUrl
  leak = new RegExp(
    [
      // Code: a stack, a path, a module.
      String.raw`\bat [\w$.<>\s[\]]+\(`,
      String.raw`:\d+:\d+\b(?=\)|$)`,
      String.raw`node_modules|node:internal|file://|\.[cm]?[jt]s:\d`,
      quoted(process.cwd()),
      quoted(ground.directory),
      '/tmp/|/var/|/home/|/root/',
      // SQL, and the names in it.
      String.raw`\b(select|insert|update|delete)\b.*\b(from|into|set)\b`,
      String.raw`relation "|column "|broadsheet\.|broadsheet_api|pg_|SQLSTATE|MikroORM|DriverException`,
      // Where things are, and what opens them.
      'ECONN|ENOENT|EACCES|EPIPE|ETIMEDOUT|getaddrinfo|127\\.0\\.0\\.1|localhost',
      String.raw`\b${quoted(hostname())}\b`,
      quoted(url.pathname.slice(1)),
      quoted(new URL(inject('redisUrl')).host || 'redis:'),
      'test_shop_reader',
      quoted(ADMIN_TOKEN),
      quoted(SECRET),
      'bsk_[A-Za-z0-9]',
    ].join('|'),
    'im',
  )
})
afterAll(async () => {
  await api?.close()
  await postgres?.close()
  await ground?.drop()
})

/** Links lead to the service itself, and that is no secret. */
function clean(text: string, about: string): void {
  const said = text.replaceAll(api.publicUrl, '').replaceAll(member.token, '(the token that was sent)')
  const [found] = leak.exec(said) ?? []
  expect(found, `${about} was answered with: ${said.slice(0, 1_000)}`).toBeUndefined()
}

async function over(path: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(path.startsWith('http') ? path : api.publicUrl + path, { redirect: 'manual', ...init })
  const text = await response.text()
  clean(
    [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n') + text,
    `${init.method ?? 'GET'} ${path}`,
  )
  return response.status
}

/** The same operation at every door. */
async function everywhere(query: string, variables: unknown = {}): Promise<void> {
  const body = JSON.stringify({ query, variables })
  const json = { 'content-type': 'application/json', ...TOKEN() }
  await over('/graphql', { method: 'POST', headers: json, body })
  await over('/graphql', { method: 'POST', headers: { ...json, accept: 'application/graphql-response+json' }, body })
  await over('/graphql', { method: 'POST', headers: { ...json, accept: 'text/event-stream' }, body })
  for (const path of ['/reports', '/reports/types', '/schedules', '/reports/UmVwb3J0OjAwMA'])
    await over(`/api/v1${path}`, { headers: TOKEN() })
  await over('/api/v1/reports', { method: 'POST', headers: json, body })
  const search = new URLSearchParams({
    query: query.slice(0, 4_000),
    variables: JSON.stringify(variables).slice(0, 4_000),
  })
  await over(`/graphql?${search}`, { headers: TOKEN() })
  await frames([
    { type: 'connection_init', payload: { Authorization: `Bearer ${member.token}` } },
    { type: 'subscribe', id: '1', payload: { query, variables } },
  ])
}

/** Sends frames as they are, and takes what comes until the operation or the socket has ended. */
async function frames(sent: unknown[]): Promise<void> {
  const socket = new WebSocket(`${api.publicUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const told: string[] = []
  const ended = once(socket, 'close').then(([code, reason]) => void told.push(`${code} ${String(reason)}`))
  socket.on('error', (error) => told.push(`client: ${error.name}`))
  socket.on('message', (data) => {
    told.push(String(data))
    if (/"type":"(error|complete)"/.test(String(data))) socket.close()
  })
  await once(socket, 'open')
  for (const frame of sent)
    socket.send(typeof frame === 'object' && !Buffer.isBuffer(frame) ? JSON.stringify(frame) : (frame as string))
  const late = setTimeout(() => socket.terminate(), 4_000)
  await ended
  clearTimeout(late)
  clean(told.join('\n'), `the socket, sent ${JSON.stringify(sent).slice(0, 300)},`)
}

/** Bytes that no client of HTTP would send. */
async function raw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (part: string) => (answer += part))
  socket.on('error', () => undefined) // reset: an answer too
  socket.end(text, 'latin1')
  await once(socket, 'close')
  clean(answer, JSON.stringify(text.slice(0, 300)))
  return answer
}

const OPERATIONS: [string, unknown?][] = [
  ['{ reports { nodes { id title deliveries { id } events(first: 1) { nodes { at } } } totalCount } }'],
  [
    '{ viewer { user { name } apiTokens { id } } users { totalCount } system { version workers { id } queues { waiting } } }',
  ],
  ['{ schedules { nodes { id slots { totalCount } upcoming } } reportTypes { name available unavailableReason } }'],
  [
    'mutation { requestReport(input: { report: { sales: { startDate: "today", endDate: "today" } } }) { report { id queuePosition } userErrors { message } } }',
  ],
  ['mutation { createUser(name: "x", role: MEMBER) { user { id } userErrors { message } } }'],
  [
    'mutation { deleteReport(id: "UmVwb3J0OjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMA") { deletedId userErrors { message } } }',
  ],
  ['subscription { reportProgress(id: "UmVwb3J0OjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMA") { status } }'],
]

describe('what callers do wrong', () => {
  test.each<[string, unknown?]>([
    [''],
    ['{'],
    ['{ nothing }'],
    ['{ viewer { tenant } } { viewer { tenant } }'],
    ['fragment A on Report { ...A } { ...A }'],
    ['{ __proto__ { constructor } }'],
    ['query ($first: Int) { reports(first: $first) { totalCount } }', { first: 1e300 }],
    ['query ($f: ReportFilter) { reports(filter: $f) { totalCount } }', { f: { titleContains: "'; select 1; --\\" } }],
    [
      'query ($f: ReportFilter) { reports(filter: $f) { totalCount } }',
      { f: { tag: '\0', createdFrom: '0000-00-00' } },
    ],
    ['query ($f: ReportFilter) { reports(filter: $f) { totalCount } }', { f: { __proto__: 1, constructor: { x: 1 } } }],
    ['query ($id: ID!) { report(id: $id) { id } node(id: $id) { id } }', { id: 'UmVwb3J0OicgT1IgMT0x' }],
    ['query ($id: ID!) { report(id: $id) { id } }', { id: { toString: 'x' } }],
    ['{ reports(after: "W1siMSJdLHsieCI6MX1d") { totalCount } }'],
    [
      'mutation ($p: JSON) { requestReport(input: { report: { byName: { type: "../../etc/passwd", parameters: $p } } }) { userErrors { message } } }',
      { p: [[[]]] },
    ],
    [
      'mutation { createSchedule(input: { title: "x", cadence: { cron: "* * * * * *" }, report: { byName: { type: "sales" } } }) { userErrors { message } } }',
    ],
    [
      'mutation ($to: [DeliveryInput!]!) { deliverReport(id: "x", deliveries: $to) { userErrors { message } } }',
      {
        to: [
          { webhook: { url: 'http://169.254.169.254/latest', secret: 'x' } },
          { warehouse: { warehouse: 'x', table: 'y' } },
          { bucket: { bucket: '../', key: '/etc' } },
          { email: { to: ['x'] } },
        ],
      },
    ],
    ['subscription ($id: ID!) { reportProgress(id: $id, after: 1e99) { status } }', { id: '\ud800' }],
    [`{ ${'viewer { '.repeat(500)}`],
    [`query (${Array.from({ length: 300 }, (_, n) => `$a${n}: Int`).join()}) { viewer { tenant } }`],
  ])('%s with %j', async (query, variables) => everywhere(query, variables))

  test('bodies that are none', async () => {
    const headers = { 'content-type': 'application/json', ...TOKEN() }
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '[{"query":"{viewer{tenant}}"}]',
      '"x"',
      '1',
      '{"query":1}',
      '{"query":{}}',
      '{"query":"{viewer{tenant}}","variables":"x"}',
      '{"query":"{viewer{tenant}}","variables":[1]}',
      '{"query":"{viewer{tenant}}","operationName":1}',
      '{"query":"{viewer{tenant}}","extensions":1}',
      '{"query":"{viewer{tenant}}","more":1}',
      '\ud800',
      '{"query":"\\ud800"}',
    ])
      for (const accept of ['*/*', 'application/graphql-response+json', 'text/event-stream', 'text/html', 'image/png'])
        await over('/graphql', { method: 'POST', headers: { ...headers, accept }, body })
    await over('/graphql', { method: 'POST', headers, body: Buffer.from([0xff, 0xfe, 0x00]) })
    await over('/graphql', { method: 'POST', headers: { ...headers, 'content-encoding': 'gzip' }, body: 'not gzip' })
    for (const query of [
      '?query=%',
      '?query={viewer{tenant}}&variables={',
      '?variables=1',
      '?query=',
      '?query={viewer{tenant}}&extensions=[',
    ])
      await over(`/graphql${query}`, { headers: TOKEN() })
    for (const token of [
      'x',
      'Bearer',
      'Bearer x',
      `Bearer ${'x'.repeat(9_000)}`,
      'Bearer a.b.c',
      'Basic eDp5',
      'Bearer eyJhbGciOiJub25lIn0.e30.',
    ])
      await over('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: token },
        body: '{"query":"{viewer{tenant}}"}',
      })
  })

  test('addresses and methods that are none', async () => {
    const paths = [
      '/',
      '/nothing',
      '/graphql/',
      '/graphql/x',
      '/..%2f..%2fetc%2fpasswd',
      '/documents/',
      '/documents/%00',
      '/documents/..%2f..%2fx?x=1',
      '/metrics/x',
      '/%',
      '/%E0%A4%A',
      '//evil.example/',
      link.slice(0, -4),
      `${link}x`,
      link.replace('documents', 'documents/x'),
    ]
    for (const path of paths)
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
        for (const accept of ['text/html', '*/*'])
          await over(path, { method, headers: { accept, range: 'bytes=9999999-' } })
  })

  test('bytes that are no HTTP, and upgrades to nothing', async () => {
    expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400/)
    expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/)
    await raw('GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await raw('GET / HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n')
    await raw(
      'POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    )
    const upgrade = (path: string, more: string) =>
      raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${more}\r\n\r\n`)
    for (const path of ['/graphql', '/nothing'])
      for (const more of [
        'Upgrade: websocket',
        'Upgrade: h2c',
        'Upgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x',
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://evil.example',
      ])
        expect(await upgrade(path, more)).toMatch(/^HTTP\/1.1 [24]/)
  })

  test('frames that are none', async () => {
    const init = { type: 'connection_init', payload: { Authorization: `Bearer ${member.token}` } }
    for (const sent of [
      ['{'],
      ['null'],
      ['[]'],
      [{}],
      [{ type: 'nothing' }],
      [Buffer.from([1, 2])],
      ['x'.repeat(70_000)],
      [{ type: 'connection_init', payload: 1 }],
      [{ type: 'connection_init', payload: { Authorization: ['x'] } }],
      [{ type: 'connection_init', payload: { Authorization: 'Bearer x' } }],
      [init, init],
      [init, { type: 'subscribe' }],
      [init, { type: 'subscribe', id: '', payload: {} }],
      [init, { type: 'subscribe', id: '1', payload: { query: 1 } }],
      [init, { type: 'subscribe', id: '1', payload: { query: '{' } }],
      [{ type: 'subscribe', id: '1', payload: { query: '{ viewer { tenant } }' } }],
      [init, { type: 'subscribe', id: '__proto__', payload: { query: '{ viewer { tenant } }', variables: 1 } }],
    ])
      await frames(sent)
  }, 60_000)
})

describe('what goes wrong behind', () => {
  test('a table that is gone is a fault of the server, of which the log alone knows more', async () => {
    const logged = () => api.lines.join('\n')
    expect(logged()).not.toMatch(/does not exist/)
    for (const table of ['report', 'app_user', 'schedule', 'api_token'])
      await ground.database.sql(`alter table broadsheet.${table} rename to ${table}_gone`)
    try {
      for (const [query, variables] of OPERATIONS) await everywhere(query, variables)
      await over(link)
      for (const path of ['/readyz', '/metrics', '/']) await over(path)
    } finally {
      for (const table of ['report', 'app_user', 'schedule', 'api_token'])
        await ground.database.sql(`alter table broadsheet.${table}_gone rename to ${table}`)
    }
    expect(logged()).toMatch(/relation \\"?.*does not exist/)
  }, 60_000)

  test('a right that is gone, in mid-operation', async () => {
    for (const table of ['report', 'schedule', 'app_user'])
      await ground.database.sql(`revoke all on broadsheet.${table} from broadsheet_api`)
    try {
      const { body } = await api.post('{ reports { totalCount } }', { token: member.token })
      expect(body.errors[0].extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' })
      for (const [query, variables] of OPERATIONS) await everywhere(query, variables)
      await over(link)
    } finally {
      for (const table of ['report', 'schedule', 'app_user'])
        await ground.database.sql(`grant select, insert, update, delete on broadsheet.${table} to broadsheet_api`)
    }
  }, 60_000)

  test('a store whose bytes are gone', async () => {
    await rm(ground.directory, { recursive: true })
    expect(await over(link)).toBeGreaterThanOrEqual(400)
    expect(await over(link, { headers: { accept: 'text/html' } })).toBeGreaterThanOrEqual(400)
    expect(await over('/readyz')).toBe(503)
  })

  test('a Postgres that is away', async () => {
    await postgres.close()
    for (const [query, variables] of OPERATIONS) await everywhere(query, variables)
    expect(await over(link)).toBe(503)
    expect(await over('/readyz')).toBe(503)
    await over('/metrics')
    await postgres.open()
  }, 60_000)
})

describe('what a source says', () => {
  const said = (code: string, message: string) => reportFailure(Object.assign(new Error(message), { code })).message

  test.each([
    ['XX001', 'could not read block 0 in file "base/16384/2619": read only 0 of 8192 bytes'],
    ['58P01', 'could not open file "/var/lib/postgresql/secret.csv" for reading: No such file or directory'],
    ['HV00N', 'could not connect to server "other": connection to server at "10.0.0.7" failed'],
    ['F0000', 'could not open configuration file "/etc/postgresql/postgresql.conf"'],
    ['28000', 'no pg_hba.conf entry for host "10.0.0.7", user "reader", database "app"'],
    ['ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.7:5432'],
    ['53100', 'could not extend file "base/16384/2619": No space left on device'],
  ])('%s of files and hosts is not handed on', (code, message) => {
    expect(said(code, message)).not.toMatch(/base\/|\/var|\/etc|10\.0\.0\.7|reader|other/)
  })

  test('about the query is', () => {
    expect(said('22012', 'division by zero')).toBe('The query failed: division by zero (22012).')
  })
})
