// Long because all of it is one API, which takes seconds to start: each verb, its refusals, and who may.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, gidOf, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'

/** Nobody listens there: it is checked what may go there. */
const HOUSE = { url: 'postgres://loader@127.0.0.1:9/db', tables: ['loads.*'] }
const WAREHOUSES = JSON.stringify({ main: HOUSE, closed: { ...HOUSE, roles: ['ADMIN'] } })

let ground: Ground
let api: TestApi
let member: Person
let admin: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground, { BROADSHEET_WAREHOUSES: WAREHOUSES })
  member = await ground.person('MEMBER')
  admin = await ground.person('ADMIN')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const FIELDS = `id title cron every at timeZone paused overlapPolicy catchUpWindow priority format compression csvDialect visibility tags parameters
  type { name } lastSucceededSlot nextRunAt upcoming createdAt updatedAt createdBy { id }`
const SALES = 'report: { sales: { startDate: "{{last_week_start}}", endDate: "last_week_end" } }'
const INPUT = `${SALES} title: "Weekly" cadence: { cron: "0 6 * * MON" } timeZone: "Europe/Vilnius"`

async function ask(operation: string, { token = member.token, variables = {} } = {}): Promise<any> {
  const { body } = await api.post(operation, { token, variables })
  if (!body?.data) throw new Error(JSON.stringify(body))
  return Object.values(body.data)[0]
}
const create = (input: string, token = member.token): Promise<any> =>
  ask(`mutation { createSchedule(input: { ${input} }) { schedule { ${FIELDS} } userErrors { field code message } } }`, {
    token,
  })
const update = (id: string, input: string, token = member.token): Promise<any> =>
  ask(
    `mutation { updateSchedule(input: { id: "${id}" ${input} }) { schedule { ${FIELDS} } userErrors { field code message } } }`,
    { token },
  )
const verb = (name: string, id: string, token = member.token): Promise<any> =>
  ask(
    `mutation { ${name}(id: "${id}") { ${name === 'deleteSchedule' ? 'deletedId' : `schedule { ${FIELDS} }`} userErrors { field code } } }`,
    { token },
  )
const runNow = (id: string, { key = '', token = member.token } = {}): Promise<any> =>
  ask(
    `mutation { runScheduleNow(id: "${id}" ${key && `idempotencyKey: "${key}"`}) { report { id title status scheduledFor resolvedParameters schedule { id } requestedBy { id }
      events { nodes { kind by { id } detail } } } userErrors { field code message } } }`,
    { token },
  )
const made = async (input = INPUT, token = member.token) => {
  const { schedule, userErrors } = await create(input, token)
  expect(userErrors).toEqual([])
  return schedule
}
const read = (id: string, fields: string, token = member.token) =>
  ask(`query ($id: ID!) { schedule(id: $id) { ${fields} } }`, { token, variables: { id } })
/** A slot as the scheduler writes it. */
const slot = (id: string, scheduledFor: string, more = '') =>
  ground.database.sql(
    `insert into broadsheet.schedule_slot (schedule_id, scheduled_for, tenant_id, outcome, late) values ($1, $2, 'default', $3, false)`,
    [uuidOf(id), scheduledFor, more || 'REQUESTED'],
  )

