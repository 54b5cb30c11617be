import { describe, expect, test } from 'vitest'
import type { Counters } from '../../worker/attempt-messages.ts'
import { documentKey, readDocumentKey } from '../../worker/document-key.ts'
import { createMeter } from '../../worker/meter.ts'
import { rowBatches } from '../../worker/row-batches.ts'
import { storableJson, storableText } from '../../worker/storable.ts'

const CLAIMED = { id: 'r', tenantId: 't', attempt: 2, epoch: 7 }
const counters = (more: Partial<Counters>): Counters => ({
  stage: 'WRITING',
  rows: 0,
  bytes: 0,
  done: more.rows ?? 0,
  total: null,
  message: null,
  ...more,
})

describe('the meter', () => {
  test('begins its range with the claim and counts on', () => {
    const meter = createMeter(CLAIMED)
    expect(meter.first(5)).toMatchObject({
      sequence: 7 * 2 ** 20,
      status: 'RUNNING',
      stage: 'READING',
      percent: null,
      at: 5,
    })
    expect(meter.read(counters({ rows: 1 }), 0, 6).sequence).toBe(7 * 2 ** 20 + 1)
  })

  test('without a total there is no percentage', () => {
    expect(createMeter(CLAIMED).read(counters({ rows: 10 }), 0, 0)).toMatchObject({
      percent: null,
      rowsTotal: null,
      etaSeconds: null,
      rowsWritten: 10,
    })
  })

  test('an estimate that was too low is raised, and the percentage stays below 100', () => {
    const meter = createMeter(CLAIMED)
    expect(meter.read(counters({ rows: 50, total: 100 }), 0, 0)).toMatchObject({ percent: 50, rowsTotal: 100 })
    expect(meter.read(counters({ rows: 500, total: 100 }), 0, 0)).toMatchObject({
      percent: 99,
      rowsTotal: 500,
      etaSeconds: null,
    })
  })

  test('never falls, also where an author counts back', () => {
    const meter = createMeter(CLAIMED)
    meter.read(counters({ done: 80, total: 100 }), 0, 0)
    expect(meter.read(counters({ done: 10, total: 100 }), 0, 0).percent).toBe(80)
  })

  test('a total in something else than rows is not a total of rows', () => {
    expect(createMeter(CLAIMED).read(counters({ rows: 3000, done: 3, total: 10 }), 0, 0)).toMatchObject({
      percent: 30,
      rowsTotal: null,
    })
  })

  test('the time left comes from the rate of this run', () => {
    const meter = createMeter(CLAIMED)
    expect(meter.read(counters({ rows: 100, total: 1000 }), 60_000, 0).etaSeconds).toBeNull()
    expect(meter.read(counters({ rows: 200, total: 1000 }), 61_000, 0).etaSeconds).toBe(8)
    expect(meter.read(counters({ rows: 300, total: 1000 }), 62_000, 0).etaSeconds).toBe(7)
  })
})

describe('rows of an author', () => {
  const columns = [
    { name: 'a', type: 'Int' as const },
    { name: 'b', type: 'String' as const },
  ]
  async function batchesOf(rows: unknown[]) {
    async function* give() {
      yield* rows as never[]
    }
    return Array.fromAsync(rowBatches(give(), columns))
  }

  test('objects in any order and arrays become arrays; what is left out is null', async () => {
    expect(await batchesOf([{ b: 'x', a: 1 }, [2, 'y'], { a: 3 }])).toEqual([[[1, 'x'], [2, 'y'], [3, null]]]) // prettier-ignore
  })
  test('batches end at 500 rows or 64 KiB of text', async () => {
    expect((await batchesOf(Array.from({ length: 1100 }, () => [1, 'x']))).map(({ length }) => length)).toEqual([
      500, 500, 100,
    ])
    expect(
      (await batchesOf(Array.from({ length: 5 }, () => [1, 'x'.repeat(40_000)]))).map(({ length }) => length),
    ).toEqual([2, 2, 1])
  })
  test.each([
    [[{ a: 1 }, { c: 1 }], /Row 2 has a cell "c"/],
    [[[1]], /Row 1 has 1 cells, but the report has 2/],
    [[null], /Row 1 is neither/],
    [['text'], /Row 1 is neither/],
  ])('%j is refused', async (rows, message) => {
    await expect(batchesOf(rows)).rejects.toThrow(message)
  })
})

test('what a database refuses is made storable', () => {
  expect(storableText('a\0b\ud800')).toBe('a\ufffdb\ufffd')
  expect(storableJson({ 'k\0': ['\udfff', 1n, NaN, undefined, { deep: '\\u0000' }] })).toEqual({
    'k\ufffd': ['\ufffd', '1', null, null, { deep: '\\u0000' }],
  })
  expect(storableJson(undefined)).toBeNull()
})

test('a key is read back from where an attempt writes', () => {
  const id = '01a200a7-7ecc-757c-945a-d8340e22274f'
  const key = documentKey({ tenantId: 'acme:eu', id, attempt: 3 })
  expect(key).toBe(`acme_eu/${id}/3`)
  expect(readDocumentKey(key)).toEqual({ key, reportId: id, attempt: 3 })
  for (const other of ['a', `a/${id}`, `a/${id}/x`, 'a/not-a-uuid/1', `${id}/1`])
    expect(readDocumentKey(other)).toBeNull()
})
