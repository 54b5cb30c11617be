/** Long because it is one walk of the whole schema: its tables and its tests belong together, so that a new handle has one place to be written. */
import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gidOf, uuidOf, type Person } from '../support/api.ts'
import { madeUp, openIsolationScene, TARGET, type IsolationScene, type Thing } from '../support/isolation-scene.ts'
import { handlesOf, nodeTypesOf, type HandleKind } from '../support/schema-handles.ts'
import { until } from '../support/until.ts'

const schema = buildSchema(readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8'))
const handles = handlesOf(schema)
const of = (kind: HandleKind) => Object.keys(handles).filter((at) => handles[at] === kind)

type Maker = keyof IsolationScene['make']
interface Use {
  /** Whose handle. */
  readonly thing: Maker
  /** Takes the handle as $h; $report and $schedule are things of whoever asks. */
  readonly operation: string
  /** Who can do it, so that it is seen to do something. */
  readonly by?: 'owner' | 'boss'
}

const ERRORS = 'userErrors { code field message }'
const mutation = (thing: Maker, field: string, more = '', by: 'owner' | 'boss' = 'owner', shows = ''): Use => ({
  thing,
  operation: `mutation ($h: ID!) { ${field}(id: $h ${more}) { ${shows} ${ERRORS} } }`,
  by,
})
/** How each id is used. A coordinate that is not here fails the walk: write how it is used. */
const IDS: Record<string, Use> = {
  'Query.report(id)': { thing: 'Report', operation: 'query ($h: ID!) { report(id: $h) { id title } }' },
  'Query.schedule(id)': { thing: 'Schedule', operation: 'query ($h: ID!) { schedule(id: $h) { id title } }' },
  'Query.upload(id)': { thing: 'Upload', operation: 'query ($h: ID!) { upload(id: $h) { id fileName } }' },
  'PdfTablesParametersInput.file': { thing: 'Upload', operation: `mutation ($h: ID!) { requestReport(input: { report: { pdfTables: { file: $h } } }) { report { status } ${ERRORS} } }` },
  'ReportFilter.scheduleId': { thing: 'Schedule', operation: 'query ($h: ID!) { reports(filter: { scheduleId: $h }) { totalCount nodes { id } } }' },
  'Mutation.cancelReport(id)': mutation('Report', 'cancelReport', '', 'owner', 'report { id }'),
  'Mutation.retryReport(id)': mutation('Report', 'retryReport', '', 'owner', 'report { id }'),
  'Mutation.regenerateReport(id)': mutation('Report', 'regenerateReport'),
  'Mutation.deleteReport(id)': mutation('Report', 'deleteReport', '', 'owner', 'deletedId'),
  'Mutation.deliverReport(id)': mutation('Report', 'deliverReport', TARGET),
  'Mutation.cancelReports(ids)': { thing: 'Report', operation: `mutation ($h: ID!) { cancelReports(ids: [$h]) { reports { id } ${ERRORS} } }` },
  'Mutation.retryReports(ids)': { thing: 'Report', operation: `mutation ($h: ID!) { retryReports(ids: [$h]) { reports { id } ${ERRORS} } }` },
  'Mutation.retryDelivery(id)': mutation('Delivery', 'retryDelivery', '', 'owner', 'delivery { id }'),
  'Mutation.pauseSchedule(id)': mutation('Schedule', 'pauseSchedule', '', 'owner', 'schedule { id }'),
  'Mutation.resumeSchedule(id)': mutation('Schedule', 'resumeSchedule', '', 'owner', 'schedule { id }'),
  'Mutation.runScheduleNow(id)': mutation('Schedule', 'runScheduleNow'),
  'Mutation.deleteSchedule(id)': mutation('Schedule', 'deleteSchedule', '', 'owner', 'deletedId'),
  'UpdateScheduleInput.id': { thing: 'Schedule', operation: `mutation ($h: ID!) { updateSchedule(input: { id: $h title: "Taken" }) { schedule { id } ${ERRORS} } }` },
  'DeliveryInput.keep': { thing: 'DeliveryTarget', operation: `mutation ($h: ID!, $schedule: ID!) { updateSchedule(input: { id: $schedule deliveries: [{ keep: $h }] }) { schedule { deliveries { id } } ${ERRORS} } }` },
  'Mutation.updateUser(id)': mutation('User', 'updateUser', 'name: "Taken"', 'boss', 'user { id }'),
  'Mutation.removeUser(id)': mutation('User', 'removeUser', '', 'boss', 'deletedId'),
  'Mutation.createApiToken(userId)': { thing: 'User', operation: `mutation ($h: ID!) { createApiToken(name: "Taken" scopes: ["reports:read"] userId: $h) { token { id } ${ERRORS} } }`, by: 'boss' },
  'Mutation.revokeApiToken(id)': mutation('ApiToken', 'revokeApiToken', '', 'owner', 'deletedId'),
} // prettier-ignore
/** `node` and the streams are walked by themselves, below. */
const BY_THEMSELVES = ['Query.node(id)', 'Subscription.reportProgress(id)']

const NODES = 'nodes { id } pageInfo { hasNextPage hasPreviousPage }'
/** How a place in each list is used, and how its owner gets one: `mine` is the path to it in the owner's operation. */
const CURSORS: Record<string, { thing: Maker; list: (page: string) => string }> = {
  ...Object.fromEntries(
    (['after', 'before'] as const).flatMap((name) => [
      [`Query.reports(${name})`, { thing: 'Report', list: (page: string) => `reports(${page}) { ${NODES} }` }],
      [`Query.schedules(${name})`, { thing: 'Schedule', list: (page: string) => `schedules(${page}) { ${NODES} }` }],
      [`Query.users(${name})`, { thing: 'User', list: (page: string) => `users(${page}) { ${NODES} }` }],
    ]),
  ),
  'Report.events(after)': { thing: 'Report', list: (page) => `report(id: $report) { events(${page}) { nodes { kind at } pageInfo { hasNextPage } } }` },
  'Schedule.slots(after)': { thing: 'Schedule', list: (page) => `schedule(id: $schedule) { slots(${page}) { nodes { scheduledFor } pageInfo { hasNextPage } } }` },
} // prettier-ignore
/** A number that says nothing of whose it is; a foreign id beside it is walked with the streams. */
const NO_PLACE_OF_ANYBODY = ['Subscription.reportProgress(after)']

const sales = (month: string) => `report: { sales: { startDate: "2026-${month}-01", endDate: "2026-${month}-28" } }`
/** How each key is used: $h. Whoever asks has $report and $schedule; the words of the ask are others than the owner's. */
const KEYS: Record<string, (month: string) => string> = {
  'RequestReportInput.idempotencyKey': (month) => `requestReport(input: { ${sales(month)} idempotencyKey: $h }) { report { title status } ${ERRORS} }`,
  'CreateScheduleInput.idempotencyKey': (month) => `createSchedule(input: { ${sales(month)} title: "For ${month}" cadence: { preset: MONTHLY } idempotencyKey: $h }) { schedule { title } ${ERRORS} }`,
  'Mutation.regenerateReport(idempotencyKey)': () => `regenerateReport(id: $report idempotencyKey: $h) { report { title status } ${ERRORS} }`,
  'Mutation.runScheduleNow(idempotencyKey)': () => `runScheduleNow(id: $schedule idempotencyKey: $h) { report { title status } ${ERRORS} }`,
} // prettier-ignore
/** A path below the tenant's own prefix: test/unit/bucket-channel.test.ts. */
const NO_KEY_OF_OURS = ['BucketDeliveryInput.key']

let scene: IsolationScene
let attackers: [who: string, person: Person, own: { report: string; schedule: string }][]
/** All that belongs to the tenant and was spoken of in this walk: none of it may stand in an attacker's answer. */
const secrets = new Set<string>()
/** Live streams of everybody, open during the whole walk. */
const streams = new Map<string, ReturnType<IsolationScene['api']['ws']>>()
const scheduleStreams: typeof streams = new Map()

beforeAll(async () => {
  scene = await openIsolationScene()
  attackers = []
  for (const [who, person] of Object.entries(scene.attackers)) {
    const asks = !who.includes('VIEWER')
    const own = asks
      ? { report: (await scene.make.Report(person)).handle, schedule: (await scene.make.Schedule(person)).handle }
      : { report: gidOf('Report', crypto.randomUUID()), schedule: gidOf('Schedule', crypto.randomUUID()) }
    attackers.push([who, person, own])
  }
  for (const [who, person] of [['owner', scene.owner], ...attackers] as [string, Person][]) {
    streams.set(who, scene.api.ws('subscription { reportEvents { kind reportId report { title } } }', person))
    scheduleStreams.set(who, scene.api.ws('subscription { scheduleEvents { kind scheduleId schedule { title } } }', person)) // prettier-ignore
  }
  const all = [...streams.values(), ...scheduleStreams.values()]
  await until(() => all.every(({ events }) => events.length > 0), { what: 'all streams are ready' })
})
afterAll(() => scene?.close())

async function made(maker: Maker): Promise<Thing> {
  const thing = await scene.make[maker]()
  secrets.add(thing.handle)
  return thing
}

/** With the variables that stand in it. */
function operationOf(kind: 'query' | 'mutation', body: string): string {
  const types = { h: 'String', report: 'ID!', schedule: 'ID!' }
  const wanted = Object.entries(types).filter(([name]) => body.includes(`$${name}`))
  return `${kind} ${wanted.length > 0 ? `(${wanted.map(([name, type]) => `$${name}: ${type}`).join(' ')})` : ''} { ${body} }`
}

/** What is answered, without the handle itself. */
async function answer(person: Person, operation: string, h: string, own: Record<string, unknown>): Promise<string> {
  const { status, text } = await scene.api.post(operation, { token: person.token, variables: { ...own, h } })
  return `${status} ${text.replaceAll(h, '#')}`
}

async function expectNothingForAttackers(operation: string, h: string, random: () => string): Promise<void> {
  for (const [who, person, own] of attackers) {
    const theirs = await answer(person, operation, h, own)
    expect(theirs, `${who}: ${operation}`).toBe(await answer(person, operation, random(), own))
    for (const secret of secrets) expect(theirs, who).not.toContain(secret)
  }
}

test('the walk knows each handle of the schema, and none that is not there', () => {
  const walked = (names: Record<string, unknown>, apart: string[] = []) => [...Object.keys(names), ...apart].toSorted()
  expect(of('id').toSorted()).toEqual(walked(IDS, BY_THEMSELVES))
  expect(of('cursor').toSorted()).toEqual(walked(CURSORS, NO_PLACE_OF_ANYBODY))
  expect(of('key').toSorted()).toEqual(walked(KEYS, NO_KEY_OF_OURS))
  // Each of these has a test of its own below.
  expect(of('stream').toSorted()).toEqual([
    'Subscription.reportEvents',
    'Subscription.reportProgress',
    'Subscription.scheduleEvents',
    // What of it belongs to a tenant is told to that tenant alone: test/api/system-watch.test.ts.
    'Subscription.system',
  ])
  expect(of('link').toSorted()).toEqual(['ReportDocument.downloadUrl', 'UploadRequest.url'])
  // A secret of an API token makes its holder its user: there is nothing behind it that its user may not see.
  expect(of('credential').toSorted()).toEqual(['ApiTokenPayload.secret', 'Report.watchToken'])
})

test('the walk sees a handle that is new', () => {
  const next = handlesOf(
    buildSchema(`scalar URL type Query { a(id: ID, parts: [ID!], after: String, first: Int): T b(reportId: String, title: String): Int }
      input I { upload: ID onceKey: String } type T { link: URL shareToken: String } type Subscription { news: Int }`),
  )
  expect(next).toEqual({
    'Query.a(id)': 'id', 'Query.a(parts)': 'id', 'Query.a(after)': 'cursor', 'Query.b(reportId)': 'id', 'I.upload': 'id', 'I.onceKey': 'key',
    'T.link': 'link', 'T.shareToken': 'credential', 'Subscription.news': 'stream',
  }) // prettier-ignore
})

describe('an id of somebody else is answered like one that nobody has', () => {
  test.each(Object.keys(IDS))('%s', async (at) => {
    const { thing, operation, by = 'owner' } = IDS[at]!
    const { handle, schedule } = await made(thing)
    const before = await scene.snapshot()
    await expectNothingForAttackers(operation, handle, () => madeUp(handle))
    expect(await scene.snapshot()).toBe(before)
    // Whose it is gets something else than for a made-up one: the operation does use the id.
    expect(await answer(scene[by], operation, handle, { schedule })).not.toBe(
      await answer(scene[by], operation, madeUp(handle), { schedule }),
    )
  })

  test.each(nodeTypesOf(schema))('Query.node(id) of a %s', async (type) => {
    expect(Object.keys(scene.make), 'write how one is made').toContain(type)
    const { handle } = await made(type as Maker)
    const operation = 'query ($h: ID!) { node(id: $h) { __typename id } }'
    await expectNothingForAttackers(operation, handle, () => madeUp(handle))
    const by = type === 'User' ? scene.boss : scene.owner
    expect(await answer(by, operation, handle, {})).toContain(`"${type}"`)
  })

  test.each(['SSE', 'WS'] as const)('Subscription.reportProgress(id) over %s', async (door) => {
    const { handle } = await made('Report')
    const watch = (person: Person, id: string, after = '') =>
      scene.api.once(door, `subscription ($h: ID!) { reportProgress(id: $h ${after}) { status report { id } } }`, {
        token: person.token,
        variables: { h: id },
      })
    for (const after of ['', 'after: 0', 'after: 999999999999'])
      for (const [who, person] of attackers) {
        const theirs = await watch(person, handle, after)
        expect(theirs, who).toEqual(await watch(person, madeUp(handle), after))
        expect(theirs).toMatchObject({ codes: ['NOT_FOUND'], data: null })
      }
    expect((await watch(scene.owner, handle)).data.reportProgress.report.id).toBe(handle)
  })
})

describe('a place in somebody else’s list is a place in one’s own', () => {
  test.each(Object.keys(CURSORS))('%s', async (at) => {
    const { thing, list } = CURSORS[at]!
    // Two, so that behind the first there is one more.
    const things = [await made(thing), await made(thing)]
    const forwards = at.endsWith('(after)')
    const mine = { report: things[0]!.handle, schedule: things[0]!.handle }
    const operation = (page: string) => operationOf('query', list(page))
    const by = thing === 'User' ? scene.boss : scene.owner
    const found = await scene.api.post(operation('first: 1').replaceAll('nodes {', 'edges { cursor } nodes {'), {
      token: by.token,
      variables: mine,
    })
    const cursor = /"cursor":"([^"]+)"/.exec(found.text)?.[1]
    if (!cursor) throw new Error(`no cursor: ${found.text}`)
    const page = forwards ? 'first: 3 after: $h' : 'last: 3 before: $h'
    await expectNothingForAttackers(operation(page), cursor, () => madeUp(cursor))
    expect(await answer(by, operation(page), cursor, mine)).not.toContain('"errors"')
  })
})

