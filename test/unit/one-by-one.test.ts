import { expect, test } from 'vitest'
import { oneByOne } from '../../src/sources/one-by-one.ts'

const itself = <T>(item: T) => item

async function* batches(...sizes: number[]): AsyncGenerator<number[], void, undefined> {
  let next = 0
  for (const size of sizes) yield Array.from({ length: size }, () => next++)
}

test('items come in order, also past empty batches', async () => {
  expect(await Array.fromAsync(oneByOne(batches(2, 0, 3), itself))).toEqual([0, 1, 2, 3, 4])
  expect(await Array.fromAsync(oneByOne(batches(), itself))).toEqual([])
})

test('calls that do not await each other are answered in their order, and after the end each says so', async () => {
  const items = oneByOne(batches(1, 2), itself)
  const answers = await Promise.all(Array.from({ length: 5 }, () => items.next()))
  expect(answers.map(({ value }) => value)).toEqual([0, 1, 2, undefined, undefined])
  expect(await items.next()).toEqual({ done: true, value: undefined })
})

test('a reader that stops ends the batches, and hears of no item after', async () => {
  let ended = false
  async function* endless(): AsyncGenerator<number[], void, undefined> {
    try {
      for (;;) yield [1, 2]
    } finally {
      ended = true
    }
  }
  const items = oneByOne(endless(), itself)
  for await (const item of items) if (item === 1) break
  expect(ended).toBe(true)
  expect(await items.next()).toEqual({ done: true, value: undefined })
})

test('a fault of the batches is that of the item that was asked for', async () => {
  async function* failing(): AsyncGenerator<number[], void, undefined> {
    yield [1]
    throw new Error('gone')
  }
  const items = oneByOne(failing(), itself)
  expect(await items.next()).toEqual({ done: false, value: 1 })
  await expect(items.next()).rejects.toThrow('gone')
})
