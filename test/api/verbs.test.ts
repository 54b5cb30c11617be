// Long because each verb is shown with every status, and all share one API, one worker’s stand-in and their reports.
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { openStore } from '../../src/stores/index.ts'
import { removeLeftovers } from '../../worker/sweeper.ts'
import { createGround, gidOf, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let owner: Person
let admin: Person
let other: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  owner = await ground.person('MEMBER')
  other = await ground.person('MEMBER')
  admin = await ground.person('ADMIN')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const FACTS =
  'id title status attempt finishedAt failure { code } attempts { number outcome } progress { sequence stage }'
const ERRORS = 'userErrors { field code message }'
/** One of the mutations on a report; what it answers. */
async function verb(name: string, id: string, { token = owner.token, more = '' } = {}): Promise<any> {
  const object = name === 'deleteReport' ? 'deletedId' : `report { ${FACTS} }`
  const { body } = await api.post(`mutation ($id: ID!) { ${name}(id: $id ${more}) { ${object} ${ERRORS} } }`, {
    token,
    variables: { id },
  })
  return body.data?.[name] ?? { refused: body.errors.map((error: any) => error.extensions.code) }
}
async function many(name: string, ids: string[]): Promise<any> {
  const { body } = await api.post(
    `mutation ($ids: [ID!]!) { ${name}(ids: $ids) { reports { id status } ${ERRORS} } }`,
    { token: owner.token, variables: { ids } },
  )
  return body.data[name]
}
async function read(id: string, fields = FACTS): Promise<any> {
  return (
    await api.post(`query ($id: ID!) { report(id: $id) { ${fields} } }`, { token: owner.token, variables: { id } })
  ).body.data.report
}
const row = async (id: string) =>
  (await ground.database.sql<any>(`select * from broadsheet.report where id = $1`, [uuidOf(id)]))[0]
const kinds = async (id: string) =>
  (
    await ground.database.sql<{ kind: string }>(
      `select kind from broadsheet.report_audit where report_id = $1 order by at`,
      [uuidOf(id)],
    )
  ).map(({ kind }) => kind)
const ask = (input = '') => api.ask(owner.token, input)
async function failed(): Promise<string> {
  const id = await ask()
  await api.carrier.fail(await api.carrier.claim(uuidOf(id)))
  return id
}

describe('cancelReport', () => {
  test('ends what waits at once, with no attempt, and whoever watches hears it', async () => {
    const id = await ask()
    const watched = api.ws('subscription ($id: ID!) { reportProgress(id: $id) { status sequence } }', {
      token: owner.token,
      variables: { id },
    })
    await until(() => watched.events.length === 1)
    const { report, userErrors } = await verb('cancelReport', id)
    expect(userErrors).toEqual([])
    expect(report).toMatchObject({
      id,
      status: 'CANCELED',
      attempt: 0,
      attempts: [],
      failure: null,
      finishedAt: expect.any(String),
      progress: { stage: 'DONE', sequence: 2 * 2 ** 20 },
    })
    await until(() => watched.done)
    expect(watched.events.map((event) => event.reportProgress.status)).toEqual(['QUEUED', 'CANCELED'])
    expect(await kinds(id)).toEqual(['REQUESTED', 'CANCELED'])
  })

  test('what runs is CANCELING until its holder has ended it; asked again it is the same answer', async () => {
    const id = await ask()
    const claimed = await api.carrier.claim(uuidOf(id))
    for (let time = 0; time < 2; time++)
      expect(await verb('cancelReport', id)).toMatchObject({
        report: { status: 'CANCELING', progress: { sequence: 3 * 2 ** 20 } },
        userErrors: [],
      })
    const { holding } = await api.carrier.parts()
    expect((await holding.tell(new Map([[claimed.id, { attempt: 1, standing: null }]]), true)).get(claimed.id)).toEqual(
      { status: 'CANCELING', epoch: 3 },
    )
    await expect(api.carrier.succeed(claimed)).rejects.toThrow('the claim no longer holds')
    await holding.canceled(claimed)
    expect(await verb('cancelReport', id)).toMatchObject({
      report: { status: 'CANCELED', attempts: [{ number: 1, outcome: 'CANCELED' }] },
      userErrors: [],
    })
    expect(await kinds(id)).toEqual(['REQUESTED', 'CANCELED'])
  })

  test('what has ended otherwise is not cancelable, and is shown', async () => {
    const id = await ask()
    await api.carrier.finish(uuidOf(id))
    expect(await verb('cancelReport', id)).toMatchObject({
      report: { id, status: 'SUCCEEDED' },
      userErrors: [{ code: 'NOT_CANCELABLE', field: ['id'] }],
    })
    expect(await verb('cancelReport', await failed())).toMatchObject({
      report: { status: 'FAILED' },
      userErrors: [{ code: 'NOT_CANCELABLE' }],
    })
  })

  test('a claim that comes between is not lost: it becomes CANCELING', async () => {
    const id = await ask()
    const claim = await ground.database.hold()
    await claim.query(`update broadsheet.report set status = 'RUNNING', attempt = 1, charged = 1, epoch = epoch + 1, worker_id = gen_random_uuid(),
      lease_expires_at = now() + interval '15 seconds' where id = $1`, [uuidOf(id)]) // prettier-ignore
    const answer = verb('cancelReport', id)
    await until(async () => (await ground.database.waiting()) > 0)
    await claim.query('commit')
    await claim.end()
    expect(await answer).toMatchObject({ report: { status: 'CANCELING', attempt: 1 }, userErrors: [] })
  })
})

describe('retryReport', () => {
  test('gives a failed report three attempts more; numbers and parameters go on', async () => {
    const id = await failed()
    const before = await row(id)
    expect(await verb('retryReport', id)).toMatchObject({
      report: { id, status: 'QUEUED', attempt: 1, failure: null, finishedAt: null, progress: { stage: 'QUEUED' } },
      userErrors: [],
    })
    const after = await row(id)
    expect(after).toMatchObject({
      charged: 0,
      resolved_parameters: before.resolved_parameters,
      type_version: before.type_version,
    })
    expect(Number(after.sequence)).toBe(Number(before.sequence) + 2 ** 20)
    expect(await api.carrier.claim(uuidOf(id))).toMatchObject({ attempt: 2, charged: 1 })
    expect((await read(id)).attempts).toEqual([
      { number: 1, outcome: 'FAILED' },
      { number: 2, outcome: null },
    ])
    expect(await kinds(id)).toEqual(['REQUESTED', 'RETRIED'])
  })

  test('a cancelled one too; nothing else', async () => {
    const id = await ask()
    expect(await verb('retryReport', id)).toMatchObject({
      report: { id, status: 'QUEUED' },
      userErrors: [{ code: 'NOT_RETRYABLE', field: ['id'] }],
    })
    await verb('cancelReport', id)
    expect(await verb('retryReport', id)).toMatchObject({ report: { status: 'QUEUED' }, userErrors: [] })
    await api.carrier.finish(uuidOf(id))
    expect(await verb('retryReport', id)).toMatchObject({
      report: { status: 'SUCCEEDED' },
      userErrors: [{ code: 'NOT_RETRYABLE' }],
    })
  })
})

describe('many at once', () => {
  test('mutations of one document each show what is true by then', async () => {
    const [ahead, id] = [await ask('priority: URGENT'), await ask('priority: URGENT')]
    const shown = '{ report { id queuePosition attempts { outcome } } }'
    const { body } = await api.post(
      `mutation ($ahead: ID!, $id: ID!) { before: retryReport(id: $id) ${shown} cancelReport(id: $ahead) ${shown} after: retryReport(id: $id) ${shown} }`,
      { token: owner.token, variables: { ahead, id } },
    )
    expect(body.data.after.report.queuePosition).toBe(body.data.before.report.queuePosition - 1)
    await verb('cancelReport', id)
  })

  test('each that can not be is named by its id, the others are done', async () => {
    const [waiting, running, done] = [await ask(), await ask(), await ask()]
    await api.carrier.finish(uuidOf(done))
    await api.carrier.claim(uuidOf(running))
    const unknown = gidOf('Report', crypto.randomUUID())
    const canceled = await many('cancelReports', [waiting, done, unknown, running, waiting])
    expect(canceled.reports).toEqual([
      { id: waiting, status: 'CANCELED' },
      { id: running, status: 'CANCELING' },
    ])
    expect(canceled.userErrors).toMatchObject([
      { field: ['ids', done], code: 'NOT_CANCELABLE' },
      { field: ['ids', unknown], code: 'NOT_FOUND' },
    ])
    const retried = await many('retryReports', [waiting, running])
    expect(retried).toMatchObject({
      reports: [{ id: waiting, status: 'QUEUED' }],
      userErrors: [{ field: ['ids', running], code: 'NOT_RETRYABLE' }],
    })
  })

  test('a hundred, no more', async () => {
    const ids = Array.from({ length: 101 }, () => gidOf('Report', crypto.randomUUID()))
    expect(await many('cancelReports', ids)).toMatchObject({
      reports: [],
      userErrors: [{ field: ['ids'], code: 'INVALID' }],
    })
    expect((await many('retryReports', ids.slice(1))).userErrors).toHaveLength(100)
  })
})

describe('regenerateReport', () => {
  const relative = 'report: { sales: { startDate: "last_month_start", endDate: "last_month_end" } }'
  async function askRelative(input = ''): Promise<string> {
    const { body } = await api.post(
      `mutation { requestReport(input: { ${relative} format: NDJSON priority: HIGH tags: ["t"] visibility: TENANT ${input} }) { report { id } ${ERRORS} } }`,
      { token: owner.token },
    )
    const id = body.data.requestReport.report.id
    // As if it had been asked for long ago.
    await ground.database.sql(`update broadsheet.report set resolved_parameters = '{"start_date": "2001-01-01", "end_date": "2001-01-31"}',
      title = case when title_given then title else 'Sales · 2001-01-01 to 2001-01-31' end where id = $1`, [uuidOf(id)]) // prettier-ignore
    return id
  }

  test('asks for the same anew: relative dates and the usual title of today', async () => {
    const id = await askRelative()
    const { report } = await verb('regenerateReport', id)
    expect(report).toMatchObject({ status: 'QUEUED', attempt: 0 })
    expect(report.id).not.toBe(id)
    const again = await read(
      report.id,
      'title parameters resolvedParameters format priority tags visibility regeneratedFrom { id } requestedBy { id }',
    )
    expect(again).toMatchObject({
      parameters: { startDate: 'last_month_start', endDate: 'last_month_end' },
      format: 'NDJSON',
      priority: 'HIGH',
      tags: ['t'],
      visibility: 'TENANT',
      regeneratedFrom: { id },
      requestedBy: { id: owner.gid },
    })
    expect(again.resolvedParameters.startDate.slice(0, 2)).toBe('20')
    expect(again.resolvedParameters.startDate).not.toBe('2001-01-01')
    expect(again.title).toContain(again.resolvedParameters.startDate)
  })

  test('a title that was chosen stays, and a slot is what dates are meant against', async () => {
    const id = await askRelative('title: "For the board"')
    await ground.database.sql(`update broadsheet.report set scheduled_for = '2020-05-15T00:00:00Z' where id = $1`, [
      uuidOf(id),
    ])
    const { report } = await verb('regenerateReport', id)
    expect(await read(report.id, 'title scheduledFor resolvedParameters')).toMatchObject({
      title: 'For the board',
      scheduledFor: '2020-05-15T00:00:00.000Z',
      resolvedParameters: { startDate: '2020-04-01', endDate: '2020-04-30' },
    })
  })

  test('what its type does not take any more is told at the id', async () => {
    const id = await ask()
    await ground.database.sql(`update broadsheet.report set type_name = 'gone' where id = $1`, [uuidOf(id)])
    expect(await verb('regenerateReport', id)).toMatchObject({
      report: null,
      userErrors: [{ field: ['id'], code: 'INVALID', message: expect.stringMatching(/no report type "gone"/) }],
    })
  })
})

describe('deleteReport', () => {
  const bytesOf = (key: string) =>
    access(join(ground.directory, key)).then(
      () => true,
      () => false,
    )

  test('takes the row, the bytes and the links; who watches and who lists hears of it', async () => {
    const id = await ask()
    const { key } = await api.carrier.finish(uuidOf(id))
    const { document } = await read(id, 'document { downloadUrl }')
    expect((await fetch(document.downloadUrl)).status).toBe(200)
    const dashboards = [owner, other].map(({ token }) =>
      api.ws('subscription { reportEvents { kind reportId report { id } } }', { token }),
    )
    await until(() => dashboards.every(({ events }) => events.length === 1))
    expect(await verb('deleteReport', id)).toEqual({ deletedId: id, userErrors: [] })
    expect(await read(id)).toBeNull()
    expect(await bytesOf(key)).toBe(false)
    expect((await fetch(document.downloadUrl)).status).toBe(410)
    await until(() => dashboards[0]!.events.length === 2)
    expect(dashboards[0]!.events[1].reportEvents).toEqual({ kind: 'DELETED', reportId: id, report: null })
    // Only the next event of another report proves that this one was not told to who may not know of it.
    const shared = await ask('visibility: TENANT')
    await until(() => dashboards[1]!.events.length > 1)
    expect(dashboards[1]!.events[1].reportEvents).toMatchObject({ kind: 'CREATED', reportId: shared })
    expect(await kinds(id)).toEqual(['REQUESTED', 'DOWNLOADED', 'DELETED'])
    expect(
      await ground.database.sql(`select from broadsheet.report_attempt where report_id = $1`, [uuidOf(id)]),
    ).toEqual([])
    expect(await verb('deleteReport', id)).toMatchObject({
      deletedId: null,
      userErrors: [{ code: 'NOT_FOUND', field: ['id'] }],
    })
  })

  test('only what has ended: failed, cancelled and expired too', async () => {
    const [waiting, running] = [await ask(), await ask()]
    await api.carrier.claim(uuidOf(running))
    for (const id of [waiting, running])
      expect(await verb('deleteReport', id)).toMatchObject({
        deletedId: null,
        userErrors: [{ code: 'CONFLICT', field: ['id'] }],
      })
    const [canceled, expired] = [await ask(), await ask()]
    await verb('cancelReport', canceled)
    await api.carrier.finish(uuidOf(expired))
    await ground.database.sql(
      `update broadsheet.report set status = 'EXPIRED', document = null, preview = null where id = $1`,
      [uuidOf(expired)],
    )
    for (const id of [await failed(), canceled, expired])
      expect(await verb('deleteReport', id)).toEqual({ deletedId: id, userErrors: [] })
  })

  test('bytes that a crash has left behind are removed by the sweep', async () => {
    const id = await ask()
    const { key } = await api.carrier.finish(uuidOf(id))
    await ground.database.sql(`delete from broadsheet.report where id = $1`, [uuidOf(id)])
    expect(await bytesOf(key)).toBe(true)
    const [database, store] = [await ground.database.open(WORKER_ROLE), await openStore(`file:${ground.directory}`)]
    await removeLeftovers({ database, store, log: pino({ level: 'silent' }), before: new Date(Date.now() + 1_000) })
    expect(await bytesOf(key)).toBe(false)
  })
})

describe('who may', () => {
  const VERBS = ['cancelReport', 'retryReport', 'regenerateReport', 'deleteReport']

  test.each(VERBS)('%s: the owner and an ADMIN; who reads is told so, others that there is nothing', async (name) => {
    const viewer = await ground.person('VIEWER')
    const stranger = await ground.person('ADMIN', { tenant: 'elsewhere' })
    const readOnly = await ground.person('ADMIN', { scopes: ['reports:read'] })
    const [own, shared] = [await ask(), await ask('visibility: TENANT')]
    const before = [await row(own), await row(shared)]
    const code = async (id: string, person: Person) =>
      (await verb(name, id, { token: person.token })).userErrors?.[0]?.code
    expect([await code(own, other), await code(shared, other)]).toEqual(['NOT_FOUND', 'FORBIDDEN'])
    expect([await code(own, stranger), await code(shared, stranger)]).toEqual(['NOT_FOUND', 'NOT_FOUND'])
    for (const person of [viewer, readOnly])
      expect(await verb(name, shared, { token: person.token })).toEqual({ refused: ['FORBIDDEN'] })
    for (const id of ['', 'x', gidOf('User', owner.id), gidOf('Report', 'x')])
      expect(await code(id, admin)).toBe('NOT_FOUND')
    expect([await row(own), await row(shared)]).toEqual(before)
    for (const id of [own, shared]) expect(['NOT_FOUND', 'FORBIDDEN']).not.toContain(await code(id, admin))
  })
})

describe('Report.events', () => {
  const EVENTS = 'events(first: 2) { totalCount nodes { kind by { id } detail } pageInfo { hasNextPage endCursor } }'

  test('tells who did what, in pages', async () => {
    const id = await ask()
    await verb('cancelReport', id, { token: admin.token })
    await verb('retryReport', id)
    const { events } = await read(id, EVENTS)
    expect(events).toMatchObject({
      totalCount: 3,
      nodes: [
        { kind: 'REQUESTED', by: { id: owner.gid }, detail: null },
        { kind: 'CANCELED', by: { id: admin.gid }, detail: { was: 'QUEUED' } },
      ],
      pageInfo: { hasNextPage: true },
    })
    const next = await read(
      id,
      `events(after: "${events.pageInfo.endCursor}") { nodes { kind } pageInfo { hasNextPage } }`,
    )
    expect(next.events).toEqual({ nodes: [{ kind: 'RETRIED' }], pageInfo: { hasNextPage: false } })
  })

  test('has one line a minute for each link that is used', async () => {
    const id = await ask()
    await api.carrier.finish(uuidOf(id))
    const link = async (token: string, expiresIn: string) =>
      (await api.post(`{ report(id: "${id}") { document { downloadUrl(expiresIn: "${expiresIn}") } } }`, { token }))
        .body.data.report.document.downloadUrl
    const [first, second] = [await link(owner.token, 'PT5M'), await link(admin.token, 'PT6M')]
    await Promise.all([first, first, first, second].map((url) => fetch(url, { headers: { range: 'bytes=0-3' } })))
    await fetch(first, { method: 'HEAD' })
    const downloads = async () =>
      (await read(id, 'events(first: 100) { nodes { kind by { id } } }')).events.nodes.slice(1)
    expect((await downloads()).toSorted((a: any) => (a.by.id === owner.gid ? -1 : 1))).toEqual([
      { kind: 'DOWNLOADED', by: { id: owner.gid } },
      { kind: 'DOWNLOADED', by: { id: admin.gid } },
    ])
    await ground.database.sql(
      `update broadsheet.report_audit set at = at - interval '61 seconds' where report_id = $1`,
      [uuidOf(id)],
    )
    await fetch(first)
    expect(await downloads()).toHaveLength(3)
  })

  test('is only added to: the API may not change it', async () => {
    const grants = await ground.database.sql<{ privilege_type: string }>(
      `select privilege_type from information_schema.role_table_grants where table_name = 'report_audit' and grantee = 'broadsheet_api'`,
    )
    expect(grants.map(({ privilege_type }) => privilege_type).toSorted()).toEqual(['INSERT', 'SELECT'])
  })
})