describe('a key of somebody else is free', () => {
  test.each(Object.keys(KEYS))('%s', async (at) => {
    const use = (month: string) => operationOf('mutation', KEYS[at]!(month))
    const key = crypto.randomUUID()
    const mine = { report: (await made('Report')).handle, schedule: (await made('Schedule')).handle }
    const first = await answer(scene.owner, use('01'), key, mine)
    expect(first).not.toContain('"code"')
    await expectNothingForAttackers(use('02'), key, () => crypto.randomUUID())
    // It still is the owner's, for what it was used for and nothing else.
    expect(await answer(scene.owner, use('01'), key, mine)).toBe(first)
    const others = { report: (await made('Report')).handle, schedule: (await made('Schedule')).handle }
    expect(await answer(scene.owner, use('02'), key, others)).toContain('IDEMPOTENCY_KEY_REUSED')
  })
})

describe('a link', () => {
  test('to a document of somebody else can’t be made of one’s own, and nobody is put in its issuer’s place', async () => {
    const link = async (person: Person, id: string) =>
      (await scene.ask(person, 'query ($id: ID!) { report(id: $id) { document { downloadUrl } } }', { id })).document
        .downloadUrl as string
    const look = async (url: URL) => {
      const response = await fetch(url)
      return `${response.status} ${await response.text()}`
    }
    const { handle } = await made('Report')
    const target = new URL(await link(scene.owner, handle))
    for (const [who, person, own] of attackers.filter(([name]) => !name.includes('VIEWER'))) {
      const mine = new URL(await link(person, own.report))
      const to = (id: string) =>
        Object.assign(new URL(mine), { pathname: mine.pathname.replace(uuidOf(own.report), id) })
      const refused = await look(to(crypto.randomUUID()))
      expect(refused, who).toMatch(/^403 /)
      expect(await look(to(uuidOf(handle))), who).toBe(refused)
      const taken = new URL(target)
      taken.searchParams.set('issuer', person.id)
      expect(await look(taken), who).toBe(refused)
    }
    expect(await look(target)).toMatch(/^200 /)
  })
})