describe('createSchedule', () => {
  test('keeps what was asked, with the usual defaults', async () => {
    const schedule = await made()
    expect(schedule).toMatchObject({
      title: 'Weekly', cron: '0 6 * * MON', every: null, at: null, timeZone: 'Europe/Vilnius', paused: false, overlapPolicy: 'SKIP', catchUpWindow: 'PT1H',
      priority: 'NORMAL', format: 'CSV', compression: 'NONE', csvDialect: 'POSTGRES', visibility: 'PRIVATE', tags: [], type: { name: 'sales' },
      parameters: { startDate: '{{last_week_start}}', endDate: 'last_week_end' }, createdBy: { id: member.gid },
    }) // prettier-ignore
    expect(schedule.lastSucceededSlot).toBe(schedule.createdAt)
    expect(schedule.upcoming).toHaveLength(5)
    expect(schedule.nextRunAt).toBe(schedule.upcoming[0])
    for (const moment of schedule.upcoming) {
      const local = new Intl.DateTimeFormat('en-GB', {
        timeZone: 'Europe/Vilnius',
        weekday: 'short',
        hour: '2-digit',
        minute: '2-digit',
      }).format(new Date(moment))
      expect(local).toBe('Mon 06:00')
      expect(moment > schedule.createdAt).toBe(true)
    }
  })

  test.each([
    ['preset: HOURLY', { cron: '0 * * * *' }],
    ['preset: DAILY', { cron: '0 0 * * *' }],
    ['preset: WEEKLY', { cron: '0 0 * * 1' }],
    ['preset: MONTHLY', { cron: '0 0 1 * *' }],
    ['every: "PT90S"', { every: 'PT90S' }],
    ['at: "2999-01-01T00:00:00+02:00"', { at: '2998-12-31T22:00:00.000Z', upcoming: ['2998-12-31T22:00:00.000Z'] }],
  ])('takes %s', async (cadence, expected) => {
    expect(await made(`${SALES} title: "T" cadence: { ${cadence} }`)).toMatchObject({
      cron: null,
      every: null,
      at: null,
      ...expected,
    })
  })

  test('every counts from createdAt', async () => {
    const { createdAt, upcoming } = await made(`${SALES} title: "T" cadence: { every: "P1D" }`)
    expect(upcoming.map((moment: string) => (Date.parse(moment) - Date.parse(createdAt)) / 86_400_000)).toEqual([
      1, 2, 3, 4, 5,
    ])
  })

  test('paused from the start: nothing comes', async () => {
    expect(await made(`${INPUT} paused: true`)).toMatchObject({ paused: true, nextRunAt: null, upcoming: [] })
  })

  test.each([
    ['cadence: { cron: "0 0 30 2 *" }', ['cadence', 'cron']],
    ['cadence: { cron: "* * * * * *" }', ['cadence', 'cron']],
    ['cadence: { every: "PT9S" }', ['cadence', 'every']],
    ['cadence: { every: "P1M" }', ['cadence', 'every']],
    ['cadence: { at: "2020-01-01T00:00:00Z" }', ['cadence', 'at']],
    ['timeZone: "Mars/Base"', ['timeZone']],
    ['catchUpWindow: "P1Y"', ['catchUpWindow']],
    ['title: ""', ['title']],
    ['tags: ["a", ""]', ['tags', '1']],
    ['report: { sales: { startDate: "next_blue_moon", endDate: "today" } }', ['report', 'sales', 'startDate']],
    ['report: { byName: { type: "sale" } }', ['report', 'byName', 'type']],
    ['report: { sales: { startDate: "last_slot", endDate: "slot" } } overlapPolicy: ALLOW', ['overlapPolicy']],
    ['report: { sales: { startDate: "last_slot", endDate: "slot" } } overlapPolicy: CANCEL_RUNNING', ['overlapPolicy']],
  ])('refuses %s', async (wrong, field) => {
    const rest = ['report', 'title', 'cadence'].filter((name) => !wrong.includes(`${name}:`))
    const right: Record<string, string> = { report: SALES, title: 'title: "T"', cadence: 'cadence: { preset: DAILY }' }
    const { schedule, userErrors } = await create(`${rest.map((name) => right[name]).join(' ')} ${wrong}`)
    expect(schedule).toBeNull()
    expect(userErrors).toMatchObject([{ field, code: field.includes('type') ? 'NOT_FOUND' : 'INVALID' }])
    expect(userErrors[0].message).toMatch(/[.?]$/)
  })

  test('tells all that is wrong at once', async () => {
    const { userErrors } = await create(
      `report: { sales: { startDate: "x", endDate: "y" } } title: " " cadence: { every: "PT1S" } timeZone: "X" catchUpWindow: "x" tags: [""]`,
    )
    expect(userErrors.map(({ field }: any) => field.join('.')).toSorted()).toEqual(
      ['cadence.every', 'catchUpWindow', 'report.sales.endDate', 'report.sales.startDate', 'tags.0', 'timeZone', 'title'],
    ) // prettier-ignore
  })

  test('takes last_slot under SKIP and QUEUE_ONE', async () => {
    for (const policy of ['SKIP', 'QUEUE_ONE'])
      await made(
        `report: { sales: { startDate: "last_slot", endDate: "slot" } } title: "T" cadence: { preset: HOURLY } overlapPolicy: ${policy}`,
      )
  })

  test('one for each key: the same again, IDEMPOTENCY_KEY_REUSED for another input, CONFLICT once it is gone', async () => {
    const { id } = await made(`${INPUT} idempotencyKey: "k"`)
    expect((await made(`${INPUT} idempotencyKey: "k" format: CSV`)).id).toBe(id)
    expect((await create(`${INPUT} idempotencyKey: "k" format: NDJSON`)).userErrors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ])
    await verb('deleteSchedule', id)
    expect((await create(`${INPUT} idempotencyKey: "k"`)).userErrors).toMatchObject([
      { field: ['idempotencyKey'], code: 'CONFLICT' },
    ])
  })
})

