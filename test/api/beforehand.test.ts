import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gidOf, type Person } from '../support/api.ts'
import { openUploadScene, PDF, type UploadScene } from '../support/uploads.ts'

let scene: UploadScene
let member: Person
let viewer: Person
beforeAll(async () => {
  scene = await openUploadScene()
  member = scene.ann
  viewer = await scene.ground.person('VIEWER')
})
afterAll(() => scene?.close())

const ERRORS = 'userErrors { field code message }'

describe('resolveParameters', () => {
  const ARGUMENTS = '($report: ReportRequestInput!, $zone: TimeZone)'
  const resolve = (report: object, { zone = 'UTC' as string | null, token = member.token } = {}) =>
    scene.api.post(
      `query ${ARGUMENTS} { resolveParameters(report: $report, timeZone: $zone) { parameters ${ERRORS} } }`,
      { token, variables: { report, zone } },
    )
  const request = (report: object, { zone = 'UTC' as string | null, token = member.token } = {}) =>
    scene.api.post(
      `mutation ${ARGUMENTS} { requestReport(input: { report: $report timeZone: $zone }) { report { resolvedParameters } ${ERRORS} } }`,
      { token, variables: { report, zone } },
    )
  const reports = async () =>
    (await scene.ground.database.sql<{ count: string }>(`select count(*) from broadsheet.report`))[0]!.count

  test.each([
    [{ sales: { startDate: 'last_month_start', endDate: 'last_month_end' } }, 'Europe/Vilnius'],
    [{ sales: { startDate: '{{last_week_start}}', endDate: 'yesterday', region: 'EU', minAmount: '12.50' } }, 'Pacific/Kiritimati'],
    [{ byName: { type: 'sales', parameters: { startDate: 'today-P7D', endDate: 'today', includeCanceled: true } } }, null],
  ])('%j in %s: as the report keeps them', async (report, zone) => {
    const [before, after] = [await resolve(report, { zone }), await request(report, { zone })]
    expect(before.body.data.resolveParameters).toEqual({
      parameters: after.body.data.requestReport.report.resolvedParameters,
      userErrors: [],
    })
    expect(before.body.data.resolveParameters.parameters).toMatchObject({ startDate: expect.stringMatching(/^\d{4}-/) })
  }) // prettier-ignore

  test.each([
    [{ sales: { startDate: 'next_blue_moon', endDate: 'today' } }, ['report', 'sales', 'startDate']],
    [{ sales: { startDate: 'today', endDate: 'yesterday' } }, ['report', 'sales', 'endDate']],
    [{ sales: { startDate: 'last_slot', endDate: 'today' } }, ['report', 'sales', 'startDate']],
    [{ sales: { startDate: 'today', endDate: 'slot' } }, ['report', 'sales', 'endDate']],
    [{ byName: { type: 'sale', parameters: {} } }, ['report', 'byName', 'type']],
    [{ byName: { type: 'sales', parameters: { startDate: 'today', endDate: 'today', regoin: 'EU' } } }, ['report', 'byName', 'parameters', 'regoin']],
    [{ byName: { type: 'sales', parameters: 7 } }, ['report', 'byName', 'parameters']],
  ])('%j is refused as requestReport refuses it', async (report, field) => {
    const count = await reports()
    const { body } = await resolve(report)
    expect(body.data.resolveParameters.parameters).toBeNull()
    expect(body.data.resolveParameters.userErrors[0]).toMatchObject({ field })
    expect(body.data.resolveParameters.userErrors).toEqual((await request(report)).body.data.requestReport.userErrors)
    expect(await reports()).toBe(count)
  }) // prettier-ignore

  test('all that is wrong at once, the time zone too', async () => {
    const report = { sales: { startDate: 'x', endDate: 'y' } }
    const { userErrors } = (await resolve(report, { zone: 'Mars/Base' })).body.data.resolveParameters
    expect(userErrors.map(({ field }: any) => field.join('.')).toSorted()).toEqual([
      'report.sales.endDate',
      'report.sales.startDate',
      'timeZone',
    ])
    expect(userErrors).toEqual((await request(report, { zone: 'Mars/Base' })).body.data.requestReport.userErrors)
  })

  test('writes nothing, and keeps no upload', async () => {
    const file = await scene.brought()
    const report = { pdfTables: { file } }
    const before = JSON.stringify(await scene.row(file))
    const count = await reports()
    expect((await resolve(report)).body.data.resolveParameters).toMatchObject({ parameters: { file }, userErrors: [] })
    expect(JSON.stringify(await scene.row(file))).toBe(before)
    expect(await reports()).toBe(count)
  })

  test('an upload is looked at as requestReport does: not there, not one’s own, not brought, over', async () => {
    const mine = await scene.brought()
    const waiting = (await scene.announced(PDF)).upload.id
    const gone = await scene.brought()
    await scene.set(gone, `expires_at = now() - interval '1 minute'`)
    const other = await scene.ground.person('ADMIN')
    const stranger = await scene.ground.person('MEMBER', { tenant: 'elsewhere' })
    const answer = async (file: string, token: string) => {
      const { body } = await resolve({ pdfTables: { file } }, { token })
      expect(body.data.resolveParameters.userErrors).toEqual((await scene.ask({ token } as Person, file)).userErrors)
      return body.data.resolveParameters.userErrors.map(({ code }: any) => code)
    }
    expect(await answer(mine, member.token)).toEqual([])
    expect(await answer(waiting, member.token)).toEqual(['INVALID'])
    expect(await answer(gone, member.token)).toEqual(['INVALID'])
    for (const { token } of [other, stranger]) {
      expect(await answer(mine, token)).toEqual(['NOT_FOUND'])
      const texts = [mine, gidOf('Upload', crypto.randomUUID())].map(
        async (file) => (await resolve({ pdfTables: { file } }, { token })).text,
      )
      expect(await texts[0]).toBe(await texts[1])
    }
  })

  test('is for who may ask: a VIEWER and a credential without reports:write are FORBIDDEN', async () => {
    const report = { sales: { startDate: 'today', endDate: 'today' } }
    const reader = await scene.ground.person('ADMIN', { scopes: ['reports:read', 'schedules:write'] })
    for (const { token } of [viewer, reader]) {
      const codes = (answer: { body: any }) => answer.body.errors.map((error: any) => error.extensions.code)
      expect(codes(await resolve(report, { token }))).toEqual(['FORBIDDEN'])
      expect(codes(await request(report, { token }))).toEqual(['FORBIDDEN'])
    }
  })
})