describe('a place for an upload', () => {
  test('of somebody else can’t be made of one’s own', async () => {
    const put = async (url: URL) => {
      const response = await fetch(url, { method: 'PUT', body: 'a,b\n', headers: { 'Content-Type': 'text/csv' } })
      return `${response.status} ${await response.text()}`
    }
    const { handle, link } = await made('Upload')
    for (const [who, person] of attackers.filter(([name]) => !name.includes('VIEWER'))) {
      const own = await scene.make.Upload(person)
      const to = (id: string) => new URL(own.link!.replace(uuidOf(own.handle), id))
      const refused = await put(to(crypto.randomUUID()))
      expect(refused, who).toMatch(/^403 /)
      expect(await put(to(uuidOf(handle))), who).toBe(refused)
    }
    expect(await put(new URL(link!))).toMatch(/^20\d /)
  })
})

describe('a watch token', () => {
  test('finds no report but its own: neither its issuer’s others nor anybody else’s', async () => {
    const [first, second] = [await made('Report'), await made('Report')]
    const { watchToken: token } = await scene.ask(scene.owner, 'query ($id: ID!) { report(id: $id) { watchToken } }', {
      id: first.handle,
    })
    const read = 'query ($h: ID!) { report(id: $h) { id status } }'
    const nobody = { ...scene.owner, token }
    const foreign = [second.handle, ...attackers.map(([, , own]) => own.report)]
    for (const id of foreign)
      expect(await answer(nobody, read, id, {})).toBe(await answer(nobody, read, madeUp(id), {}))
    expect(await answer(nobody, read, first.handle, {})).toContain('SUCCEEDED')
  })
})