describe('updateSchedule', () => {
  test('changes what is said and nothing else; another cadence counts from now', async () => {
    const before = await made(`${INPUT} tags: ["a"]`)
    const { schedule } = await update(
      before.id,
      'title: "Daily" cadence: { every: "PT1H" } overlapPolicy: ALLOW priority: null',
    )
    const { updatedAt, upcoming, nextRunAt, ...rest } = schedule
    expect(rest).toEqual({
      ...Object.fromEntries(Object.entries(before).filter(([name]) => name in rest)),
      title: 'Daily', cron: null, every: 'PT1H', overlapPolicy: 'ALLOW',
    }) // prettier-ignore
    expect(updatedAt > before.updatedAt).toBe(true)
    expect(nextRunAt).toBe(upcoming[0])
    expect((Date.parse(nextRunAt) - Date.parse(before.createdAt)) % 3_600_000).toBe(0)
    expect((await update(before.id, 'timeZone: "UTC" cadence: { cron: "0 6 * * *" }')).schedule.upcoming[0]).toMatch(
      /T06:00:00.000Z$/,
    )
  })

  test('its path leads into its own input; last_slot and the policy are looked at together', async () => {
    const { id } = await made()
    expect((await update(id, 'report: { sales: { startDate: "x", endDate: "today" } }')).userErrors).toMatchObject([
      { field: ['report', 'sales', 'startDate'] },
    ])
    expect((await update(id, 'cadence: { cron: "x" }')).userErrors).toMatchObject([{ field: ['cadence', 'cron'] }])
    await update(id, 'report: { sales: { startDate: "last_slot", endDate: "slot" } }')
    expect((await update(id, 'overlapPolicy: ALLOW')).userErrors).toMatchObject([
      { field: ['overlapPolicy'], code: 'INVALID' },
    ])
    expect((await read(id, 'overlapPolicy')).overlapPolicy).toBe('SKIP')
  })

  test('a type that has gone is in nobody’s way who changes something else', async () => {
    const { id } = await made()
    await ground.database.sql(`update broadsheet.schedule set type_name = 'gone' where id = $1`, [uuidOf(id)])
    expect((await update(id, 'title: "Still here"')).schedule).toMatchObject({
      title: 'Still here',
      type: { name: 'gone' },
    })
    expect((await update(id, 'title: ""')).userErrors).toMatchObject([{ field: ['title'] }])
  })
})

describe('pause and resume', () => {
  test('nothing comes while it is paused; what waits is given up; afterwards the next slot from now', async () => {
    const { id, nextRunAt } = await made()
    await slot(id, '2026-01-05T04:00:00Z', 'WAITING')
    expect((await verb('pauseSchedule', id)).schedule).toMatchObject({ paused: true, nextRunAt: null, upcoming: [] })
    expect((await read(id, 'slots { nodes { outcome reason } }')).slots.nodes).toEqual([
      { outcome: 'SKIPPED_PAUSED', reason: 'The schedule was paused while it waited.' },
    ])
    const again = await verb('pauseSchedule', id)
    expect(again).toMatchObject({ schedule: { paused: true }, userErrors: [] })
    // As if it had been paused for long, and no scheduler had written what came meanwhile.
    await ground.database.sql(
      `update broadsheet.schedule set slots_after = now() - interval '60 days', next_slot_at = now() - interval '57 days' where id = $1`,
      [uuidOf(id)],
    )
    expect((await verb('resumeSchedule', id)).schedule).toMatchObject({ paused: false, nextRunAt })
    expect((await verb('resumeSchedule', id)).userErrors).toEqual([])
  })
})

