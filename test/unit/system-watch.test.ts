import { afterEach, expect, test } from 'vitest'
import { Forbidden, Unavailable } from '../../src/errors.ts'
import type { Viewer } from '../../src/identity/viewer.ts'
import { createLog } from '../../src/log.ts'
import type { Snapshot, SystemView } from '../../src/system/system.ts'
import { createSystemWatch, type SystemWatch } from '../../src/system/watch.ts'
import { until } from '../support/until.ts'

const viewer: Viewer = {
  userId: 'u', tenantId: 't', role: 'ADMIN', scopes: ['system:read'], tokenExpiresAt: null, apiTokenId: null,
} // prettier-ignore
const open: SystemWatch[] = []
afterEach(() => open.splice(0).forEach((watch) => watch.close()))

/** A system of which each reading is counted, and may be made to fail or to wait. */
function setup() {
  const state = { stuck: 0, reads: 0, fails: false, wait: Promise.resolve() }
  const watch = createSystemWatch({
    log: createLog({ level: 'silent', process: 'test' }),
    system: {
      async snapshot() {
        const { stuck } = state
        state.reads += 1
        await state.wait
        if (state.fails) throw new Unavailable('The database does not answer.')
        return { version: '1', workers: [], queues: [], stuck: { held: stuck, waiting: 0 }, lastHour: [], held: '' } satisfies Snapshot // prettier-ignore
      },
    },
  })
  open.push(watch)
  return { state, watch }
}
const stuckOf = async (step: Promise<IteratorResult<SystemView>>) => {
  const { value, done } = await step
  return done ? 'done' : (value as SystemView).stuck(viewer, null as never)
}

test('one reading for all who come at once; none after the last has left', async () => {
  const { state, watch } = setup()
  const streams = Array.from({ length: 50 }, () => watch.watch(viewer))
  expect(await Promise.all(streams.map((stream) => stuckOf(stream.next())))).toEqual(streams.map(() => 0))
  expect(state.reads).toBe(1)
  expect(watch.watching).toBe(50)
  await until(() => state.reads === 3)
  for (const stream of streams) await stream.return?.()
  expect(watch.watching).toBe(0)
  const other = setup()
  const later = other.watch.watch(viewer)
  await later.next()
  await until(() => other.state.reads === 3)
  expect(state.reads).toBe(3)
})

test('who comes while it is being read hears of the state after it came', async () => {
  const { state, watch } = setup()
  let go = () => {}
  state.wait = new Promise((resolve) => (go = resolve))
  const early = watch.watch(viewer).next()
  await until(() => state.reads === 1)
  state.stuck = 7
  const late = watch.watch(viewer).next()
  go()
  expect(await stuckOf(early)).toBe(0)
  expect(await stuckOf(late)).toBe(7)
  expect(state.reads).toBe(2)
})

test('a slow reader gets the latest; what changes is told, what does not is told after a while', async () => {
  const { state, watch } = setup()
  const stream = watch.watch(viewer)
  await stream.next()
  state.stuck = 1
  await until(() => state.reads === 2)
  state.stuck = 2
  await until(() => state.reads === 3)
  state.stuck = 3
  await until(() => state.reads === 4)
  const first = await stuckOf(stream.next())
  expect(first).toBeGreaterThanOrEqual(2)
  if (first === 2) expect(await stuckOf(stream.next())).toBe(3)
  const began = performance.now()
  expect(await stuckOf(stream.next())).toBe(3)
  expect(performance.now() - began).toBeGreaterThan(1_500)
  expect(performance.now() - began).toBeLessThan(5_500)
})

test('a failure is told to who has heard nothing yet; the others go on', async () => {
  const { state, watch } = setup()
  const stream = watch.watch(viewer)
  await stream.next()
  state.fails = true
  await expect(watch.watch(viewer).next()).rejects.toThrow(Unavailable)
  expect(watch.watching).toBe(1)
  state.stuck = 4
  state.fails = false
  expect(await stuckOf(stream.next())).toBe(4)
})

test('closing completes all streams; without the scope it is Forbidden', async () => {
  const { watch } = setup()
  const stream = watch.watch(viewer)
  await stream.next()
  const next = stream.next()
  watch.close()
  expect(await stuckOf(next)).toBe('done')
  expect(watch.watching).toBe(0)
  expect(() => watch.watch({ ...viewer, scopes: ['reports:read'] })).toThrow(Forbidden)
})
