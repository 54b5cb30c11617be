import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGround, gidOf, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'

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

/**
 * What Postgres is asked while `work` runs, as the driver sends it: without begin, commit and the tenant's setting, and without
 * what comes by the clock, which on a busy machine falls into any moment: who asks, remembered for three seconds, and the source.
 */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const own = new URL(ground.database.url).pathname.slice(1)
  const sent: string[] = []
  const original = pg.Client.prototype.query
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [first] = given as [string | { text?: string }]
    if (this.database === own) sent.push(typeof first === 'string' ? first : (first.text ?? ''))
    return (original as unknown as (...given: unknown[]) => unknown).apply(this, given)
  } as unknown as typeof original
  try {
    await work()
  } finally {
    pg.Client.prototype.query = original
  }
  return sent.filter(
    (text) =>
      /^\s*(select|with|insert|update|delete)\b/i.test(text) &&
      !/^select set_config|broadsheet\.find_api_token|update broadsheet\.api_token/i.test(text),
  )
}

const EVERYTHING = `
  id title status type { name columns { name } } requestedBy { name email } progress { percent rowsWritten report { id } } attempts { number outcome failure { code } }
  failure { code } document { fileName rowCount columns { name } preview summary downloadUrl } regeneratedFrom { id title requestedBy { name } } parameters resolvedParameters tags`

test('one report with everything in it is a handful of statements', async () => {
  const first = await api.ask(member.token)
  const id = await api.ask(member.token)
  await api.carrier.finish(uuidOf(id))
  await ground.database.sql(`update broadsheet.report set regenerated_from = $2 where id = $1`, [
    uuidOf(id),
    uuidOf(first),
  ])
  const ask = () =>
    api.post(`query ($id: ID!) { report(id: $id) { ${EVERYTHING} } }`, { token: member.token, variables: { id } })
  await ask()
  let answer: Awaited<ReturnType<typeof ask>> | undefined
  const statements = await statementsOf(async () => (answer = await ask()))
  expect(answer?.body.errors).toBeUndefined()
  expect(answer?.body.data.report).toMatchObject({
    id,
    regeneratedFrom: { id: first },
    attempts: [{ outcome: 'SUCCEEDED' }],
    document: { preview: [[1, 'one']] },
    progress: { percent: 100, report: { id } },
  })
  // The report, the one that it repeats, their people, attempts, preview.
  expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(5)
  expect(statements.length, 'the log is seen').toBeGreaterThan(2)
})

test('a list of 50 costs no more than a list of one', async () => {
  await fill(60)
  const list = (first: number) => statementsOf(async () => {
    const { body } = await api.post(`{ reports(first: ${first}) { totalCount pageInfo { endCursor } nodes { ${EVERYTHING.replace('preview', '')} } } }`, { token: member.token })
    expect(body.errors).toBeUndefined()
    expect(body.data.reports.nodes).toHaveLength(first)
  }) // prettier-ignore
  const [one, many] = [await list(1), await list(50)]
  expect(many.length, many.join('\n')).toBeLessThanOrEqual(6)
  expect(many.length).toBe(one.length)
  const withPreview = await statementsOf(() =>
    api.post('{ reports(first: 50) { nodes { document { preview } } } }', { token: member.token }),
  )
  expect(withPreview.length, withPreview.join('\n')).toBeLessThanOrEqual(2)
})