describe('runScheduleNow', () => {
  test('a report of the owner’s at once, outside the cadence, resolved against now', async () => {
    const { id } = await made(`${SALES} title: "Weekly" cadence: { preset: WEEKLY }`)
    const { report } = await runNow(id, { token: admin.token })
    expect(report).toMatchObject({
      status: 'QUEUED', scheduledFor: null, schedule: { id }, requestedBy: { id: member.gid },
      events: { nodes: [{ kind: 'REQUESTED', by: { id: admin.gid }, detail: { schedule: 'Weekly', now: true } }] },
    }) // prettier-ignore
    expect(report.title).toMatch(/^Weekly · /)
    expect(Date.now() - Date.parse(report.resolvedParameters.endDate)).toBeLessThan(8 * 86_400_000)
    expect((await read(id, 'slots { totalCount }')).slots.totalCount).toBe(0)
  })

  test('once for each key', async () => {
    const [one, other] = [await made(), await made()]
    const { report } = await runNow(one.id, { key: 'now' })
    expect((await runNow(one.id, { key: 'now' })).report.id).toBe(report.id)
    expect((await runNow(other.id, { key: 'now' })).userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }])
  })

  test('what can not be asked for is said at the id', async () => {
    const ben = await ground.person('MEMBER')
    const { id } = await made(INPUT, ben.token)
    await ground.database.sql(`update broadsheet.app_user set role = 'VIEWER' where id = $1`, [ben.id])
    expect((await runNow(id, { token: admin.token })).userErrors).toMatchObject([{ field: ['id'], code: 'FORBIDDEN' }])
    await ground.database.sql(`update broadsheet.app_user set removed_at = now() where id = $1`, [ben.id])
    expect((await runNow(id, { token: admin.token })).userErrors).toMatchObject([{ field: ['id'], code: 'INVALID' }])
    await ground.database.sql(`update broadsheet.schedule set type_name = 'gone' where id = $1`, [uuidOf(id)])
  })
})

describe('deleteSchedule', () => {
  test('its reports stay and go on telling nothing of it; it is gone', async () => {
    const { id } = await made()
    const { report } = await runNow(id)
    await slot(id, '2026-01-05T04:00:00Z')
    expect(await verb('deleteSchedule', id)).toEqual({ deletedId: id, userErrors: [] })
    expect(await read(id, 'id')).toBeNull()
    expect(await ask(`query { report(id: "${report.id}") { id status schedule { id } } }`)).toEqual({
      id: report.id,
      status: 'QUEUED',
      schedule: null,
    })
    expect((await verb('deleteSchedule', id)).userErrors).toMatchObject([{ field: ['id'], code: 'NOT_FOUND' }])
  })
})