describe('upcomingSlots', () => {
  const upcoming = async (rest: string, { token = member.token } = {}) => {
    const { body } = await scene.api.post(`{ upcomingSlots(${rest}) { slots ${ERRORS} } }`, { token })
    return body.data?.upcomingSlots ?? body.errors[0].extensions.code
  }
  const schedule = async (rest: string, first = 5): Promise<any> => {
    const input = `report: { sales: { startDate: "today", endDate: "today" } } title: "T" ${rest}`
    const { body } = await scene.api.post(
      `mutation { createSchedule(input: { ${input} }) { schedule { createdAt upcoming(first: ${first}) } ${ERRORS} } }`,
      { token: member.token },
    )
    return body.data.createSchedule
  }

  test.each([
    'cadence: { cron: "0 6 * * MON" } timeZone: "Europe/Vilnius"',
    'cadence: { cron: "30 2 * * *" } timeZone: "America/New_York"',
    'cadence: { cron: "0 0 29 2 *" }',
    'cadence: { preset: MONTHLY } timeZone: "Asia/Kathmandu"',
    'cadence: { at: "2999-01-01T00:00:00+02:00" }',
  ])('%s: those that the schedule has', async (rest) => {
    const made = await schedule(rest, 7)
    expect(await upcoming(`${rest} first: 7`)).toEqual({ slots: made.schedule.upcoming, userErrors: [] })
    expect(made.schedule.upcoming.length).toBeGreaterThan(0)
  })

  test('every counts from now', async () => {
    const began = Date.now()
    const { slots } = await upcoming('cadence: { every: "PT90S" } first: 3')
    const steps = slots.map((slot: string) => Date.parse(slot) - began)
    expect(steps.map((step: number) => Math.round(step / 10_000))).toEqual([9, 18, 27])
    expect(Date.parse(slots[1]) - Date.parse(slots[0])).toBe(90_000)
  })

  test.each([
    ['cadence: { cron: "0 0 30 2 *" }', ['cadence', 'cron']],
    ['cadence: { cron: "no cron" }', ['cadence', 'cron']],
    ['cadence: { every: "PT9S" }', ['cadence', 'every']],
    ['cadence: { every: "P1M" }', ['cadence', 'every']],
    ['cadence: { at: "2020-01-01T00:00:00Z" }', ['cadence', 'at']],
    ['cadence: { preset: DAILY } timeZone: "Mars/Base"', ['timeZone']],
  ])('%s is refused as createSchedule refuses it', async (rest, field) => {
    const { slots, userErrors } = await upcoming(rest)
    expect(slots).toEqual([])
    expect(userErrors).toMatchObject([{ field, code: 'INVALID' }])
    const refused = await schedule(rest)
    // A moment that has passed is told with the time of day.
    const plain = (errors: any[]) => errors.map((error) => ({ ...error, message: error.message.slice(0, 40) }))
    expect(plain(userErrors)).toEqual(plain(refused.userErrors))
  })

  test('from none to a hundred, and no more', async () => {
    expect((await upcoming('cadence: { preset: HOURLY } first: 0')).slots).toEqual([])
    expect((await upcoming('cadence: { preset: HOURLY }')).slots).toHaveLength(5)
    expect((await upcoming('cadence: { preset: HOURLY } first: 100')).slots).toHaveLength(100)
    for (const first of [-1, 101]) expect(await upcoming(`cadence: { preset: HOURLY } first: ${first}`)).toBe('BAD_USER_INPUT')
  }) // prettier-ignore

  test('what takes longest keeps nobody else waiting', async () => {
    const all = Array.from({ length: 15 }, (_, n) => `a${n}: upcomingSlots(cadence: { cron: "0 0 29 2 ${n % 2}#5" } first: 100) { slots }`) // prettier-ignore
    const never = Array.from({ length: 15 }, (_, n) => `a${n}: upcomingSlots(cadence: { cron: "${n} 0 31 2,4,6,9,11 *" } first: 100) { slots }`) // prettier-ignore
    for (const aliases of [all, never]) {
      let done = false
      const asked = scene.api.post(`{ ${aliases.join(' ')} }`, { token: member.token }).finally(() => (done = true))
      let longest = 0
      while (!done) {
        const began = performance.now()
        await fetch(`${scene.api.publicUrl}/livez`)
        longest = Math.max(longest, performance.now() - began)
      }
      expect((await asked).body.errors).toBeUndefined()
      expect(longest).toBeLessThan(500)
    }
  })

  test('needs a scope for schedules, reading or writing; a VIEWER may look', async () => {
    const cadence = 'cadence: { preset: DAILY }'
    for (const [scopes, answer] of [
      [['schedules:read'], { userErrors: [] }],
      [['schedules:write'], { userErrors: [] }],
      [['reports:read', 'reports:write', 'users:write'], 'FORBIDDEN'],
    ] as const) {
      const { token } = await scene.ground.person('ADMIN', { scopes })
      const given = await upcoming(cadence, { token })
      if (typeof answer === 'string') expect(given).toBe(answer)
      else expect(given).toMatchObject(answer)
    }
    expect(await upcoming(cadence, { token: viewer.token })).toMatchObject({ userErrors: [] })
  })
})