test('Subscription.reportEvents: none of all this was told to anybody else', async () => {
  // The last that each hears is a report of its own: what came before it would have been heard by then.
  for (const [who, person] of attackers.filter(([name]) => !name.includes('VIEWER'))) {
    const { handle } = await scene.make.Report(person)
    await until(() => streams.get(who)!.events.some(({ reportEvents: { reportId } }) => reportId === handle))
  }
  const told = (who: string) => streams.get(who)!.events.map(({ reportEvents }) => reportEvents.reportId as string)
  const reports = [...secrets].filter((id) => Buffer.from(id, 'base64url').toString().startsWith('Report:'))
  expect(reports.length).toBeGreaterThan(10)
  for (const id of reports) expect(told('owner')).toContain(id)
  for (const [who] of attackers) for (const id of reports) expect(told(who), who).not.toContain(id)
})

test('Subscription.scheduleEvents: none of all this was told to anybody else', async () => {
  for (const [who, person] of attackers.filter(([name]) => !name.includes('VIEWER'))) {
    const { handle } = await scene.make.Schedule(person)
    const heard = () => scheduleStreams.get(who)!.events.map(({ scheduleEvents }) => scheduleEvents.scheduleId)
    await until(() => heard().includes(handle), { what: `${who} hears of its own` })
  }
  const told = (who: string) => JSON.stringify(scheduleStreams.get(who)!.events)
  const schedules = [...secrets].filter((id) => Buffer.from(id, 'base64url').toString().startsWith('Schedule:'))
  expect(schedules.length).toBeGreaterThan(5)
  for (const id of schedules) expect(told('owner')).toContain(id)
  for (const [who] of attackers) for (const id of schedules) expect(told(who), who).not.toContain(id)
})
