import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { purgeOldRows } from '../../src/system/purge.ts'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { createClients } from '../support/clients.ts'
import { startApi as startProcess, type RunningApi } from '../support/service.ts'
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

const SALES = 'report: { sales: { startDate: "2026-01-01", endDate: "2026-01-31" } }'
const MUTATION = (input: string) =>
  `mutation { requestReport(input: { ${input} }) { report { id status resolvedParameters } userErrors { field code message } } }`
async function ask(input: string, { token = member.token, post = api.post } = {}): Promise<any> {
  const { body } = await post(MUTATION(input), { token })
  if (!body?.data) throw new Error(JSON.stringify(body))
  return body.data.requestReport
}
const regenerate = async (id: string, key: string) =>
  (
    await api.post(
      `mutation { regenerateReport(id: "${id}", idempotencyKey: "${key}") { report { id } userErrors { field code } } }`,
      { token: member.token },
    )
  ).body.data.regenerateReport
const idOf = async (input: string): Promise<string> => (await ask(input)).report.id
const count = async () =>
  (await ground.database.sql<{ n: number }>('select count(*)::int as n from broadsheet.report'))[0]!.n
const keys = async (key: string) =>
  (await ground.database.sql('select from broadsheet.idempotency_key where key = $1', [key])).length
const age = (key: string, hours: number) =>
  ground.database.sql(
    `update broadsheet.idempotency_key set used_at = now() - make_interval(hours => $2) where key = $1`,
    [key, hours],
  )

