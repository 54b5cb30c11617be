/** Calls do not overlap; all that come while one is under way get the answer of one more. */
export function oneAtATime(call: () => Promise<boolean>): () => Promise<boolean> {
  let current: Promise<boolean> | undefined
  let next: Promise<boolean> | undefined
  return function ask(): Promise<boolean> {
    if (!current) {
      current = call().finally(() => (current = undefined))
      return current
    }
    next ??= current.then(() => {
      next = undefined
      return ask()
    })
    return next
  }
}
