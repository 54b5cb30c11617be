import { describe, expect, test } from 'vitest'
import { pauseAfter } from '../../src/delivery/pauses.ts'
import { createSecrets } from '../../src/delivery/secrets.ts'
import { createTurns } from '../../src/delivery/turns.ts'

const HOUR = 3_600_000

describe('pauses', () => {
  const all = (most: number, window: number, random: number) =>
    Array.from({ length: most }, (_, index) => pauseAfter(index + 1, { most, window }, random))
  const sum = (pauses: (number | null)[]) => pauses.reduce<number>((total, pause) => total + (pause ?? 0), 0)

  test('ten tries over 24 hours: each pause longer than the one before, and the last try no sooner than the window ends', () => {
    const pauses = all(10, 24 * HOUR, 0)
    expect(pauses.slice(0, 4)).toEqual([10_000, 29_483, 86_927, 256_292])
    expect(pauses.at(-1)).toBeNull()
    expect(pauses.slice(0, -1)).toEqual(pauses.slice(0, -1).toSorted((a, b) => a! - b!))
    expect(sum(pauses)).toBeCloseTo(24 * HOUR, -3)
  })

  test('jitter adds up to a half, and never takes away', () => {
    expect(sum(all(10, 24 * HOUR, 1))).toBeCloseTo(36 * HOUR, -3)
    for (const random of [0.1, 0.5, 0.9]) {
      const [least, drawn] = [all(8, 24 * HOUR, 0), all(8, 24 * HOUR, random)]
      for (const [index, pause] of drawn.entries()) if (pause !== null) expect(pause).toBeGreaterThan(least[index]!)
    }
  })

  test.each([
    [1, HOUR],
    [2, HOUR],
    [100, 1_000],
    [100, 30 * 24 * HOUR],
    [3, 5_000],
  ])('%i tries over %i ms', (most, window) => {
    const pauses = all(most, window, 0)
    expect(pauses.filter((pause) => pause === null)).toHaveLength(1)
    if (most > 1) expect(Math.abs(sum(pauses) - window)).toBeLessThan(window / 100 + most)
  })
})

describe('secrets', () => {
  const first = createSecrets(['a'.repeat(32)])

  test('are opened by who sealed them, for the same tenant alone, and are never the same twice', () => {
    const sealed = first.seal('whsec_x', 'default')
    expect(first.open(sealed, 'default')).toBe('whsec_x')
    expect(first.open(sealed, 'other')).toBeNull()
    expect(first.seal('whsec_x', 'default').equals(sealed)).toBe(false)
    expect(sealed.toString('latin1')).not.toContain('whsec')
  })

  test('are opened after a new secret came before the old one, and not without the old one', () => {
    const sealed = first.seal('whsec_x', 'default')
    const both = createSecrets(['b'.repeat(32), 'a'.repeat(32)])
    expect(both.open(sealed, 'default')).toBe('whsec_x')
    expect(first.open(both.seal('y', 'default'), 'default')).toBeNull()
    expect(createSecrets(['b'.repeat(32)]).open(sealed, 'default')).toBeNull()
  })

  test('that were changed in any byte are no secrets', () => {
    const sealed = first.seal('whsec_x', 'default')
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed)
      changed[index]! ^= 1
      expect(first.open(changed, 'default')).toBeNull()
    }
    expect(first.open(Buffer.alloc(0), 'default')).toBeNull()
  })
})

describe('turns', () => {
  const lanes = { usual: 4, ailing: 2, each: 3 }
  const ALL = { EMAIL: lanes, WEBHOOK: lanes, BUCKET: lanes, WAREHOUSE: lanes }
  const at = (destination: string) => ({ channel: 'WEBHOOK', destination }) as const
  const roomOf = (turns: ReturnType<typeof createTurns>, destination: string) =>
    turns.room().known.find((known) => known.destination === destination)
  const laneOf = (turns: ReturnType<typeof createTurns>) =>
    turns.room().lanes.find(({ channel }) => channel === 'WEBHOOK')

  test('one try at a time until a destination has answered, then more, then one again, aside', () => {
    const turns = createTurns(ALL)
    turns.begin(at('a'), false)
    expect(roomOf(turns, 'a')).toMatchObject({ room: 0, ailing: null })
    turns.end(at('a'), false, true)
    expect(roomOf(turns, 'a')).toMatchObject({ room: 3, ailing: false })
    turns.begin(at('a'), false)
    turns.end(at('a'), false, false)
    expect(roomOf(turns, 'a')).toMatchObject({ room: 1, ailing: true })
    turns.begin(at('a'), true)
    expect(laneOf(turns)).toEqual({ channel: 'WEBHOOK', usual: 4, ailing: 1, after: 'a' })
    turns.end(at('a'), true, null)
    expect(roomOf(turns, 'a')).toMatchObject({ room: 1, ailing: true })
    expect(laneOf(turns)).toMatchObject({ usual: 4, ailing: 2 })
  })

  test('what is remembered is bounded, and what is under way is not forgotten', () => {
    const turns = createTurns(ALL)
    turns.begin(at('held'), false)
    for (let index = 0; index < 2_000; index++) {
      turns.begin(at(String(index)), true)
      turns.end(at(String(index)), true, true)
    }
    expect(turns.room().known.length).toBeLessThanOrEqual(501)
    expect(roomOf(turns, 'held')).toMatchObject({ room: 0 })
    expect(laneOf(turns)).toMatchObject({ usual: 3, ailing: 2 })
  })
})
