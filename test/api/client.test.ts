// Long because it is one client before one API, with one between them that spoils answers.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  ApiError,
  ConnectionLost,
  createClient,
  Damaged,
  NoDocument,
  Refused,
  type Client,
  type Progress,
} from '../../client/client.ts'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { openMeddler, type Meddling } from '../support/meddler.ts'
import { openProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const JANUARY = { report: { sales: { startDate: '2026-01-01', endDate: '2026-01-31' } } } as const
const BYTES = `id,name\n${Array.from({ length: 5_000 }, (_, index) => `${index},"row ${index}, žalia"`).join('\n')}\n`

let ground: Ground
let meddler: Awaited<ReturnType<typeof openMeddler>>
let api: TestApi
let port: number
let member: Person
let directory: string
let client: Client

beforeAll(async () => {
  ground = await createGround()
  meddler = await openMeddler()
  api = await startApi(ground, { PUBLIC_URL: meddler.url })
  const line = api.lines.find((each) => each.includes('"listening"'))
  port = (JSON.parse(line!) as { port: number }).port
  meddler.leadTo(port)
  member = await ground.person('MEMBER')
  client = createClient({ url: meddler.url, token: member.token })
})
beforeEach(async () => {
  meddler.meddle(() => undefined)
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-client-'))
  return () => rm(directory, { recursive: true })
})
afterAll(async () => {
  await client?.close()
  await api?.close()
  await meddler?.close()
  await ground?.drop()
})

/** Answers to requests whose path begins so, in turn; those behind the last stay as they are. */
function inTurn(path: string, ...how: Meddling[]): IncomingMessage[] {
  const asked: IncomingMessage[] = []
  meddler.meddle((answer, request) => {
    if (!request.url?.startsWith(path)) return undefined
    asked.push(request)
    return how.shift()?.(answer, request)
  })
  return asked
}
async function finished(bytes = BYTES): Promise<string> {
  const { id } = await client.requestReport(JANUARY)
  await api.carrier.finish(uuidOf(id), { bytes, rows: 5_000, fileName: 'january.csv' })
  return id
}
const count = async () =>
  Number((await ground.database.sql<{ n: string }>('select count(*) as n from broadsheet.report'))[0]!.n)
const fault = (code: string, more: object = {}): Meddling => {
  const body = Buffer.from(JSON.stringify({ errors: [{ message: 'Not now.', extensions: { code, ...more } }] }))
  return (answer) => ({ ...answer, headers: { 'content-type': 'application/json' }, body })
}

describe('requestReport', () => {
  test('answers with the report, and says what is wrong with its path', async () => {
    expect(await client.requestReport(JANUARY)).toMatchObject({
      status: 'QUEUED',
      title: expect.stringContaining('Sales'),
    })
    const refused = client.requestReport({ report: { sales: { startDate: 'someday', endDate: '2026-01-31' } } })
    await expect(refused).rejects.toThrow(Refused)
    await expect(refused).rejects.toThrow(/^report\.sales\.startDate: /)
    await expect(refused).rejects.toMatchObject({
      userErrors: [{ field: ['report', 'sales', 'startDate'], code: 'INVALID' }],
    })
  })

  test('an answer that gets lost is asked for again, and makes no second report', async () => {
    const before = await count()
    const asked = inTurn('/graphql', (answer) => ({ ...answer, cutAfter: 10 }), fault('UNAVAILABLE'))
    const { id } = await client.requestReport(JANUARY)
    expect(asked).toHaveLength(3)
    expect(await count()).toBe(before + 1)
    expect(await client.report(id)).toMatchObject({ id })
  })

  test('waits where the API tells it to, but not for long', async () => {
    const asked = inTurn('/graphql', fault('RATE_LIMITED', { retryAfter: 0.05 }))
    await client.requestReport(JANUARY)
    expect(asked).toHaveLength(2)
    inTurn('/graphql', fault('RATE_LIMITED', { retryAfter: 3_600 }))
    await expect(client.requestReport(JANUARY)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfter: 3_600 })
  })

  test('gives up where nothing answers, and where something else does', async () => {
    const nowhere = createClient({ url: 'http://127.0.0.1:1023', token: 'x' })
    await expect(nowhere.requestReport(JANUARY)).rejects.toThrow(ConnectionLost)
    const elsewhere = createClient({ url: `${meddler.url}/livez`, token: 'x' })
    await expect(elsewhere.requestReport(JANUARY)).rejects.toMatchObject({ code: 'HTTP 404' })
    const stranger = createClient({ url: meddler.url, token: 'nobody-has-this' })
    await expect(stranger.requestReport(JANUARY)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('is left at once by its signal', async () => {
    const reason = new Error('enough')
    await expect(client.requestReport(JANUARY, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('download', () => {
  test('saves the document under its own name, tells how far it is, and answers its facts', async () => {
    const id = await finished()
    const told: number[] = []
    const saved = await client.download(id, `${directory}/new/`, { onProgress: (bytes) => told.push(bytes) })
    expect(saved).toMatchObject({
      path: join(directory, 'new/january.csv'),
      rowCount: 5_000,
      byteSize: Buffer.byteLength(BYTES),
    })
    expect(await readFile(saved.path, 'utf8')).toBe(BYTES)
    expect(told[0]).toBe(0)
    expect(told.at(-1)).toBe(saved.byteSize)
    expect(told).toEqual(told.toSorted((a, b) => a - b))
  })

  test.each<[string, Meddling]>([
    ['is cut', (answer) => ({ ...answer, cutAfter: 1_000 })],
    ['ends early, as if that were all', (answer) => ({ ...answer, headers: {}, body: answer.body.subarray(0, 1_000) })],
    ['fails', (answer) => ({ ...answer, status: 503, headers: {}, body: Buffer.from('away') })],
  ])('goes on where it was when it %s, with a new link', async (_, how) => {
    const id = await finished()
    const asked = inTurn('/documents/', (answer) => ({ ...answer, cutAfter: 500 }), how)
    await client.download(id, join(directory, 'a.csv'))
    expect(await readFile(join(directory, 'a.csv'), 'utf8')).toBe(BYTES)
    expect(asked).toHaveLength(3)
    expect(asked[0]!.headers.range).toBeUndefined()
    expect(asked[1]!.headers.range).toBe('bytes=500-')
  })

  test('goes on where it was with a server that knows no Range', async () => {
    const id = await finished()
    const whole: Meddling = (answer) => ({ ...answer, status: 200, headers: {}, body: Buffer.from(BYTES) })
    inTurn('/documents/', (answer) => ({ ...answer, cutAfter: 500 }), whole)
    await client.download(id, join(directory, 'a.csv'))
    expect(await readFile(join(directory, 'a.csv'), 'utf8')).toBe(BYTES)
  })

  test.each<[string, Meddling]>([
    ['changed', (answer) => ({ ...answer, body: Buffer.from(answer.body).fill('x', 700, 701) })],
    ['longer', (answer) => ({ ...answer, headers: {}, body: Buffer.concat([answer.body, Buffer.from('x')]) })],
  ])('bytes that are %s are nobody’s file: what was there stays, and nothing is left', async (_, how) => {
    const id = await finished()
    await writeFile(join(directory, 'a.csv'), 'of yesterday')
    inTurn('/documents/', how)
    await expect(client.download(id, join(directory, 'a.csv'))).rejects.toThrow(Damaged)
    expect(await readdir(directory)).toEqual(['a.csv'])
    expect(await readFile(join(directory, 'a.csv'), 'utf8')).toBe('of yesterday')
  })

  test('a link that is refused is not tried again', async () => {
    const id = await finished()
    const gone: Meddling = (answer) => ({ ...answer, status: 410, headers: {}, body: Buffer.from('Link expired') })
    const asked = inTurn('/documents/', gone)
    await expect(client.download(id, directory)).rejects.toMatchObject({ code: 'HTTP 410' })
    expect(asked).toHaveLength(1)
  })

  test('what has no document says why', async () => {
    const { id } = await client.requestReport(JANUARY)
    await expect(client.download(id, directory)).rejects.toMatchObject({ status: 'QUEUED' })
    await api.carrier.fail(await api.carrier.claim(uuidOf(id)), 'The source said no.')
    const failed = client.download(id, directory)
    await expect(failed).rejects.toThrow(NoDocument)
    await expect(failed).rejects.toThrow('it is FAILED. The source said no.')
    await expect(client.download('nothing', directory)).rejects.toMatchObject({ status: null })
  })

  test('is left in the middle by its signal, with nothing behind', async () => {
    const id = await finished()
    const stop = new AbortController()
    const reason = new Error('enough')
    const onProgress = (bytes: number) => bytes > 0 && stop.abort(reason)
    await expect(client.download(id, join(directory, 'a.csv'), { signal: stop.signal, onProgress })).rejects.toBe(
      reason,
    )
    expect(await readdir(directory)).toEqual([])
  })
})

describe('watch', () => {
  function watching(watcher: Client, id: string, signal?: AbortSignal) {
    const events: Progress[] = []
    const lost: Error[] = []
    const ended = (async () => {
      for await (const event of watcher.watch(id, { signal, onLost: (error) => lost.push(error) })) events.push(event)
    })()
    ended.catch(() => undefined) // who awaits it hears of it
    return { events, lost, ended }
  }
  const rising = (events: readonly Progress[]) => {
    const sequences = events.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b))
  }

  test('to the end, over connections that are cut, and one that falls silent', async () => {
    const proxy = await openProxy({ host: '127.0.0.1', port })
    const through = createClient({ url: `http://127.0.0.1:${proxy.port}/graphql/`, token: member.token, silence: 150 })
    try {
      const { id } = await client.requestReport(JANUARY)
      const watched = watching(through, id)
      await until(() => watched.events.length === 1)
      const claimed = await api.carrier.claim(uuidOf(id))
      await until(() => watched.events.at(-1)?.status === 'RUNNING')
      await proxy.close()
      await proxy.open()
      await until(() => watched.lost.length === 1)
      await api.carrier.progress(claimed, 10)
      await until(() => watched.events.at(-1)?.rowsWritten === 10)
      proxy.swallow()
      await api.carrier.progress(claimed, 20)
      await until(() => watched.lost.length === 2)
      await api.carrier.succeed(claimed)
      await watched.ended
      rising(watched.events)
      expect(watched.events.filter(({ status }) => status === 'QUEUED')).toHaveLength(1)
      expect(watched.events.at(-1)).toMatchObject({ status: 'SUCCEEDED', percent: 100 })
    } finally {
      await through.close()
      await proxy.close()
    }
  })

  test('goes on behind an event that was seen before', async () => {
    const id = await finished()
    const watcher = createClient({ url: `http://127.0.0.1:${port}`, token: member.token })
    const [first, ...none] = await Array.fromAsync(watcher.watch(id))
    expect(none).toEqual([])
    expect(await Array.fromAsync(watcher.watch(id, { after: first!.sequence }))).toEqual([first])
    await watcher.close()
  })

  test('is left at once by its signal; who is not there, or has no right, is told so', async () => {
    const watcher = createClient({ url: `http://127.0.0.1:${port}`, token: member.token })
    const { id } = await client.requestReport(JANUARY)
    const stop = new AbortController()
    const reason = new Error('enough')
    const watched = watching(watcher, id, stop.signal)
    await until(() => watched.events.length === 1)
    stop.abort(reason)
    await expect(watched.ended).rejects.toBe(reason)
    await expect(watching(watcher, 'nothing').ended).rejects.toMatchObject({ constructor: ApiError, code: 'NOT_FOUND' })
    await watcher.close()
    const stranger = createClient({ url: `http://127.0.0.1:${port}`, token: 'nobody-has-this' })
    await expect(watching(stranger, id).ended).rejects.toMatchObject({ code: 4401, passing: false })
    await stranger.close()
  })
})

describe('with too much open already', () => {
  test.each([
    ['sockets', { USER_SOCKETS: '1' }, { code: 4429 }],
    ['subscriptions', { USER_SUBSCRIPTIONS: '1' }, { code: 'RATE_LIMITED', retryAfter: 1 }],
    ['operations', { RATE_LIMIT: '1/s' }, { code: 'RATE_LIMITED' }],
  ] as const)('watch waits for its turn: %s', async (what, settings, why) => {
    const narrow = await startApi(ground, settings)
    const { token } = await ground.person('MEMBER')
    const [one, two] = [0, 1].map(() => createClient({ url: narrow.publicUrl, token })) as [Client, Client]
    try {
      const { id } = await one.requestReport(JANUARY)
      const first = one.watch(id)
      if (what !== 'operations') expect((await first.next()).value).toMatchObject({ status: 'QUEUED' })
      const lost: Error[] = []
      const second = Array.fromAsync(two.watch(id, { onLost: (error: Error) => lost.push(error) }))
      await until(() => lost.length > 0)
      expect(lost[0]).toMatchObject(why)
      await first.return(undefined)
      await one.close()
      await until(() => narrow.progress.watching === 1)
      await narrow.carrier.finish(uuidOf(id))
      expect((await second).at(-1)).toMatchObject({ status: 'SUCCEEDED' })
    } finally {
      await one.close()
      await two.close()
      await narrow.close()
    }
  })

  test('watch does not wait for as long as the API likes', async () => {
    // One operation in an hour, which asking for the report has used.
    const narrow = await startApi(ground, { RATE_LIMIT: '1/h' })
    const { token } = await ground.person('MEMBER')
    const late = createClient({ url: narrow.publicUrl, token })
    try {
      const { id } = await late.requestReport(JANUARY)
      await expect(late.watch(id).next()).rejects.toMatchObject({
        code: 'RATE_LIMITED',
        retryAfter: expect.any(Number),
      })
    } finally {
      await late.close()
      await narrow.close()
    }
  })
})

test('cancelReport answers where it stands, and refuses what has ended', async () => {
  const { id } = await client.requestReport(JANUARY)
  expect(await client.cancelReport(id)).toMatchObject({ id, status: 'CANCELED' })
  await expect(client.cancelReport(await finished())).rejects.toMatchObject({
    userErrors: [{ code: 'NOT_CANCELABLE' }],
  })
})