describe('idempotencyKey', () => {
  test('the same input is the same report, as it is by then, and nobody is told again', async () => {
    const dashboard = api.ws('subscription { reportEvents { kind reportId } }', { token: member.token })
    await until(() => dashboard.events.length === 1)
    const id = await idOf(`${SALES} idempotencyKey: "a"`)
    await api.carrier.finish(uuidOf(id))
    expect((await ask(`${SALES} idempotencyKey: "a"`)).report).toMatchObject({ id, status: 'SUCCEEDED' })
    const other = await idOf(SALES)
    await until(() => dashboard.events.at(-1).reportEvents.reportId === other)
    expect(
      dashboard.events
        .filter((event) => event.reportEvents.kind === 'CREATED')
        .map((event) => event.reportEvents.reportId),
    ).toEqual([id, other])
  })

  test('defaults said or not, by name or typed: the same input; relative dates count as asked', async () => {
    const relative = (start: string) => `report: { sales: { startDate: "${start}", endDate: "today" } }`
    const id = await idOf(`${relative('last_month_start')} idempotencyKey: "b"`)
    // As on a later day: what it came to then does not matter.
    await ground.database.sql(`update broadsheet.report set resolved_parameters = '{}' where id = $1`, [uuidOf(id)])
    for (const same of [
      `${relative('last_month_start')} format: CSV, priority: NORMAL, timeZone: "UTC", tags: []`,
      'report: { byName: { type: "sales", parameters: { endDate: "today", startDate: "last_month_start" } } }',
      'report: { sales: { startDate: "last_month_start", endDate: "today", region: null, includeCanceled: false } }',
    ])
      expect((await ask(`${same} idempotencyKey: "b"`)).report?.id).toBe(id)
    for (const different of [
      relative('this_month_start'),
      `${relative('last_month_start')} format: NDJSON`,
      `${relative('last_month_start')} title: "T"`,
      'report: { byName: { type: "orders" } }',
    ])
      expect(await ask(`${different} idempotencyKey: "b"`)).toMatchObject({
        report: null,
        userErrors: [{ field: ['idempotencyKey'], code: 'IDEMPOTENCY_KEY_REUSED' }],
      })
  })

  test('belongs to one tenant, user and mutation', async () => {
    const id = await idOf(`${SALES} idempotencyKey: "c"`)
    const [colleague, stranger] = [
      await ground.person('MEMBER'),
      await ground.person('MEMBER', { tenant: 'elsewhere' }),
    ]
    const ids = [
      id,
      await ask(`${SALES} idempotencyKey: "c"`, colleague),
      await ask(`${SALES} idempotencyKey: "c"`, stranger),
      await regenerate(id, 'c'),
    ].map((each) => each.report?.id ?? each)
    expect(new Set(ids).size).toBe(4)
    expect((await regenerate(id, 'c')).report.id).toBe(ids[3])
    expect(await regenerate(ids[3], 'c')).toMatchObject({
      report: null,
      userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }],
    })
  })

  test('a refused input does not use it', async () => {
    const refused = await ask(
      'report: { sales: { startDate: "2026-02-30", endDate: "2026-01-31" } } idempotencyKey: "d"',
    )
    expect(refused).toMatchObject({ report: null, userErrors: [{ code: 'INVALID' }] })
    expect(await ask(`${SALES} idempotencyKey: "d"`)).toMatchObject({ userErrors: [] })
  })

  test('after deletion it is a conflict', async () => {
    const id = await idOf(`${SALES} idempotencyKey: "e"`)
    await api.post(
      `mutation { cancelReport(id: "${id}") { userErrors { code } } deleteReport(id: "${id}") { userErrors { code } } }`,
      { token: member.token },
    )
    expect(await ask(`${SALES} idempotencyKey: "e"`)).toMatchObject({
      report: null,
      userErrors: [{ field: ['idempotencyKey'], code: 'CONFLICT' }],
    })
  })

  test('has 1 to 255 characters', async () => {
    for (const [key, fine] of [
      ['', false],
      ['x'.repeat(256), false],
      ['\\u0000', false],
      ['x'.repeat(255), true],
      ['🗝'.repeat(255), true],
    ] as const) {
      const answer = await ask(`${SALES} idempotencyKey: "${key}"`)
      expect(answer.userErrors.map(({ code, field }: any) => [code, field])).toEqual(
        fine ? [] : [['INVALID', ['idempotencyKey']]],
      )
    }
  })

  test('stands for a day, then it is free, and purged', async () => {
    const id = await idOf(`${SALES} idempotencyKey: "f"`)
    await age('f', 23)
    expect(await idOf(`${SALES} idempotencyKey: "f"`)).toBe(id)
    await age('f', 25)
    expect(await idOf(`${SALES} idempotencyKey: "f"`)).not.toBe(id)
    const worker = await ground.database.open(WORKER_ROLE)
    await purgeOldRows(worker, 90 * 86_400_000)
    expect(await keys('f')).toBe(1)
    await age('f', 49)
    await purgeOldRows(worker, 90 * 86_400_000)
    expect(await keys('f')).toBe(0)
  })

  test('a hundred at once are one report', async () => {
    const before = await count()
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(`${SALES} idempotencyKey: "g"`)))
    expect(new Set(answers.map(({ report }) => report?.id)).size).toBe(1)
    expect(await count()).toBe(before + 1)
    const [row] = await ground.database.sql<{ n: number }>(
      `select count(*)::int as n from broadsheet.report_audit where report_id = $1`,
      [uuidOf(answers[0].report.id)],
    )
    expect(row!.n).toBe(1)
  })
})

describe('an API that is killed in the middle', () => {
  let first: RunningApi
  afterAll(() => first?.kill('SIGKILL'))

  test('leaves one report for each key, asked again elsewhere', async () => {
    const options = {
      databaseUrl: ground.database.url,
      redisUrl: inject('redisUrl'),
      dataDirectory: ground.directory,
      sources: { shop: ground.shopUrl },
    }
    first = await startProcess(options)
    const { post } = createClients(first.url)
    const before = await count()
    const keys = Array.from({ length: 60 }, (_, index) => `killed-${index}`)
    const input = (key: string) => `${SALES} idempotencyKey: "${key}"`
    let answered = 0
    const asks = keys.map((key) =>
      ask(input(key), { token: member.token, post }).then(
        (answer) => ((answered += 1), answer.report.id as string),
        () => null,
      ),
    )
    await until(() => answered >= 5)
    first.kill('SIGKILL')
    const told = await Promise.all(asks)
    expect(told).toContain(null)
    const again: string[] = []
    for (const key of keys) again.push(await idOf(input(key)))
    expect(new Set(again).size).toBe(60)
    for (const [index, id] of told.entries()) if (id) expect(again[index]).toBe(id)
    expect(await count()).toBe(before + 60)
  }, 60_000)
})

