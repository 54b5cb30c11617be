import { expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import type { Accepted } from '../../src/report/accept.ts'
import { createTogether } from '../../src/report/together.ts'

const one = (id: string) => ({ id }) as Accepted
/** Calls that are answered when the test says so. */
function createScene() {
  const calls: { tenantId: string; ids: string[]; settle: (error?: Error) => void }[] = []
  const together = createTogether<{ id: string }>((tenantId, accepted) => {
    const ids = accepted.map(({ id }) => id)
    const { promise, resolve, reject } = Promise.withResolvers<{ id: string }[]>()
    // In no order: each must find its own.
    calls.push({ tenantId, ids, settle: (error) => (error ? reject(error) : resolve(ids.map((id) => ({ id })).toReversed())) }) // prettier-ignore
    return promise
  })
  return { calls, together }
}
const turn = () => new Promise(setImmediate)

test('the first goes at once, those that come meanwhile go together, and each gets its own row', async () => {
  const { calls, together } = createScene()
  const all = ['a', 'b', 'c'].map((id) => together('acme', one(id)))
  const other = together('other', one('z'))
  expect(calls.map(({ ids }) => ids)).toEqual([['a'], ['z']])
  calls[0]!.settle()
  await turn()
  expect(calls[2]).toMatchObject({ tenantId: 'acme', ids: ['b', 'c'] })
  calls[2]!.settle()
  calls[1]!.settle()
  expect(await Promise.all([...all, other])).toEqual(['a', 'b', 'c', 'z'].map((id) => ({ id })))
  void together('acme', one('d'))
  expect(calls.at(-1)?.ids).toEqual(['d'])
})

test('at most fifty go together', async () => {
  const { calls, together } = createScene()
  for (let n = 0; n <= 60; n++) void together('acme', one(String(n)))
  calls[0]!.settle()
  await turn()
  expect(calls[1]!.ids).toHaveLength(50)
})

test('one that is refused takes no other with it', async () => {
  const { calls, together } = createScene()
  const first = together('acme', one('a'))
  const [good, bad] = [together('acme', one('b')), together('acme', one('c'))]
  calls[0]!.settle()
  await first
  await turn()
  calls[1]!.settle(new Error('one of them'))
  await turn()
  calls[2]!.settle()
  await turn()
  calls[3]!.settle(new Error('this one'))
  expect(await good).toEqual({ id: 'b' })
  await expect(bad).rejects.toThrow('this one')
})

test('where it is not known whether they were written, all are told, and nothing is written twice', async () => {
  const { calls, together } = createScene()
  const first = together('acme', one('a'))
  const [b, c] = [together('acme', one('b')), together('acme', one('c'))]
  calls[0]!.settle()
  await first
  await turn()
  calls[1]!.settle(new Unavailable('away'))
  await expect(b).rejects.toThrow('away')
  await expect(c).rejects.toThrow('away')
  expect(calls).toHaveLength(2)
})
