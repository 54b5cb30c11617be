// Long because every way in which a subscription ends is looked at in one process, whose counts must come back to nothing.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { watchEvents } from '../support/rest.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let member: Person
let other: Person
let viewer: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  // A tenant of its own: the suite's Redis is everybody's.
  const tenant = `t${process.pid}`
  member = await ground.person('MEMBER', { tenant })
  other = await ground.person('MEMBER', { tenant })
  viewer = await ground.person('VIEWER', { tenant })
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

const SMALL = '{ viewer { tenant } }'
const WATCH =
  'subscription ($id: ID!, $after: BigInt) { reportProgress(id: $id, after: $after) { sequence status rowsWritten percent report { status } } }'

describe.each(['sse', 'ws'] as const)('reportProgress over %s', (door) => {
  const watch = (id: string, after?: number) =>
    api[door](WATCH, { token: member.token, variables: { id, ...(after !== undefined && { after }) } })

  test('where it stands, then newer events in order, the terminal one, and completion', async () => {
    const id = await api.ask(member.token)
    const watched = watch(id)
    await until(() => watched.events.length === 1)
    expect(api.progress.watching).toBe(1)
    const claimed = await api.carrier.claim(uuidOf(id))
    await until(() => watched.events.length === 2)
    await api.carrier.progress(claimed, 50)
    await until(() => watched.events.length === 3)
    await api.carrier.succeed(claimed, { rows: 100 })
    await until(() => watched.done)
    const events = watched.events.map(({ reportProgress }) => reportProgress)
    expect(events.map(({ status, rowsWritten, percent }) => [status, rowsWritten, percent])).toEqual([['QUEUED', 0, null], ['RUNNING', 0, null], ['RUNNING', 50, 50], ['SUCCEEDED', 100, 100]]) // prettier-ignore
    expect(
      events.map(({ report }) => report.status),
      'each event reads the report anew',
    ).toEqual(['QUEUED', 'RUNNING', 'RUNNING', 'SUCCEEDED'])
    const sequences = events.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.toSorted((one, two) => one - two))
    expect(new Set(sequences).size).toBe(4)
    expect(watched.codes).toEqual([])
    expect(api.progress.watching).toBe(0)
  })

  test('with after, only what is newer; of a finished report its one event, and completion', async () => {
    const id = await api.ask(member.token)
    const claimed = await api.carrier.claim(uuidOf(id))
    const { sequence } = await api.carrier.event(uuidOf(id))
    const watched = watch(id, sequence)
    await until(() => api.progress.watching === 1)
    await api.carrier.progress(claimed, 7)
    await until(() => watched.events.length === 1)
    expect(watched.events[0].reportProgress.rowsWritten).toBe(7)
    await api.carrier.fail(claimed)
    await until(() => watched.done)
    expect(watched.events.map(({ reportProgress }) => reportProgress.status)).toEqual(['RUNNING', 'FAILED'])
    const late = watch(id, 2 ** 50)
    await until(() => late.done)
    expect(late.events.map(({ reportProgress }) => reportProgress.status)).toEqual(['FAILED'])
  })

  test('a worker that dies between commit and publish costs 3 s at most', async () => {
    const id = await api.ask(member.token)
    const watched = watch(id)
    const claimed = await api.carrier.claim(uuidOf(id))
    await until(() => watched.events.at(-1)?.reportProgress.status === 'RUNNING')
    const start = performance.now()
    await api.carrier.succeed(claimed, { publish: false })
    await until(() => watched.done, { timeout: 3_000 })
    expect(watched.events.at(-1).reportProgress).toMatchObject({ status: 'SUCCEEDED', report: { status: 'SUCCEEDED' } })
    expect(performance.now() - start).toBeLessThan(3_000)
  })

  test('who leaves frees the watch at once, also while nothing comes', async () => {
    const id = await api.ask(member.token)
    const watched = [watch(id), watch(id)]
    await until(() => watched.every(({ events }) => events.length === 1))
    expect(api.progress.watching).toBe(2)
    watched[0]!.leave()
    await until(() => api.progress.watching === 1, { timeout: 1_000 })
    watched[1]!.leave()
    await until(() => api.progress.watching === 0, { timeout: 1_000 })
  })
})

