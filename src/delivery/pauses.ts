/** How often a delivery is tried, and over how long: DELIVERY_TRIES, DELIVERY_WINDOW. */
export interface Tries {
  readonly most: number
  /** From the first try to the last, at least, in milliseconds. */
  readonly window: number
}

/** The first pause, in milliseconds, where there is time for it. */
const FIRST_PAUSE = 10_000
/** A pause is drawn evenly between itself and half as much again, so that what failed together does not come back together. */
const JITTER = 0.5
/** Halvings of the interval in which the growth of the pauses is looked for. */
const STEPS = 60

/**
 * The pause behind the try of this number (1 is the first), in milliseconds; null: it was the last. Pauses grow by one factor,
 * so that all of them together fill the window: with 10 tries over 24 h 10 s, 29 s, 87 s, 4.3 min ... 16 h. Jitter only adds: the last
 * try comes no sooner than the window's end, whatever is drawn. `random` is from 0 to 1.
 */
export function pauseAfter(charged: number, { most, window }: Tries, random: number): number | null {
  const pauses = most - 1
  if (charged > pauses) return null
  const first = pauses === 1 ? window : Math.min(FIRST_PAUSE, window / pauses)
  const pause = first * growth(pauses, window / first) ** (charged - 1)
  return Math.round(pause * (1 + JITTER * random))
}

/** The factor q at which 1 + q + ... + q^(count - 1) is `total`, which is at least `count`. */
function growth(count: number, total: number): number {
  let [low, high] = [1, Math.max(total, 1)]
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2
    let sum = 0
    for (let power = 0; power < count; power++) sum += middle ** power
    if (sum < total) low = middle
    else high = middle
  }
  return low
}
