// Long because each fault is asked for at all four doors of one API, so that no door answers otherwise.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, gidOf, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let member: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const DOORS = ['POST', 'GET', 'SSE', 'WS'] as const
/** What only the log may know. */
const LEAK = new RegExp(
  String.raw`\bselect |broadsheet\.|${process.cwd().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}|/tmp|at .*\(|node_modules|postgres:`,
)

describe('an operation that is none', () => {
  test.each([
    ['syntax', '{ viewer { '],
    ['an unknown field', '{ viewer { nothing } }'],
    ['a missing argument', '{ report { id } }'],
    ['a variable of another type', 'query ($n: Int) { report(id: $n) { id } }'],
    ['two operations and no name', 'query A { viewer { tenant } } query B { viewer { tenant } }'],
    ['an empty document', ''],
  ])('%s is BAD_USER_INPUT on every door', async (_, query) => {
    for (const door of DOORS) {
      const { codes, data } = await api.once(door, query, { token: member.token })
      expect([door, codes.length > 0, new Set(codes), data]).toEqual([door, true, new Set(['BAD_USER_INPUT']), null])
    }
  })

  test('a value that is not of its variable’s type', async () => {
    for (const door of DOORS) {
      const { codes } = await api.once(door, 'query ($first: Int) { reports(first: $first) { nodes { id } } }', {
        token: member.token,
        variables: { first: 'many' },
      })
      expect([door, codes]).toEqual([door, ['BAD_USER_INPUT']])
    }
  })

  test('a mutation is not taken by GET', async () => {
    const { status, body } = await api.get('mutation { revokeApiToken(id: "x") { deletedId } }', {
      token: member.token,
    })
    expect(status).toBe(405)
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test('a body that is no JSON, and a method that is none', async () => {
    const mangled = await fetch(`${api.publicUrl}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${member.token}` },
      body: '{',
    })
    expect(mangled.status).toBe(400)
    expect(((await mangled.json()) as any).errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' })
    const put = await fetch(`${api.publicUrl}/graphql`, { method: 'PUT', body: 'x' })
    expect(put.status).toBe(405)
    const elsewhere = await fetch(`${api.publicUrl}/nothing`)
    expect(elsewhere.status).toBe(404)
  })

  test('a body above 1 MB is 413, told or not told beforehand', async () => {
    const body = JSON.stringify({ query: '{ viewer { tenant } }', variables: { x: 'x'.repeat(1_100_000) } })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${member.token}` }
    const told = await fetch(`${api.publicUrl}/graphql`, { method: 'POST', headers, body })
    const chunked = await fetch(`${api.publicUrl}/graphql`, {
      method: 'POST',
      headers,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit)
    for (const response of [told, chunked]) {
      expect(response.status).toBe(413)
      const { errors } = (await response.json()) as any
      expect(errors[0].extensions.code).toBe('BAD_USER_INPUT')
    }
  })
})

describe('credentials', () => {
  const query = '{ viewer { tenant } }'
  const unlike = (token: string) => token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a')

  test('a bad token answers 401, and closes a socket with 4401', async () => {
    for (const token of [unlike(member.token), 'nonsense', 'bsk_short', 'a.b.c', 'x'.repeat(9_000)]) {
      for (const door of ['POST', 'GET', 'SSE'] as const) {
        const answer = await api.once(door, query, { token })
        expect([door, answer.closeCode, answer.codes]).toEqual([door, 401, ['UNAUTHENTICATED']])
      }
      expect(await api.once('WS', query, { token })).toMatchObject({ closeCode: 4401, data: null })
    }
  })

  test('none at all likewise; the schema alone may be asked about', async () => {
    for (const door of ['POST', 'GET', 'SSE'] as const) {
      const answer = await api.once(door, query)
      expect([door, answer.closeCode, answer.codes]).toEqual([door, 401, ['UNAUTHENTICATED']])
    }
    expect(await api.once('WS', query)).toMatchObject({ closeCode: 4401 })
    expect(await api.once('SSE', 'subscription { reportEvents { kind } }')).toMatchObject({
      codes: ['UNAUTHENTICATED'],
    })
    expect((await api.post('{ __schema { queryType { name } } }')).body.data.__schema.queryType.name).toBe('Query')
    expect((await api.post('{ __typename viewer { tenant } }')).body.errors[0].extensions.code).toBe('UNAUTHENTICATED')
  })

  test('one that has ended closes a socket with 4403, also in mid-life', async () => {
    const expired = await ground.person('MEMBER', { expiresAt: new Date(Date.now() - 1_000) })
    expect(await api.once('WS', query, { token: expired.token })).toMatchObject({ closeCode: 4403 })
    expect(await api.once('POST', query, { token: expired.token })).toMatchObject({
      closeCode: 401,
      codes: ['UNAUTHENTICATED'],
    })

    const leaving = await ground.person('MEMBER')
    const ending = await ground.person('MEMBER', { expiresAt: new Date(Date.now() + 1_500) })
    const removed = await ground.person('MEMBER')
    const watch = 'subscription { reportEvents { kind } }'
    const live = [leaving, ending, removed].map((person) => api.ws(watch, person))
    const streams = [leaving, ending, removed].map((person) => api.sse(watch, person))
    await until(() => [...live, ...streams].every((one) => one.events.length === 1))
    await ground.database.sql(`update broadsheet.api_token set revoked_at = now() where id = $1`, [leaving.tokenId])
    await ground.database.sql(`update broadsheet.app_user set removed_at = now() where id = $1`, [removed.id])
    const removedAt = performance.now()
    // All three have ended by a second and a half from now at the latest, and what is live ends within five.
    await until(() => [live[0], live[2], streams[0], streams[2]].every((one) => one!.done), { timeout: 5_000 })
    await until(() => [...live, ...streams].every((one) => one.done), {
      timeout: 6_500 - (performance.now() - removedAt),
    })
    expect(live.map((one) => one.closeCode)).toEqual([4403, 4403, 4403])
    expect(streams.map((one) => one.codes)).toEqual([['UNAUTHENTICATED'], ['UNAUTHENTICATED'], ['UNAUTHENTICATED']])
  })

  test('an address without connection_init is closed within 3 s', async () => {
    const socket = new WebSocket(`${api.publicUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    const start = performance.now()
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(4408)
    expect(performance.now() - start).toBeLessThan(3_500)
  })

  test('a scope that is missing is FORBIDDEN', async () => {
    const narrow = await ground.person('MEMBER', { scopes: ['schedules:read'] })
    const { body } = await api.post('{ reports { nodes { id } } }', { token: narrow.token })
    expect(body.errors[0]).toMatchObject({ path: ['reports'], extensions: { code: 'FORBIDDEN' } })
    const asked = await api.post(
      'mutation { requestReport(input: { report: { byName: { type: "sales" } } }) { report { id } } }',
      { token: narrow.token },
    )
    expect(asked.body.errors[0].extensions.code).toBe('FORBIDDEN')
    const viewer = await ground.person('VIEWER', { scopes: ['reports:read', 'reports:write'] })
    const raised = await api.post(
      'mutation { requestReport(input: { report: { byName: { type: "sales" } } }) { report { id } } }',
      { token: viewer.token },
    )
    expect(raised.body.errors[0].extensions.code).toBe('FORBIDDEN')
  })
})

describe('what the caller can mend', () => {
  const ask = async (input: string) => {
    const { body, text } = await api.post(
      `mutation { requestReport(input: { ${input} }) { report { id } userErrors { field code message } } }`,
      { token: member.token },
    )
    expect(text).not.toMatch(LEAK)
    expect(body.errors, text).toBeUndefined()
    expect(body.data.requestReport.report).toBeNull()
    return body.data.requestReport.userErrors.map(({ field, code }: any) => [field.join('.'), code])
  }
  const byName = (parameters: string) => `report: { byName: { type: "sales", parameters: { ${parameters} } } }`

  test.each([
    ['an unknown type', 'report: { byName: { type: "saels" } }', [['report.byName.type', 'NOT_FOUND']]],
    [
      'nothing that is required',
      'report: { byName: { type: "sales" } }',
      [
        ['report.byName.parameters.startDate', 'REQUIRED'],
        ['report.byName.parameters.endDate', 'REQUIRED'],
      ],
    ],
    [
      'an unknown parameter',
      byName('startDate: "2026-01-01", endDate: "2026-01-02", colour: 1'),
      [['report.byName.parameters.colour', 'INVALID']],
    ],
    [
      'a date that does not exist',
      'report: { sales: { startDate: "2026-02-30", endDate: "2026-03-01" } }',
      [['report.sales.startDate', 'INVALID']],
    ],
    [
      'an end before its start',
      'report: { sales: { startDate: "2026-03-02", endDate: "2026-03-01" } }',
      [['report.sales.endDate', 'INVALID']],
    ],
    [
      'a relative date that is none',
      'report: { sales: { startDate: "last_fortnight_start", endDate: "today-P7X" } }',
      [
        ['report.sales.startDate', 'INVALID'],
        ['report.sales.endDate', 'INVALID'],
      ],
    ],
    [
      'a value that is not in the enum, by name',
      byName('startDate: "2026-01-01", endDate: "2026-01-02", region: "MOON"'),
      [['report.byName.parameters.region', 'INVALID']],
    ],
    [
      'a number for a date',
      byName('startDate: 5, endDate: "2026-01-02"'),
      [['report.byName.parameters.startDate', 'INVALID']],
    ],
    [
      'a list of parameters',
      'report: { byName: { type: "sales", parameters: [1] } }',
      [['report.byName.parameters', 'INVALID']],
    ],
    [
      'a zone, a tag and a title, all at once',
      `${byName('startDate: "2026-01-01", endDate: "2026-01-02"')} timeZone: "Mars/Olympus" tags: ["a", ""] title: ""`,
      [
        ['timeZone', 'INVALID'],
        ['tags.1', 'INVALID'],
        ['title', 'INVALID'],
      ],
    ],
    ...['XLSX', 'PARQUET'].flatMap((format) =>
      ['GZIP', 'ZSTD'].map((compression): [string, string, [string, string][]] => [
        `${compression} of ${format}, which is compressed in itself`,
        `${byName('startDate: "2026-01-01", endDate: "2026-01-02"')} format: ${format} compression: ${compression}`,
        [['compression', 'INVALID']],
      ]),
    ),
  ])('%s', async (_, input, expected) => {
    expect(await ask(input)).toEqual(expected)
  })

  test('a parameter of nearly 1 MB', async () => {
    const { body, text } = await api.post(
      'mutation ($p: JSON) { requestReport(input: { report: { byName: { type: "sales", parameters: $p } } }) { report { id } userErrors { field code message } } }',
      {
        token: member.token,
        variables: { p: { startDate: 'x'.repeat(900_000), endDate: '2026-01-02', region: 'EU\0' } },
      },
    )
    expect(body.data.requestReport.userErrors.map(({ field, code }: any) => [field.at(-1), code])).toEqual([
      ['startDate', 'INVALID'],
      ['region', 'INVALID'],
    ])
    expect(text.length).toBeLessThan(2_000)
  })

  test('a wrong enum in the typed input is caught by its type', async () => {
    const { body } = await api.post(
      'mutation { requestReport(input: { report: { sales: { startDate: "2026-01-01", endDate: "2026-01-02", region: MOON } } }) { report { id } } }',
      { token: member.token },
    )
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test('two types at once, or none, are caught by @oneOf', async () => {
    for (const report of [
      '{}',
      '{ byName: { type: "sales" }, sales: { startDate: "2026-01-01", endDate: "2026-01-02" } }',
    ]) {
      const { body } = await api.post(`mutation { requestReport(input: { report: ${report} }) { report { id } } }`, {
        token: member.token,
      })
      expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
    }
  })
})

describe('bad arguments of a query', () => {
  test.each([
    ['reports(first: 100000) { nodes { id } }', /costs 200001/],
    ['reports(first: 1000) { nodes { id } }', /first is 1000\b/],
    ['reports(first: -1) { nodes { id } }', /first is -1/],
    ['reports(last: 101) { nodes { id } }', /last is 101/],
    ['reports(first: 2, last: 2) { nodes { id } }', /not both/],
    ['reports(after: "nonsense") { nodes { id } }', /after is not a cursor/],
    ['reports(before: "WzEsMl0") { nodes { id } }', /before is not a cursor/],
    ['reports(after: "WyJ4IiwieSJd") { nodes { id } }', /after is not a cursor/],
    ['reports(after: "W3siYSI6MX0sIHsiYiI6Mn1d") { nodes { id } }', /after is not a cursor/],
    ['reports(filter: { createdFrom: "yesterday" }) { nodes { id } }', /filter\.createdFrom is not an instant/],
    [
      'reports(filter: { createdBefore: "2026-13-01T00:00:00Z" }) { nodes { id } }',
      /filter\.createdBefore is not an instant/,
    ],
    [
      'reports(filter: { createdBefore: "2026-02-30T00:00:00Z" }) { nodes { id } }',
      /filter\.createdBefore is not an instant/,
    ],
    ['users(first: 101) { nodes { id } }', /first is 101/],
    ['users(after: "WyJ4IiwieSJd") { nodes { id } }', /after is not a cursor/],
  ])('%s', async (field, message) => {
    const { body, text, status } = await api.post(`{ ${field} }`, { token: member.token })
    expect(text).not.toMatch(LEAK)
    expect(status).toBe(200)
    expect(body.errors[0]).toMatchObject({
      message: expect.stringMatching(message),
      extensions: { code: 'BAD_USER_INPUT' },
    })
  })

  test('filters that match nothing, and odd text in them', async () => {
    const { body } = await api.post(`query ($f: ReportFilter) { reports(filter: $f) { nodes { id } totalCount } }`, {
      token: member.token,
      variables: { f: { titleContains: '%_\\\'";--', tag: "{a,b}'", type: ['x'], status: [], priority: [] } },
    })
    expect(body).toEqual({ data: { reports: { nodes: [], totalCount: 0 } } })
    const nul = await api.post(`query ($f: ReportFilter) { reports(filter: $f) { nodes { id } } }`, {
      token: member.token,
      variables: { f: { titleContains: 'a\0b' } },
    })
    expect(nul.text).not.toMatch(LEAK)
    expect(nul.body.errors?.[0]?.extensions.code ?? 'fine').not.toBe('INTERNAL_SERVER_ERROR')
  })

  test('an unknown, a mangled or another noun’s id is null', async () => {
    for (const id of [
      '',
      'x',
      '🎁',
      gidOf('Report', 'x'),
      gidOf('Report', crypto.randomUUID()),
      gidOf('User', crypto.randomUUID()),
      gidOf('Schedule', crypto.randomUUID()),
      crypto.randomUUID(),
      '__proto__',
    ])
      expect(
        (
          await api.post('query ($id: ID!) { report(id: $id) { id } node(id: $id) { id } }', {
            token: member.token,
            variables: { id },
          })
        ).body,
      ).toEqual({ data: { report: null, node: null } })
  })

  test('a life of a link that is none, and too many rows of a preview', async () => {
    const id = await api.ask(member.token)
    await api.carrier.finish(Buffer.from(id, 'base64url').toString().slice('Report:'.length))
    for (const life of ['P8D', 'soon', 'PT0S', '-PT5M', 'P1M', 'p1d']) {
      const { body } = await api.post(
        'query ($id: ID!, $life: Duration) { report(id: $id) { document { downloadUrl(expiresIn: $life) } } }',
        { token: member.token, variables: { id, life } },
      )
      expect([life, body.errors[0].extensions.code, body.errors[0].path]).toEqual([
        life,
        'BAD_USER_INPUT',
        ['report', 'document', 'downloadUrl'],
      ])
    }
    for (const rows of [-1, 101]) {
      const { body } = await api.post(
        'query ($id: ID!, $rows: Int) { report(id: $id) { document { preview(rows: $rows) } } }',
        { token: member.token, variables: { id, rows } },
      )
      expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
    }
  })
})
