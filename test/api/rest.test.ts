// Long because all of it is one API, which takes seconds to start: each route, its refusals, and the policy that it shares.
import { readFileSync } from 'node:fs'
import { buildSchema, parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DOCUMENTS } from '../../src/api/rest/documents.ts'
import { ROUTES } from '../../src/api/rest/routes.ts'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { oracles } from '../support/oracles.ts'
import { createRestClient, watchEvents, type RestClient } from '../support/rest.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let rest: RestClient
let member: Person
let other: Person
let stranger: Person

const ORIGIN = 'https://app.example.com'
const ASK = {
  report_type: 'sales',
  title: 'March',
  priority: 'high',
  parameters: { start_date: '2026-03-01', end_date: '2026-03-31' },
}

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground, { CORS_ORIGINS: ORIGIN })
  rest = await createRestClient(api.publicUrl)
  member = await ground.person('MEMBER')
  other = await ground.person('MEMBER')
  stranger = await ground.person('ADMIN', { tenant: `strangers${process.pid}` })
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const ask = (method: string, address: string, body?: unknown, token: string | null = member.token) =>
  rest.call(method, address, { token, ...(body !== undefined && { body }) })
async function asked(more: object = {}): Promise<string> {
  const { status, body } = await ask('POST', '/reports', { ...ASK, ...more })
  expect(status, JSON.stringify(body)).toBe(201)
  return body.id
}