describe('reading', () => {
  test('the ledger, newest first, in pages', async () => {
    const { id } = await made()
    for (let day = 1; day <= 5; day++) await slot(id, `2026-01-0${day}T04:00:00Z`, day === 3 ? 'MISSED' : 'REQUESTED')
    const page = (after = '') =>
      read(
        id,
        `slots(first: 2 ${after}) { totalCount nodes { scheduledFor outcome count until } pageInfo { hasNextPage endCursor } }`,
      )
    const { slots: first } = await page()
    expect(first).toMatchObject({ totalCount: 5, pageInfo: { hasNextPage: true } })
    const { slots: second } = await page(`after: "${first.pageInfo.endCursor}"`)
    expect([...first.nodes, ...second.nodes].map(({ scheduledFor }: any) => scheduledFor.slice(8, 10))).toEqual([
      '05',
      '04',
      '03',
      '02',
    ])
    expect(second.nodes[0]).toEqual({
      scheduledFor: '2026-01-03T04:00:00.000Z',
      outcome: 'MISSED',
      count: 1,
      until: null,
    })
    const { body } = await api.post(`query { schedule(id: "${id}") { slots(after: "x") { totalCount } } }`, {
      token: member.token,
    })
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test('upcoming: at most 100', async () => {
    const { id } = await made()
    expect((await read(id, 'upcoming(first: 100)')).upcoming).toHaveLength(100)
    const { body } = await api.post(`query { schedule(id: "${id}") { upcoming(first: 101) } }`, { token: member.token })
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test('reports are found by their schedule, and regenerated against its slot and its window', async () => {
    const { id } = await made(
      `report: { sales: { startDate: "last_slot", endDate: "slot" } } title: "Windows" cadence: { preset: HOURLY }`,
    )
    const { report } = await runNow(id)
    await runNow((await made()).id)
    expect(report.resolvedParameters).toBeNull()
    const found = (filter: string) => ask(`{ reports(filter: { ${filter} }) { nodes { id } } }`)
    expect((await found(`scheduleId: "${id}"`)).nodes).toEqual([{ id: report.id }])
    for (const nobody of [
      'x',
      gidOf('Schedule', 'x'),
      gidOf('Schedule', crypto.randomUUID()),
      gidOf('Report', uuidOf(id)),
    ])
      expect((await found(`scheduleId: "${nobody}"`)).nodes).toEqual([])
    await ground.database.sql(
      `update broadsheet.report set scheduled_for = '2026-02-01T05:00:00Z', last_slot = '2026-02-01T03:00:00Z' where id = $1`,
      [uuidOf(report.id)],
    )
    const again = await ask(
      `mutation { regenerateReport(id: "${report.id}") { report { resolvedParameters schedule { id } } userErrors { message } } }`,
    )
    expect(again).toEqual({
      report: {
        resolvedParameters: expect.objectContaining({
          startDate: '2026-02-01T03:00:00Z',
          endDate: '2026-02-01T05:00:00Z',
        }),
        schedule: null,
      },
      userErrors: [],
    })
  })
})

describe('who may', () => {
  test('its maker and an ADMIN of the tenant read and manage it; for all others there is no such schedule, byte for byte', async () => {
    const { id } = await made(`${INPUT} visibility: TENANT`)
    const [other, viewer, stranger] = [
      await ground.person('MEMBER'),
      await ground.person('VIEWER'),
      await ground.person('ADMIN', { tenant: 'elsewhere' }),
    ]
    const random = gidOf('Schedule', crypto.randomUUID())
    for (const { token } of [member, admin]) {
      expect(await read(id, 'id', token)).toEqual({ id })
      expect(await ask('query ($id: ID!) { node(id: $id) { id } }', { token, variables: { id } })).toEqual({ id })
      expect((await ask('{ schedules(first: 100) { nodes { id } } }', { token })).nodes).toContainEqual({ id })
      expect((await update(id, 'tags: ["x"]', token)).userErrors).toEqual([])
    }
    for (const { token } of [other, viewer, stranger]) {
      expect(await read(id, 'id', token)).toBeNull()
      expect(await ask('query ($id: ID!) { node(id: $id) { id } }', { token, variables: { id } })).toBeNull()
      expect(await ask('{ schedules { totalCount nodes { id } } }', { token })).toEqual({ totalCount: 0, nodes: [] })
    }
    for (const { token } of [other, stranger])
      for (const operation of [
        (one: string) => update(one, 'title: "x"', token),
        (one: string) => verb('pauseSchedule', one, token),
        (one: string) => verb('resumeSchedule', one, token),
        (one: string) => verb('deleteSchedule', one, token),
        (one: string) => runNow(one, { token }),
      ]) {
        const answer = await operation(id)
        expect(answer.userErrors).toMatchObject([{ field: ['id'], code: 'NOT_FOUND' }])
        for (const nobody of [random, 'x', gidOf('Schedule', 'x'), gidOf('Report', uuidOf(id))])
          expect(await operation(nobody)).toEqual(answer)
      }
  })

  test('a VIEWER, and a credential without the scope, is FORBIDDEN', async () => {
    const viewer = await ground.person('VIEWER')
    const [reader, unscoped] = await Promise.all([
      ground.person('MEMBER', { scopes: ['schedules:read'] }),
      ground.person('MEMBER', { scopes: ['reports:read', 'reports:write'] }),
    ])
    const codes = async (query: string, token: string) =>
      (await api.post(query, { token })).body.errors?.map((error: any) => error.extensions.code) ?? []
    const make = `mutation { createSchedule(input: { ${INPUT} }) { schedule { id } } }`
    for (const { token } of [viewer, reader, unscoped]) expect(await codes(make, token)).toEqual(['FORBIDDEN'])
    expect(await codes('{ schedules { nodes { id } } }', reader.token)).toEqual([])
    expect(await codes('{ schedules { nodes { id } } }', unscoped.token)).toEqual(['FORBIDDEN'])
  })
})

describe('deliveries', () => {
  const webhook = (url: string) =>
    `{ webhook: { url: "${url}", secret: "whsec_${Buffer.alloc(32, 7).toString('base64')}" } }`
  const targets = (id: string) => read(id, 'deliveries { id channel target }').then((schedule) => schedule.deliveries)
  const ofReport = (id: string) =>
    ground.database.sql(
      'select described, created_by from broadsheet.delivery_target where report_id = $1 order by position',
      [uuidOf(id)],
    )

  test('go to where the schedule says, for each of its reports; an update names the whole new list', async () => {
    const { id } = await made(
      `${INPUT} deliveries: [${webhook('https://one.example.com/')}, ${webhook('https://two.example.com/')}]`,
    )
    const [one, two] = await targets(id)
    expect([one, two]).toMatchObject([{ channel: 'WEBHOOK' }, { channel: 'WEBHOOK' }])
    expect([one.target, two.target].join()).toMatch(/one.*two/)
    expect((await update(id, 'title: "Other"')).userErrors).toEqual([])
    expect(await targets(id)).toEqual([one, two])
    expect(
      (await update(id, `deliveries: [${webhook('https://three.example.com/')}, { keep: "${one.id}" }]`)).userErrors,
    ).toEqual([])
    const after = await targets(id)
    expect(after).toMatchObject([{ target: expect.stringContaining('three') }, one])
    const { report } = await runNow(id)
    expect((await ofReport(report.id)).map(({ described }) => described)).toEqual(
      after.map(({ target }: any) => target),
    )
    await verb('deleteSchedule', id)
    expect(
      await ground.database.sql('select from broadsheet.delivery_target where schedule_id = $1', [uuidOf(id)]),
    ).toEqual([])
    expect(await ofReport(report.id)).toHaveLength(2)
  })

  test('are checked with all else, each with its path; keep names a target of this schedule', async () => {
    const wrong = await create(
      `${SALES} title: "" cadence: { every: "PT1S" } deliveries: [${webhook('https://fine.example.com/')}, ${webhook('http://127.0.0.1/')}]`,
    )
    expect(wrong.userErrors.map(({ field }: any) => field.join('.')).toSorted()).toEqual([
      'cadence.every',
      'deliveries.1.webhook.url',
      'title',
    ])
    const [one, other] = [await made(`${INPUT} deliveries: [${webhook('https://one.example.com/')}]`), await made()]
    const [{ id: keep }] = await targets(one.id)
    for (const nobody of [keep, gidOf('DeliveryTarget', crypto.randomUUID()), 'x'])
      expect((await update(other.id, `deliveries: [{ keep: "${nobody}" }]`)).userErrors).toMatchObject([
        { field: ['deliveries', '0', 'keep'], code: 'INVALID' },
      ])
    expect((await create(`${INPUT} deliveries: [{ keep: "${keep}" }]`)).userErrors).toMatchObject([
      { field: ['deliveries', '0', 'keep'] },
    ])
  })

  test('that stay must be able to take what comes: documents of another form are refused', async () => {
    const { id } = await made(`${INPUT} deliveries: [{ warehouse: { warehouse: "main", table: "loads.sales" } }]`)
    const [{ id: keep }] = await targets(id)
    expect((await update(id, 'format: NDJSON')).userErrors).toMatchObject([{ field: ['deliveries'], code: 'INVALID' }])
    expect((await update(id, `csvDialect: EXCEL, deliveries: [{ keep: "${keep}" }]`)).userErrors).toMatchObject([
      { field: ['deliveries', '0', 'keep'], code: 'INVALID' },
    ])
    expect((await update(id, 'format: XLSX')).userErrors).toMatchObject([{ field: ['deliveries'], code: 'INVALID' }])
    expect((await update(id, 'compression: GZIP')).userErrors).toEqual([])
    expect((await update(id, 'format: NDJSON, deliveries: []')).userErrors).toEqual([])
    expect((await update(id, 'format: PARQUET')).userErrors).toMatchObject([
      { field: ['compression'], code: 'INVALID' },
    ])
    expect((await update(id, 'format: PARQUET, compression: NONE')).userErrors).toEqual([])
  })

  test('of an ADMIN to where a MEMBER may not go: the MEMBER whose schedule it is can’t say what goes there', async () => {
    const closed = '{ warehouse: { warehouse: "closed", table: "loads.sales" } }'
    const { id } = await made()
    expect((await update(id, `deliveries: [${closed}]`)).userErrors).toMatchObject([
      { field: ['deliveries', '0', 'warehouse', 'warehouse'], code: 'INVALID' },
    ])
    expect((await update(id, `deliveries: [${closed}]`, admin.token)).userErrors).toEqual([])
    const [{ id: keep }] = await targets(id)
    const other = 'report: { sales: { startDate: "2026-01-01", endDate: "2026-01-02" } }'
    for (const more of ['', `, deliveries: [{ keep: "${keep}" }]`])
      expect((await update(id, other + more)).userErrors).toMatchObject([{ field: ['report'], code: 'FORBIDDEN' }])
    expect((await update(id, 'title: "Mine"')).userErrors).toEqual([])
    expect((await update(id, other, admin.token)).userErrors).toEqual([])
    expect((await update(id, `${other}, deliveries: []`)).userErrors).toEqual([])
  })
})

test('a cadence that is changed while no scheduler runs: the slots that had come wait to be caught up, or are MISSED', async () => {
  const { id, createdAt } = await made(`${SALES} title: "T" cadence: { every: "PT10M" } catchUpWindow: "PT20M"`)
  await ground.database.sql(
    `update broadsheet.schedule set created_at = created_at - interval '35 minutes', slots_after = slots_after - interval '35 minutes',
       next_slot_at = next_slot_at - interval '35 minutes' where id = $1`,
    [uuidOf(id)],
  )
  await update(id, 'cadence: { preset: DAILY }')
  const { slots } = await read(id, 'slots { nodes { scheduledFor outcome } }')
  expect(
    slots.nodes.map(({ scheduledFor, outcome }: any) => [
      (Date.parse(scheduledFor) - Date.parse(createdAt)) / 60_000,
      outcome,
    ]),
  ).toEqual([
    [-5, 'WAITING'],
    [-15, 'WAITING'],
    [-25, 'MISSED'],
  ])
})

test('a slot that came a moment before its cadence was changed is not lost, though it was never to be late', async () => {
  const { id } = await made(`${SALES} title: "T" cadence: { every: "PT10M" } catchUpWindow: "PT0S"`)
  await ground.database.sql(
    `update broadsheet.schedule set created_at = created_at - interval '601 seconds', slots_after = slots_after - interval '601 seconds',
       next_slot_at = next_slot_at - interval '601 seconds' where id = $1`,
    [uuidOf(id)],
  )
  await update(id, 'timeZone: "Europe/Vilnius"')
  expect((await read(id, 'slots { nodes { outcome reason } }')).slots.nodes).toEqual([
    { outcome: 'WAITING', reason: expect.stringMatching(/before the cadence was changed/) },
  ])
})

test('a report whose window a later one has brought, or is about to, is not tried again', async () => {
  const { id } = await made(
    'report: { sales: { startDate: "last_slot", endDate: "slot" } } title: "Windows" cadence: { preset: HOURLY }',
  )
  const [first, second] = [(await runNow(id)).report.id, (await runNow(id)).report.id]
  const as = (report: string, status: string, scheduledFor: string, lastSlot: string) =>
    ground.database.sql(
      `update broadsheet.report set status = $2, scheduled_for = $3, last_slot = $4, resolved_parameters = '{}', document = case when $2 = 'SUCCEEDED' then '{}'::jsonb end,
         failure = case when $2 = 'FAILED' then '{"code": "INTERNAL", "message": "", "retryable": false}'::jsonb end where id = $1`,
      [uuidOf(report), status, scheduledFor, lastSlot],
    )
  const retry = () => ask(`mutation { retryReport(id: "${first}") { report { status } userErrors { code } } }`)
  await ground.database.sql(
    `update broadsheet.schedule_success set last_slot = '2026-01-01T00:00Z' where schedule_id = $1`,
    [uuidOf(id)],
  )
  await as(first, 'FAILED', '2026-01-01T01:00Z', '2026-01-01T00:00Z')
  await as(second, 'QUEUED', '2026-01-01T02:00Z', '2026-01-01T00:00Z')
  expect((await retry()).userErrors).toEqual([{ code: 'NOT_RETRYABLE' }])
  await as(second, 'SUCCEEDED', '2026-01-01T02:00Z', '2026-01-01T00:00Z')
  expect((await retry()).userErrors).toEqual([{ code: 'NOT_RETRYABLE' }])
  await ground.database.sql(
    `update broadsheet.schedule_success set last_slot = '2026-01-01T00:00Z' where schedule_id = $1`,
    [uuidOf(id)],
  )
  expect(await retry()).toEqual({ report: { status: 'QUEUED' }, userErrors: [] })
})