test('totalCount is counted only when it is selected', async () => {
  const counts = async (query: string) =>
    (await statementsOf(() => api.post(query, { token: member.token }))).filter((line) => /count\(/i.test(line)).length
  expect(await counts('{ reports { nodes { id } pageInfo { hasNextPage } } }')).toBe(0)
  expect(await counts('{ reports { totalCount } }')).toBe(1)
})

test.each(['CREATED_AT_DESC', 'CREATED_AT_ASC', 'FINISHED_AT_DESC'])(
  'pages walk through all of it once, both ways, by %s',
  async (order) => {
    const fields =
      'edges { cursor } nodes { id createdAt finishedAt } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount'
    const page = async (args: string) =>
      (await api.post(`{ reports(${args}, order: ${order}) { ${fields} } }`, { token: member.token })).body.data.reports
    const forward: any[] = []
    for (let after: string | null = null, more = true; more;) {
      const { nodes, pageInfo, totalCount } = await page(`first: 7${after ? `, after: "${after}"` : ''}`)
      forward.push(...nodes)
      ;({ hasNextPage: more, endCursor: after } = pageInfo)
      expect(forward.length).toBeLessThanOrEqual(totalCount)
    }
    const [{ n }] = (await ground.database.sql<{ n: number }>(`select count(*)::int as n from broadsheet.report`)) as [
      { n: number },
    ]
    expect(new Set(forward.map(({ id }) => id)).size).toBe(n)
    expect(forward).toHaveLength(n)
    const moment = ({ createdAt, finishedAt }: any) => (order === 'FINISHED_AT_DESC' ? (finishedAt ?? '') : createdAt)
    const moments = forward.map(moment)
    expect(moments).toEqual(order === 'CREATED_AT_ASC' ? moments.toSorted() : moments.toSorted().toReversed())
    const backward: any[] = []
    for (let before: string | null = null, more = true; more;) {
      const { nodes, pageInfo } = await page(`last: 7${before ? `, before: "${before}"` : ''}`)
      backward.unshift(...nodes)
      ;({ hasPreviousPage: more, startCursor: before } = pageInfo)
      expect(backward.length).toBeLessThanOrEqual(n)
    }
    expect(backward.map(({ id }) => id)).toEqual(forward.map(({ id }) => id))
  },
)

test('filters narrow the list', async () => {
  const of = async (filter: string) =>
    (await api.post(`{ reports(first: 100, filter: ${filter}) { totalCount nodes { id } } }`, { token: member.token }))
      .body.data.reports.totalCount
  const all = await of('{}')
  expect(await of('{ status: [SUCCEEDED] }')).toBeLessThan(all)
  expect(
    (await of('{ status: [SUCCEEDED] }')) +
      (await of('{ status: [QUEUED, RUNNING, CANCELING, FAILED, CANCELED, EXPIRED] }')),
  ).toBe(all)
  expect(await of('{ type: ["orders"] }')).toBe(0)
  expect(await of('{ tag: "even" }')).toBe(30)
  expect(await of('{ titleContains: "FILLED 1" }')).toBe(11)
  expect(await of('{ titleContains: "%" }')).toBe(0)
  expect(await of('{ priority: [LOW], tag: "even" }')).toBe(30)
  // Each is a copy of the first, with its document; an expired one has none for anybody.
  const [{ sha256 }] = (await ground.database.sql<{ sha256: string }>(
    `select document->>'sha256' as sha256 from broadsheet.report where document is not null limit 1`,
  )) as [{ sha256: string }]
  expect(await of(`{ sha256: "${sha256.toUpperCase()}" }`)).toBe(31)
  expect(await of(`{ sha256: "${sha256}", tag: "even", status: [SUCCEEDED] }`)).toBe(30)
  expect(await of(`{ sha256: "${'0'.repeat(64)}" }`)).toBe(0)
  await ground.database.sql(`update broadsheet.report set status = 'EXPIRED' where 'even' = any(tags)`)
  expect(await of(`{ sha256: "${sha256}" }`)).toBe(1)
  const { body } = await api.post('{ reports(filter: { sha256: "abc" }) { totalCount } }', { token: member.token })
  expect(body.errors[0]).toMatchObject({
    message: expect.stringContaining('filter.sha256'),
    extensions: { code: 'BAD_USER_INPUT' },
  })
  expect(await of('{ createdBefore: "2026-01-01T00:00:30Z", createdFrom: "2026-01-01T00:00:10Z" }')).toBe(20)
})

/** So many reports by other people, visible to the tenant, half of them SUCCEEDED, each with an attempt and an origin. */
async function fill(count: number): Promise<void> {
  const [model] = await ground.database.sql<{ id: string }>(
    `select id from broadsheet.report where status = 'SUCCEEDED' limit 1`,
  )
  for (let index = 0; index < count; index++) {
    const id = randomUUID()
    const person = index < 10 ? await ground.person('MEMBER') : member
    await ground.database.sql(
      `insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, status, priority, format, compression, csv_dialect, visibility, parameters,
         resolved_parameters, time_zone, tags, regenerated_from, attempt, document, preview, created_at, finished_at, expires_at)
       select $1, tenant_id, $2, type_name, type_version, 'Filled ' || $3::int, case when $3 % 2 = 0 then 'SUCCEEDED' else 'CANCELED' end, 'LOW', format, compression, csv_dialect, 'TENANT', parameters,
         resolved_parameters, time_zone, case when $3 % 2 = 0 then array['even'] else '{}' end, id, 1, case when $3 % 2 = 0 then document end, preview,
         timestamptz '2026-01-01 00:00:00Z' + $3 * interval '1 second', case when $3 % 3 = 0 then null else timestamptz '2026-02-01 00:00:00Z' + $3 / 4 * interval '1 second' end, now() + interval '1 day'
       from broadsheet.report where id = $4`,
      [id, person.id, index, model!.id],
    )
    await ground.database.sql(
      `insert into broadsheet.report_attempt (report_id, number, tenant_id, worker_id) values ($1, 1, 'default', $1)`,
      [id],
    )
  }
}

test('ids are what the API says they are', async () => {
  const { body } = await api.post('{ viewer { user { id __typename } } }', { token: member.token })
  expect(body.data.viewer.user).toEqual({ id: gidOf('User', member.id), __typename: 'User' })
})
