import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { createSourceScene } from '../support/source-scene.ts'

const { open, drop } = await createSourceScene()
afterAll(drop)

/** A pause of the query in its middle has what came before it wait as a chunk of odd size, so that the last one overfills. */
const paused = (rows: number, at: number) =>
  `select repeat('x', 1000) as wide, case when i = ${at} then pg_sleep(0.3) is null end as slept from generate_series(1, ${rows}) i`
const HEAD = 'summary: select count(*) as lines from rows\n'

test('a summary comes after a COPY whose last rows wait for a slow disk', { timeout: 10_000 }, async () => {
  const reading = await open(paused(292, 101), { head: HEAD })
  const { stream, serverRows } = reading.copy()
  stream.once('readable', () => undefined) // asks for rows, and takes none
  expect(await serverRows()).toBe(292)
  expect(stream.readableLength).toBeGreaterThan(stream.readableHighWaterMark)
  expect(await reading.summary()).toEqual({ lines: '292' })
  stream.destroy()
  await reading.close()
})

// Postgres sends 8 KiB at a time: eight rows before the pause, and with the last of 142 the limit of what may wait is passed.
test('a summary comes after batches whose last rows wait for a slow disk', { timeout: 10_000 }, async () => {
  const reading = await open(paused(142, 12), { head: HEAD })
  let rows = 0
  for await (const batch of reading.batches()) {
    if (rows === 0) await sleep(1000)
    rows += batch.length
  }
  expect(rows).toBe(142)
  expect(await reading.summary()).toEqual({ lines: '142' })
  await reading.close()
})