describe('one socket', () => {
  test('a bad operation is answered with an error frame; the socket and its other subscriptions live on', async () => {
    const client = api.socket(member.token)
    const id = await api.ask(member.token)
    const watched = api.ws(WATCH, { client, variables: { id } })
    await until(() => watched.events.length === 1)
    const before = api.sockets.connections
    for (const [query, code] of [
      ['{ viewer {', 'BAD_USER_INPUT'],
      ['{ nothing }', 'BAD_USER_INPUT'],
      ['{ reports(first: 101) { nodes { id } } }', 'BAD_USER_INPUT'],
      ['subscription { reportProgress(id: "x") { status } }', 'NOT_FOUND'],
      ['subscription { reportEvents(filter: { createdFrom: "x" }) { kind } }', 'BAD_USER_INPUT'],
    ] as const) {
      const bad = api.ws(query, { client })
      await until(() => bad.done)
      expect([query, bad.codes, bad.closeCode]).toEqual([query, [code], null])
    }
    const good = api.ws('{ viewer { user { id } } }', { client })
    await until(() => good.done)
    expect(good.events[0].viewer.user.id).toBe(member.gid)
    expect(watched.done).toBe(false)
    expect(api.sockets.connections).toBe(before)
    await api.carrier.finish(uuidOf(id))
    await until(() => watched.done)
    expect(watched.events.at(-1).reportProgress.status).toBe('SUCCEEDED')
  })

  test('that is cut off frees all its watches', async () => {
    const socket = await open()
    const id = await api.ask(member.token)
    for (const name of ['a', 'b', 'c']) socket.send(frame(name, WATCH, { id }))
    await until(() => api.progress.watching === 3, { what: 'all three are watched' })
    socket.terminate()
    await until(() => api.progress.watching === 0, { what: 'none of them is' })
  })

  test('that the server has closed, and that does not answer, frees its watches with the next event', async () => {
    const socket = await open()
    const id = await api.ask(member.token)
    const claimed = await api.carrier.claim(uuidOf(id))
    socket.send(frame('a', WATCH, { id }))
    await once(socket, 'message')
    socket.pause()
    // A second init ends a socket; the goodbye is never read.
    socket.send(JSON.stringify({ type: 'connection_init' }))
    let rows = 0
    await until(async () => {
      await api.carrier.progress(claimed, (rows += 1))
      return api.progress.watching === 0
    })
    socket.terminate()
    await api.carrier.succeed(claimed)
  })

  test('that goes while a watch is being made frees it', async () => {
    const socket = await open()
    const id = await api.ask(member.token)
    const holder = await holdReports()
    socket.send(frame('a', WATCH, { id }))
    await until(async () => (await ground.database.waiting()) > 0)
    socket.send(JSON.stringify({ id: 'a', type: 'complete' }))
    socket.send(frame('b', WATCH, { id }))
    await until(async () => (await ground.database.waiting()) > 1)
    socket.terminate()
    await until(() => api.sockets.connections === 0)
    await holder.release()
    await until(async () => (await ground.database.waiting()) === 0)
    await api.post(SMALL, { token: member.token })
    expect(api.progress.watching).toBe(0)
  })

  test('an id that is ended and taken again while its operation is being made is refused; nothing of it stays', async () => {
    const socket = await open()
    const id = await api.ask(member.token)
    const holder = await holdReports()
    const answers: { type: string; id: string; payload: any }[] = []
    socket.on('message', (data) => answers.push(JSON.parse(String(data))))
    socket.send(frame('a', WATCH, { id }))
    await until(async () => (await ground.database.waiting()) > 0)
    socket.send(JSON.stringify({ id: 'a', type: 'complete' }))
    socket.send(frame('a', WATCH, { id }))
    await until(() => answers.length === 1)
    expect(answers[0]).toMatchObject({ id: 'a', type: 'error', payload: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    await holder.release()
    await until(async () => (await ground.database.waiting()) === 0)
    // Free again once the first has come and was let go.
    await until(async () => {
      const before = answers.length
      socket.send(frame('a', WATCH, { id }))
      await until(() => answers.length > before)
      return answers.at(-1)?.type === 'next'
    })
    expect(api.progress.watching).toBe(1)
    socket.terminate()
    await until(() => api.progress.watching === 0)
  })

  test('an id that is ended with a result under way, and taken again, is the new one alone', async () => {
    const socket = await open()
    const id = await api.ask(member.token)
    const claimed = await api.carrier.claim(uuidOf(id))
    const answers: { type: string; id: string; payload: any }[] = []
    socket.on('message', (data) => answers.push(JSON.parse(String(data))))
    socket.send(frame('a', WATCH, { id }))
    await until(() => answers.length === 1)
    const { publisher } = await api.carrier.parts()
    const event = await api.carrier.event(uuidOf(id))
    const holder = await holdReports()
    // Each event reads the report, and waits for it now.
    publisher.publish({ kind: 'PROGRESSED', event: { ...event, sequence: event.sequence + 1, rowsWritten: 7 } })
    await until(async () => (await ground.database.waiting()) > 0)
    socket.send(JSON.stringify({ id: 'a', type: 'complete' }))
    socket.send(frame('a', WATCH, { id }))
    await until(async () => (await ground.database.waiting()) > 1)
    await holder.release()
    await until(() => answers.length === 2)
    await api.carrier.progress(claimed, 60)
    await until(() => answers.at(-1)?.payload.data.reportProgress.rowsWritten === 60)
    expect(answers.map(({ type }) => type)).not.toContain('complete')
    expect(api.progress.watching).toBe(1)
    socket.send(JSON.stringify({ id: 'a', type: 'complete' }))
    await until(() => api.progress.watching === 0)
    socket.terminate()
  })

  async function open(): Promise<WebSocket> {
    const socket = new WebSocket(`${api.publicUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${member.token}` } }))
    await once(socket, 'message')
    return socket
  }
  const frame = (id: string, query: string, variables: object) =>
    JSON.stringify({ id, type: 'subscribe', payload: { query, variables } })

  test('a frame above 64 KiB closes it, and nothing else', async () => {
    const socket = new WebSocket(`${api.publicUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send('x'.repeat(70_000))
    expect((await once(socket, 'close'))[0]).toBe(1009)
    expect((await fetch(`${api.publicUrl}/livez`)).status).toBe(200)
  })
})

describe('reportEvents', () => {
  const EVENTS =
    'subscription ($filter: ReportFilter) { reportEvents(filter: $filter) { kind reportId report { id status } progress { rowsWritten } at } }'
  const listen = (person: Person, filter: object = {}) => api.ws(EVENTS, { token: person.token, variables: { filter } })
  const kinds = (watched: ReturnType<typeof listen>, id?: string) =>
    watched.events
      .map(({ reportEvents }) => reportEvents)
      .filter((event) => !id || event.reportId === id)
      .map(({ kind }) => kind)

  test('READY, then what happens; nothing of other people’s private reports', async () => {
    const [mine, theirs, visible] = [listen(member), listen(other), listen(viewer)]
    await until(() => [mine, theirs, visible].every((one) => one.events.length === 1))
    expect(mine.events[0].reportEvents).toMatchObject({ kind: 'READY', reportId: null, report: null, progress: null })
    const id = await api.ask(member.token)
    const shared = await api.ask(member.token, 'visibility: TENANT')
    await api.carrier.finish(uuidOf(id))
    await api.carrier.finish(uuidOf(shared))
    await until(() => kinds(mine, shared).length === 3)
    expect(kinds(mine, id)).toEqual(['CREATED', 'CHANGED', 'CHANGED'])
    expect(mine.events.at(-1).reportEvents.report).toEqual({ id: shared, status: 'SUCCEEDED' })
    await until(() => kinds(theirs, shared).length === 3 && kinds(visible, shared).length === 3)
    for (const one of [theirs, visible]) {
      expect(kinds(one, shared)).toEqual(['CREATED', 'CHANGED', 'CHANGED'])
      expect(JSON.stringify(one.events)).not.toContain(id)
    }
    for (const one of [mine, theirs, visible]) one.leave()
  })

  test('progress at most twice a second for each report', async () => {
    const mine = listen(member)
    await until(() => mine.events.length === 1)
    const id = await api.ask(member.token)
    const claimed = await api.carrier.claim(uuidOf(id))
    const start = performance.now()
    let rows = 0
    while (performance.now() - start < 1_200) await api.carrier.progress(claimed, (rows += 1) % 99)
    const took = performance.now() - start
    await api.carrier.succeed(claimed)
    await until(() => mine.events.at(-1).reportEvents.report?.status === 'SUCCEEDED')
    const heard = kinds(mine, id).filter((kind) => kind === 'PROGRESSED').length
    expect(rows).toBeGreaterThan(10)
    expect(heard).toBeGreaterThan(1)
    expect(heard).toBeLessThanOrEqual(Math.ceil(took / 500) + 1)
    mine.leave()
  })

  test('LEFT when it no longer fits the filter, or is hidden; DELETED when it is gone', async () => {
    const waiting = listen(member, { status: ['QUEUED', 'RUNNING'] })
    const theirs = listen(other)
    await until(() => waiting.events.length === 1 && theirs.events.length === 1)
    const id = await api.ask(member.token, 'visibility: TENANT')
    const claimed = await api.carrier.claim(uuidOf(id))
    await until(() => kinds(waiting, id).length === 2 && kinds(theirs, id).length === 2)
    await ground.database.sql(`update broadsheet.report set visibility = 'PRIVATE' where id = $1`, [uuidOf(id)])
    await api.carrier.succeed(claimed)
    await until(() => kinds(waiting, id).length === 3 && kinds(theirs, id).length === 3)
    expect(kinds(waiting, id)).toEqual(['CREATED', 'CHANGED', 'LEFT'])
    expect(kinds(theirs, id)).toEqual(['CREATED', 'CHANGED', 'LEFT'])
    expect(theirs.events.at(-1).reportEvents).toMatchObject({
      kind: 'LEFT',
      reportId: id,
      report: null,
      progress: null,
    })

    const all = listen(member)
    await until(() => all.events.length === 1)
    const gone = await api.ask(member.token)
    await until(() => kinds(all, gone).length === 1)
    const event = await api.carrier.event(uuidOf(gone))
    await ground.database.sql(`delete from broadsheet.report where id = $1`, [uuidOf(gone)])
    const { publisher } = await api.carrier.parts()
    publisher.publish({ kind: 'DELETED', event })
    await until(() => kinds(all, gone).length === 2)
    expect(all.events.at(-1).reportEvents).toMatchObject({ kind: 'DELETED', reportId: gone, report: null })
    for (const one of [waiting, theirs, all]) one.leave()
  })
})

test('one socket carries fifty operations, and an error for each beyond', async () => {
  const client = api.socket(member.token)
  const watched = Array.from({ length: 51 }, () =>
    api.ws('subscription { reportEvents { kind } }', { token: member.token, client }),
  )
  await until(() => watched.every(({ events, codes }) => events.length > 0 || codes.length > 0))
  expect(watched.map(({ codes }) => codes[0]).filter(Boolean)).toEqual(['BAD_USER_INPUT'])
  await client.dispose()
  await until(() => api.sockets.connections === 0)
  expect(api.progress.watching).toBe(0)
})

describe.each(['sse', 'ws', 'rest'] as const)('a subscription over %s', (door) => {
  const watch = (of: TestApi, token: string, id: string) =>
    door === 'rest'
      ? watchEvents(`${of.publicUrl}/api/v1/reports/${id}/progress`, { authorization: `Bearer ${token}` })
      : of[door](WATCH, { token, variables: { id } })

  test('whose reader goes while it is being made takes no place', async () => {
    const narrow = await startApi(ground, { USER_SUBSCRIPTIONS: '1' })
    const alone = await ground.person('MEMBER')
    const id = await narrow.ask(alone.token)
    const holder = await holdReports()
    try {
      const left = watch(narrow, alone.token, id)
      await until(async () => (await ground.database.waiting()) > 0)
      left.leave()
      // What comes behind the end of a connection is answered behind it.
      await until(() => left.done || door === 'ws')
      await narrow.post(SMALL, { token: alone.token })
      if (door === 'ws') await until(() => narrow.sockets.connections === 0)
      await holder.release()
      await until(async () => (await ground.database.waiting()) === 0)
      // The place is free as soon as the first has come and was let go: a moment after the rows are.
      let next = watch(narrow, alone.token, id)
      await until(async () => {
        await until(() => next.events.length > 0 || next.done)
        if (next.done) next = watch(narrow, alone.token, id)
        return next.events.length > 0
      })
      expect(next.events).toHaveLength(1)
      expect(narrow.progress.watching).toBe(1)
      next.leave()
      await until(() => narrow.progress.watching === 0)
    } finally {
      await holder.release()
      await narrow.close()
    }
  })

  test('whose row can’t be read says so, and ends', async () => {
    const id = await api.ask(member.token)
    await ground.database.sql('alter function broadsheet.progress_since rename to not_there')
    try {
      const watched = watch(api, member.token, id)
      await until(() => watched.done)
      if ('codes' in watched) expect([watched.codes, watched.events]).toEqual([['INTERNAL_SERVER_ERROR'], []])
      else expect(watched.events).toMatchObject([{ event: 'error', data: { code: 'INTERNAL_SERVER_ERROR' } }])
      expect(api.progress.watching).toBe(0)
    } finally {
      await ground.database.sql('alter function broadsheet.not_there rename to progress_since')
    }
  })
})

/** Whoever asks for a report waits until `release`. */
async function holdReports() {
  const holder = await ground.database.hold()
  await holder.query('lock table broadsheet.report in access exclusive mode')
  let held = true
  return {
    async release(): Promise<void> {
      if (!held) return
      held = false
      await holder.query('commit')
      await holder.end()
    },
  }
}