describe('reuseWithin', () => {
  const wanted = (n: number, more = '') =>
    `report: { sales: { startDate: "2025-01-01", endDate: "2025-02-0${n}" } } reuseWithin: "PT1H" ${more}`

  test('one on its way, or one that succeeded in time, is the answer', async () => {
    const id = await idOf(wanted(1))
    expect(await idOf(wanted(1, 'title: "Other", tags: ["x"], visibility: TENANT'))).toBe(id)
    const claimed = await api.carrier.claim(uuidOf(id))
    expect(await idOf(wanted(1))).toBe(id)
    await api.carrier.succeed(claimed)
    expect((await ask(wanted(1))).report).toMatchObject({ id, status: 'SUCCEEDED' })
    const { body } = await api.post(`{ report(id: "${id}") { title events { nodes { kind } } } }`, {
      token: member.token,
    })
    expect(body.data.report.events.nodes.map(({ kind }: any) => kind)).toEqual([
      'REQUESTED',
      'REUSED',
      'REUSED',
      'REUSED',
    ])
    await ground.database.sql(
      `update broadsheet.report set finished_at = now() - interval '61 minutes' where id = $1`,
      [uuidOf(id)],
    )
    expect(await idOf(wanted(1))).not.toBe(id)
  })

  test('another format, dialect, zone, viewer, value or version is another report', async () => {
    const id = await idOf(wanted(2))
    const colleague = await ground.person('MEMBER')
    const others = [
      await ask(wanted(2, 'format: JSON')),
      await ask(wanted(2, 'compression: GZIP')),
      await ask(wanted(2, 'csvDialect: EXCEL')),
      await ask(wanted(2, 'timeZone: "Asia/Tokyo"')),
      await ask(wanted(3)),
      await ask(wanted(2), colleague),
    ]
    expect(new Set([id, ...others.map(({ report }) => report.id)]).size).toBe(7)
    await ground.database.sql(
      `insert into broadsheet.report_definition (version, name, kind, text) values ('older', 'sales', 'sql', '')`,
    )
    await ground.database.sql(`update broadsheet.report set type_version = 'older' where id = $1`, [uuidOf(id)])
    expect(await idOf(wanted(2))).not.toBe(id)
  })

  test('what failed, was cancelled or has expired is not', async () => {
    for (const [status, set] of [
      ['FAILED', `failure = '{}'`],
      ['CANCELED', 'message = null'],
      ['EXPIRED', 'document = null'],
    ] as const) {
      const id = await idOf(wanted(4))
      await ground.database.sql(`update broadsheet.report set status = $2, ${set} where id = $1`, [uuidOf(id), status])
      expect(await idOf(wanted(4)), status).not.toBe(id)
      await ground.database.sql(`delete from broadsheet.report where status = 'QUEUED'`)
    }
  })

  test('many at once are one report; a key then stands for the one that was found', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) => idOf(wanted(5, `idempotencyKey: "r${index}"`))),
    )
    expect(new Set(ids).size).toBe(1)
    expect(await idOf(wanted(5, 'idempotencyKey: "r3"'))).toBe(ids[0])
  })

  test('must be a duration', async () => {
    expect(await ask(`${SALES} reuseWithin: "1h"`)).toMatchObject({
      report: null,
      userErrors: [{ field: ['reuseWithin'], code: 'INVALID' }],
    })
  })
})
