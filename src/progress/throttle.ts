/** Keys remembered at most: older ones than the interval mean nothing and go first. */
const MOST_KEYS = 10_000

/** Lets one through for each key and interval (milliseconds). Pure: the time is an argument. */
export function createThrottle(interval: number): {
  pass(key: string, now: number): boolean
  forget(key: string): void
  readonly size: number
} {
  /** In order of the last pass, oldest first, so that the stale ones are at the front. */
  const passedAt = new Map<string, number>()

  function drop(now: number): void {
    for (const [key, at] of passedAt) {
      if (now - at < interval && passedAt.size <= MOST_KEYS) return
      passedAt.delete(key)
    }
  }

  return {
    pass(key, now) {
      drop(now)
      // What is still remembered after dropping the stale is too young.
      if (passedAt.has(key)) return false
      passedAt.set(key, now)
      return true
    },
    forget: (key) => void passedAt.delete(key),
    get size() {
      return passedAt.size
    },
  }
}
