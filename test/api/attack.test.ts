import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { answered, HOSTILE_DOCUMENTS, hostileFrame, seeded } from '../../bench/hostile.ts'
import { createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'

/** `npm run bench -- attack` is the long form, with times and memory. */
const FRAMES = 4_000
const FRAMES_A_SOCKET = 40

let ground: Ground
let api: TestApi
let member: Person
let bystander: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  member = await ground.person('MEMBER')
  bystander = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

test('each document of the attack set is refused quickly, with a code', async () => {
  const quickest = new Map<string, number>()
  for (let round = 0; round < 4; round++)
    for (const { name, query, variables } of HOSTILE_DOCUMENTS) {
      const start = performance.now()
      const { body } = await api.post(query, { token: member.token, ...(variables && { variables }) })
      quickest.set(name, Math.min(performance.now() - start, quickest.get(name) ?? Infinity))
      expect([name, body.data, body.errors[0].extensions.code]).toEqual([name, undefined, 'BAD_USER_INPUT'])
    }
  // The bench has the bar for all of them, on a machine that does nothing else.
  for (const [name, took] of quickest) expect(took, name).toBeLessThan(50)
})

test('thousands of fuzzed frames leave the process as it was, and others their answers', async () => {
  const random = seeded(process.pid)
  const logged = api.lines.length
  let answers = 0
  for (let sent = 0; sent < FRAMES; sent += FRAMES_A_SOCKET) {
    const socket = new WebSocket(`${api.publicUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const closed = once(socket, 'close')
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${member.token}` } }))
    await once(socket, 'message')
    const kind = sent % (2 * FRAMES_A_SOCKET) === 0 ? 'any' : 'operation'
    const all = answered(socket, FRAMES_A_SOCKET).then(() => (answers += FRAMES_A_SOCKET))
    for (let n = 0; n < FRAMES_A_SOCKET; n++) socket.send(hostileFrame(random, kind))
    if (kind === 'operation') await Promise.race([all, closed])
    const { body } = await api.post('{ viewer { tenant } }', { token: bystander.token })
    expect(body.data.viewer.tenant).toBe('default')
    socket.close()
    const [code] = (await closed) as [number]
    expect([1005, 1009, 4400, 4409, 4429], `seed ${process.pid}`).toContain(code)
  }
  expect(answers).toBeGreaterThan(FRAMES / 3)
  expect(api.lines.slice(logged).filter((line) => JSON.parse(line).level >= 50)).toEqual([])
  expect(api.progress.watching).toBe(0)
})