describe('the table of routes', () => {
  test('asks only what the schema has', () => {
    const schema = buildSchema(readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8'))
    for (const [name, text] of Object.entries(DOCUMENTS))
      expect(validate(schema, parse(text)).map(String), name).toEqual([])
  })

  test('is what the OpenAPI document describes, and nothing else', () => {
    const described = Object.entries(rest.api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId}: ${method.toUpperCase()} ${path}`),
    )
    expect(described.toSorted()).toEqual(
      ROUTES.map(({ name, method, path }) => `${name}: ${method} ${path}`).toSorted(),
    )
    const refs = [...JSON.stringify(rest.api).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name!,
    )
    expect(refs.length).toBeGreaterThan(20)
    expect(refs.filter((name) => !rest.api.components.schemas[name])).toEqual([])
  })
})

test('the OpenAPI document is one, by the specification’s own schema', async () => {
  const { openApi } = await oracles()
  expect(await openApi(rest.api)).toEqual([])
  expect((rest.api as any).openapi).toBe('3.1.0')
  expect(await openApi({ ...rest.api, paths: { reports: {} } })).not.toEqual([])
}, 150_000)

describe('reports', () => {
  test('POST asks: 201, Location, the same object at GET', async () => {
    const { status, body, headers } = await ask('POST', '/reports', ASK)
    expect(status).toBe(201)
    expect(body).toMatchObject({ report_type: 'sales', title: 'March', priority: 'HIGH', status: 'QUEUED', parameters: ASK.parameters, document: null, schedule_id: null }) // prettier-ignore
    expect(headers.get('location')).toBe(`${api.publicUrl}/api/v1/reports/${body.id}`)
    const again = await ask('GET', headers.get('location')!)
    const { queue_position, ...same } = again.body
    expect(same).toEqual(body)
    expect(queue_position).toBeTypeOf('number')
    // A client that was written for Django ends its paths with a slash, and says Token.
    const slashed = await rest.call('GET', `/reports/${body.id}/`, {
      headers: { authorization: `Token ${member.token}` },
    })
    expect(slashed.body).toEqual(again.body)
    const graphql = await api.post('query ($id: ID!) { report(id: $id) { title } }', { token: member.token, variables: { id: body.id } }) // prettier-ignore
    expect(graphql.body.data.report.title).toBe('March')
  })

  test('all that is wrong is told, each with its path into the body', async () => {
    const wrong = await ask('POST', '/reports', { report_type: 'sales', priority: 'soon', titel: 'x', tags: [1] })
    expect(wrong.status).toBe(422)
    expect(wrong.headers.get('content-type')).toContain('application/problem+json')
    expect(wrong.body.errors.map(({ path, code }: any) => [path.join('.'), code])).toEqual([['titel', 'INVALID'], ['priority', 'INVALID'], ['tags', 'INVALID']]) // prettier-ignore
    expect(wrong.body.errors[0].message).toContain('Did you mean "title"?')
    expect(wrong.body.errors[1].message).toContain('URGENT, HIGH, NORMAL, LOW')
    const dates = await ask('POST', '/reports', { report_type: 'sales', parameters: { start_date: 'soon' } })
    expect(dates.status).toBe(422)
    expect(dates.body.errors.map(({ path, code }: any) => [path.join('.'), code])).toEqual([['parameters.start_date', 'INVALID'], ['parameters.end_date', 'REQUIRED']]) // prettier-ignore
    const type = await ask('POST', '/reports', { report_type: 'sale' })
    expect([type.status, type.body.code, type.body.errors[0].path]).toEqual([422, 'NOT_FOUND', ['report_type']])
    const twice = await ask('POST', '/reports', {
      ...ASK,
      parameters: { start_date: '2026-03-01', startDate: '2026-03-02' },
    })
    expect(twice.body.errors[0].path).toEqual(['parameters', 'startDate'])
    expect((await ask('POST', '/reports', {})).body.errors).toEqual([{ path: ['report_type'], code: 'REQUIRED', message: '"report_type" is required.' }]) // prettier-ignore
  })

  test('a body that is no JSON object, another type, too long', async () => {
    const send = (body: string, type: string) =>
      rest.call('POST', '/reports', { token: member.token, body, headers: { 'content-type': type } })
    expect((await send('{"report_type": ', 'application/json')).status).toBe(400)
    expect((await send('[1]', 'application/json')).status).toBe(400)
    expect((await send('report_type=sales', 'application/x-www-form-urlencoded')).status).toBe(415)
    expect((await send(JSON.stringify({ title: 'x'.repeat(1_000_001) }), 'application/json')).status).toBe(413)
  })

  test('the same Idempotency-Key is the same report; with other words it is refused', async () => {
    const send = (title: string) => rest.call('POST', '/reports', { token: member.token, body: { ...ASK, title }, headers: { 'idempotency-key': 'march' } }) // prettier-ignore
    const first = await send('One')
    expect((await send('One')).body.id).toBe(first.body.id)
    const reused = await send('Two')
    expect([reused.status, reused.body.code, reused.body.errors[0].path]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED', ['idempotency_key']]) // prettier-ignore
  })

  test('lists by pages, there and back, with filters', async () => {
    const mine = await ground.person('MEMBER')
    const ids: string[] = []
    for (const title of ['a', 'b', 'c', 'd', 'e'])
      ids.unshift((await rest.call('POST', '/reports', { token: mine.token, body: { ...ASK, title, tags: ['pages'] } })).body.id) // prettier-ignore
    const first = await ask('GET', '/reports?limit=2&tag=pages&count=true', undefined, mine.token)
    expect(first.body.count).toBe(5)
    expect(first.body.previous).toBeNull()
    expect(first.body.results.map(({ id }: any) => id)).toEqual(ids.slice(0, 2))
    const second = await ask('GET', first.body.next, undefined, mine.token)
    expect(second.body.results.map(({ id }: any) => id)).toEqual(ids.slice(2, 4))
    const last = await ask('GET', second.body.next, undefined, mine.token)
    expect([last.body.results.length, last.body.next]).toEqual([1, null])
    const back = await ask('GET', second.body.previous, undefined, mine.token)
    expect(back.body.results.map(({ id }: any) => id)).toEqual(ids.slice(0, 2))
    const some = await ask(
      'GET',
      '/reports?status=queued,running&title_contains=c&report_type=sales',
      undefined,
      mine.token,
    )
    expect(some.body.results.map(({ title }: any) => title)).toEqual(['c'])
    const recent = await ask('GET', '/reports/recent', undefined, mine.token)
    expect(recent.body.results).toHaveLength(5)
    const none = await ask('GET', '/reports?status=FAILED', undefined, mine.token)
    expect(none.body).toEqual({ next: null, previous: null, results: [] })
  })

  test('a query that is not meant so is told', async () => {
    const { status, body } = await ask('GET', '/reports?limit=1000&page=2&status=done')
    expect(status).toBe(422)
    expect(body.errors.map(({ path }: any) => path[0])).toEqual(['page', 'status', 'limit'])
    expect((await ask('GET', '/reports?cursor=nonsense')).status).toBe(422)
  })

  test('types, with parameters as a body names them', async () => {
    const { body } = await ask('GET', '/reports/types')
    const sales = body.results.find(({ name }: any) => name === 'sales')
    expect(sales).toMatchObject({ available: true, can_request: true })
    expect(sales.parameters.map(({ name }: any) => name)).toEqual(expect.arrayContaining(['start_date', 'end_date']))
  })

  test('cancel, retry, regenerate, delete; twice and too late', async () => {
    const id = await asked()
    expect((await ask('POST', `/reports/${id}/cancel`)).body.status).toBe('CANCELED')
    expect((await ask('POST', `/reports/${id}/retry`)).body.status).toBe('QUEUED')
    const again = await ask('POST', `/reports/${id}/regenerate`)
    expect([again.status, again.body.regenerated_from]).toEqual([201, id])
    const early = await ask('DELETE', `/reports/${id}`)
    expect([early.status, early.body.code]).toEqual([409, 'CONFLICT'])
    await api.carrier.finish(uuidOf(id))
    for (const [verb, code] of [['cancel', 'NOT_CANCELABLE'], ['retry', 'NOT_RETRYABLE']]) {
      const late = await ask('POST', `/reports/${id}/${verb}`)
      expect([late.status, late.body.code]).toEqual([409, code])
    } // prettier-ignore
    expect((await ask('DELETE', `/reports/${id}`)).status).toBe(204)
    expect((await ask('GET', `/reports/${id}`)).status).toBe(404)
  })

  test('download leads to the signed link, which gives the bytes', async () => {
    const id = await asked()
    const early = await ask('GET', `/reports/${id}/download`)
    expect([early.status, early.body.code]).toEqual([409, 'CONFLICT'])
    await api.carrier.finish(uuidOf(id), { bytes: 'id\n1\n', rows: 1 })
    const { body } = await ask('GET', `/reports/${id}`)
    expect(body.document).toMatchObject({ row_count: 1, byte_size: 5 })
    const { status, headers } = await ask('GET', body.document.download_url)
    expect(status).toBe(302)
    expect(await (await fetch(headers.get('location')!)).text()).toBe('id\n1\n')
    await ground.database.sql(`update broadsheet.report set status = 'EXPIRED' where id = $1`, [uuidOf(id)])
    expect((await ask('GET', `/reports/${id}/download`)).status).toBe(410)
  })
})

describe('progress', () => {
  const watch = (id: string, headers: Record<string, string> = {}) =>
    watchEvents(`${api.publicUrl}/api/v1/reports/${id}/progress`, {
      authorization: `Bearer ${member.token}`,
      ...headers,
    })

  test('is JSON, or events until the end', async () => {
    const id = await asked()
    const now = await ask('GET', `/reports/${id}/progress`)
    expect(now.body).toMatchObject({ report_id: id, status: 'QUEUED', percent: null })
    const watched = watch(id)
    await until(() => watched.events.length === 1)
    const claimed = await api.carrier.claim(uuidOf(id))
    await until(() => watched.events.length === 2)
    await api.carrier.succeed(claimed)
    await until(() => watched.done)
    expect(watched.events.map(({ event, data }) => [event, data.status])).toEqual([['progress', 'QUEUED'], ['progress', 'RUNNING'], ['progress', 'SUCCEEDED'], ['complete', undefined]]) // prettier-ignore
    const last = watched.events.at(-2)!
    expect(last.id).toBe(String(last.data.sequence))
    // A browser's EventSource comes again with what it has seen.
    const seen = await rest.call('GET', `/reports/${id}/progress`, { token: member.token, headers: { accept: 'text/event-stream', 'last-event-id': last.id! } }) // prettier-ignore
    expect(seen.status).toBe(204)
    const missed = watch(id, { 'last-event-id': watched.events[0]!.id! })
    await until(() => missed.done)
    expect(missed.events.map(({ data }) => data.status)).toEqual(['SUCCEEDED', undefined])
  })

  test('a reader that goes takes its subscription along', async () => {
    const id = await asked()
    const watched = watch(id)
    await until(() => watched.events.length === 1)
    expect(api.progress.watching).toBeGreaterThan(0)
    watched.leave()
    await until(() => api.progress.watching === 0)
  })

  test('ends with an event that says why, when the credential ends', async () => {
    const leaving = await ground.person('MEMBER')
    const { body } = await ask('POST', '/reports', ASK, leaving.token)
    const watched = watch(body.id, { authorization: `Bearer ${leaving.token}` })
    await until(() => watched.events.length === 1)
    await ground.database.sql(`update broadsheet.api_token set revoked_at = now() where id = $1`, [leaving.tokenId])
    await until(() => watched.done, { timeout: 7_000 })
    expect(watched.events.at(-1)).toMatchObject({ event: 'error', data: { status: 401, code: 'UNAUTHENTICATED' } })
  })
})

describe('schedules', () => {
  const WEEKLY = { report_type: 'sales', title: 'Weekly', cron: '0 6 * * MON', time_zone: 'Europe/Vilnius', parameters: { start_date: '{{last_week_start}}', end_date: 'last_week_end' } } // prettier-ignore

  test('made, read, toggled, run now, removed', async () => {
    const made = await ask('POST', '/reports/schedules', WEEKLY)
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ ...WEEKLY, paused: false, every: null, at: null })
    const { id } = made.body
    expect(made.headers.get('location')).toBe(`${api.publicUrl}/api/v1/reports/schedules/${id}`)
    expect((await ask('GET', `/reports/schedules/${id}`)).body).toEqual(made.body)
    expect((await ask('GET', '/reports/schedules')).body.results).toEqual([made.body])
    const toggle = async (body?: object) => (await ask('POST', `/reports/schedules/${id}/toggle`, body)).body.paused
    expect([await toggle(), await toggle(), await toggle({ paused: false }), await toggle({ paused: true }), await toggle({ paused: true })]).toEqual([true, false, false, true, true]) // prettier-ignore
    const now = await ask('POST', `/reports/schedules/${id}/run-now`)
    expect(now.status).toBe(201)
    expect(now.body).toMatchObject({ schedule_id: id, title: expect.stringContaining('Weekly') })
    expect(now.headers.get('location')).toBe(`${api.publicUrl}/api/v1/reports/${now.body.id}`)
    const slots = await ask('GET', `/reports/schedules/${id}/executions`)
    expect(slots.status).toBe(200)
    expect((await ask('DELETE', `/reports/schedules/${id}`)).status).toBe(204)
    expect((await ask('GET', `/reports/schedules/${id}`)).status).toBe(404)
  })

  test('changed: what the body has, and nothing else', async () => {
    const { body: made } = await ask('POST', '/reports/schedules', { ...WEEKLY, tags: ['a', 'b'] })
    const patch = (body: object) => ask('PATCH', `/reports/schedules/${made.id}`, body)
    const { updated_at: _, next_run_at: __, ...rest } = made
    expect((await patch({})).body).toMatchObject(rest)
    const titled = await patch({ title: 'Other', tags: ['c'], priority: 'low', csv_dialect: null })
    expect([titled.status, titled.body]).toEqual([200, expect.objectContaining({ ...rest, title: 'Other', tags: ['c'], priority: 'LOW' })]) // prettier-ignore
    const daily = await patch({ every: 'P1D', time_zone: 'UTC', catch_up_window: 'PT2H' })
    expect(daily.body).toMatchObject({ cron: null, every: 'P1D', time_zone: 'UTC', catch_up_window: 'PT2H' })
    const parameters = { start_date: 'yesterday', end_date: 'yesterday' }
    expect((await patch({ parameters })).body).toMatchObject({ report_type: 'sales', parameters })
    const other = await patch({ report_type: 'customers', parameters: { as_of: 'today' } })
    expect(other.body).toMatchObject({ report_type: 'customers', parameters: { as_of: 'today' }, title: 'Other' })
    expect((await ask('GET', `/reports/schedules/${made.id}`)).body).toEqual(other.body)
    for (const [body, path] of [
      [{ cron: '0 6 * * *', every: 'P1D' }, ['cron']],
      [{ cron: '0 25 * * *' }, ['cron']],
      [{ parameters: { as_of: 'someday' } }, ['parameters', 'as_of']],
      [{ report_type: 'nothing' }, ['report_type']],
      [{ paused: true }, ['paused']],
    ] as const) {
      const wrong = await patch(body)
      expect([wrong.status, wrong.body.errors[0].path], JSON.stringify(body)).toEqual([422, path])
    }
    expect((await ask('GET', `/reports/schedules/${made.id}`)).body).toEqual(other.body)
  })

  test('what became of its slots, by pages', async () => {
    const { body } = await ask('POST', '/reports/schedules', { ...WEEKLY, cron: undefined, preset: 'hourly' })
    const report = await asked()
    for (const hour of [1, 2, 3])
      await ground.database.sql(
        `insert into broadsheet.schedule_slot (schedule_id, tenant_id, scheduled_for, outcome, report_id, at)
         select id, tenant_id, $2, 'REQUESTED', $3, now() from broadsheet.schedule where id = $1`,
        [uuidOf(body.id), `2026-01-01T0${hour}:00:00Z`, hour === 3 ? uuidOf(report) : null],
      )
    const first = await ask('GET', `/reports/schedules/${body.id}/executions?limit=2`)
    expect(first.body.results.map(({ scheduled_for }: any) => scheduled_for.slice(11, 13))).toEqual(['03', '02'])
    expect(first.body.results[0].report).toMatchObject({ id: report, status: 'QUEUED' })
    const rest = await ask('GET', first.body.next)
    expect([rest.body.results.length, rest.body.next, rest.body.previous]).toEqual([1, null, null])
  })

  test('a cadence that is none is told in the words of the body', async () => {
    const wrong = await ask('POST', '/reports/schedules', { ...WEEKLY, cron: '0 25 * * *' })
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, ['cron']])
    const both = await ask('POST', '/reports/schedules', { ...WEEKLY, every: 'PT1H' })
    expect([both.status, both.body.errors[0].path]).toEqual([422, ['cron']])
  })
})

describe('one policy', () => {
  test('nobody without a credential, and nothing beyond its scopes', async () => {
    for (const token of [null, 'nonsense']) {
      const { status, body, headers } = await ask('GET', '/reports', undefined, token)
      expect([status, body.code, headers.get('www-authenticate')]).toEqual([401, 'UNAUTHENTICATED', 'Bearer'])
    }
    const reader = await ground.person('MEMBER', { scopes: ['reports:read'] })
    for (const [method, path, body] of [
      ['POST', '/reports', ASK],
      ['GET', '/reports/schedules'],
    ] as const) {
      const refused = await ask(method, path, body, reader.token)
      expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN'])
    }
    const id = await asked()
    // What the schedule of a report is, such a token may not know; the report it may.
    expect((await ask('GET', `/reports/${id}`, undefined, (await ground.person('ADMIN', { scopes: ['reports:read'] })).token)).status).toBe(200) // prettier-ignore
  })

  test('another’s id is answered as one that does not exist, on every route', async () => {
    const report = await asked()
    const { body } = await ask('POST', '/reports/schedules', { ...ASK, title: 'Mine', every: 'P1D' })
    const unknown = (gid: string) => Buffer.from(`${Buffer.from(gid, 'base64url').toString().split(':')[0]}:${crypto.randomUUID()}`).toString('base64url') // prettier-ignore
    for (const { method, path } of ROUTES.filter((route) => route.path.includes('{id}')))
      for (const person of [other, stranger]) {
        const id = path.includes('schedules') ? body.id : report
        const [foreign, none] = await Promise.all([id, unknown(id)].map((each) => ask(method, path.replace('{id}', each), undefined, person.token))) // prettier-ignore
        expect([foreign!.status, foreign!.body], `${method} ${path}`).toEqual([404, none!.body])
        expect(none!.status).toBe(404)
      }
    expect((await ask('GET', `/reports/${report}`)).body.status).toBe('QUEUED')
  })

  test('an unknown path is 404, another method 405 with Allow', async () => {
    expect((await ask('GET', '/nothing')).status).toBe(404)
    expect((await ask('GET', '/reports/%ff')).status).toBe(404)
    const wrong = await rest.call('PUT', '/reports', { token: member.token })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, POST'])
    expect((await rest.call('HEAD', '/reports', { token: member.token })).status).toBe(200)
  })

  test('CORS_ORIGINS holds here too', async () => {
    const preflight = (origin: string) => rest.call('OPTIONS', '/reports', { headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } }) // prettier-ignore
    const allowed = await preflight(ORIGIN)
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization')
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).not.toBe(
      'https://evil.example',
    )
    const { headers } = await rest.call('GET', '/reports/types', { token: member.token, headers: { origin: ORIGIN } })
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(headers.get('access-control-expose-headers')).toContain('Location')
  })

  test('no answer tells of the inside', async () => {
    const odd = ["'", '\u0000', '../../etc/passwd', 'x'.repeat(5_000), '$where', '🙂']
    for (const word of odd)
      for (const address of [`/reports/${encodeURIComponent(word)}`, `/reports?tag=${encodeURIComponent(word)}`, `/reports?cursor=${encodeURIComponent(word)}`]) {
        const { status, text } = await ask('GET', address)
        expect([200, 404, 422], `${address} ${text}`).toContain(status)
        expect(text).not.toMatch(/select |broadsheet\.report|node_modules|\.ts:|127\.0\.0\.1:5/i)
      } // prettier-ignore
  })
})

describe('the page to try it', () => {
  test('comes whole from here, and lets nothing else in', async () => {
    for (const [path, type] of [['', 'text/html'], ['/', 'text/html'], ['/try-it.js', 'text/javascript'], ['/try-it.css', 'text/css']] as const) {
      const response = await fetch(`${api.publicUrl}/api/v1${path}`)
      const text = await response.text()
      expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining(type)])
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
      expect(text).not.toMatch(/https?:\/\/(?!www\.w3)|innerHTML|eval\(|style=|onclick/)
    } // prettier-ignore
  })
})

test('every success of every route was seen, as it is described', () => {
  const successes = ROUTES.flatMap(({ name, answers }) => Object.keys(answers).filter((status) => status < '400').map((status) => `${name} ${status}`)) // prettier-ignore
  expect(successes.filter((success) => !rest.used.has(success))).toEqual([])
})
