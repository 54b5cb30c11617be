/** A seeded stream of numbers: the same seed gives the same stream on every machine, which is what makes the shop repeatable. */
export interface Random {
  /** A number from 0 (inclusive) to 1 (exclusive). */
  next(): number
  /** A whole number from `min` to `max`, both inclusive. */
  int(min: number, max: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  /** One element, all equally likely; throws RangeError for an empty list. */
  pick<T>(list: readonly T[]): T
  /** The index of one weight, likely in proportion to it. */
  weighted(weights: readonly number[]): number
  /** An index below `length`, the likelier the smaller it is: of a thousand, the first ten get a twentieth of all draws. */
  early(length: number): number
}

/**
 * Opens the stream that belongs to `seed`. Each subject (customers, products...) opens a stream of its own, so that a change
 * in how one is drawn leaves the others as they were. Only arithmetic that IEEE 754 fixes to the last bit (that includes
 * Math.sqrt, but not Math.sin or Math.pow).
 */
export function createRandom(seed: string): Random {
  let state = fnv1a(seed)
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError('nothing to pick from')
      return list[int(0, list.length - 1)] as T
    },
    weighted(weights) {
      let rest = next() * weights.reduce((sum, weight) => sum + weight, 0)
      for (const [index, weight] of weights.entries()) {
        rest -= weight
        if (rest < 0) return index
      }
      return weights.length - 1
    },
    early(length) {
      const share = next()
      return Math.floor(share * Math.sqrt(share) * length)
    },
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
