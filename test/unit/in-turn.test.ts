import { expect, test } from 'vitest'
import { createInTurn } from '../../schema/in-turn.ts'

test('between two pieces of work the others have their turn, and one that fails holds up none behind it', async () => {
  const inTurn = createInTurn()
  const seen: string[] = []
  const other = (rounds: number): void => {
    seen.push('other')
    if (rounds > 1) setImmediate(() => other(rounds - 1))
  }
  const work = [1, 2, 3].map((n) =>
    inTurn(() => {
      seen.push(`work ${n}`)
      if (n === 2) throw new Error('no')
      return n
    }),
  )
  setImmediate(() => other(3))
  expect(await Promise.allSettled(work)).toMatchObject([{ value: 1 }, { reason: { message: 'no' } }, { value: 3 }])
  const works = seen.flatMap((name, index) => (name.startsWith('work') ? [index] : []))
  expect(works.map((index) => seen[index])).toEqual(['work 1', 'work 2', 'work 3'])
  expect(works[2]! - works[0]!).toBeGreaterThan(2)
})
