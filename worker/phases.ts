/** Where a report of several steps stands: shares of the whole that are done, and the step's name. */
export interface Phases {
  /** Begins a step, by which those before it are done. `rows`: how many rows it will yield, counted by themselves. */
  begin(name: string, rows?: number): void
  /** How far the step is, in the author's own measure. False: none has begun, so that this counts for the whole. */
  progress(done: number, total: number | null): boolean
  standing(): { name: string; done: number; total: number } | null
}

/** @param rowsSoFar rows yielded since the attempt began. */
export function createPhases(shares: Readonly<Record<string, number>>, rowsSoFar: () => number): Phases {
  const names = Object.keys(shares)
  const total = names.reduce((sum, name) => sum + shares[name]!, 0)
  let current: { name: string; before: number; part: () => number } | null = null

  return {
    begin(name, rows) {
      const place = names.indexOf(name)
      if (place < 0)
        throw new TypeError(
          `phase: "${name}" is none of the definition's phases (${names.join(', ') || 'there are none'}).`,
        )
      const before = names.slice(0, place).reduce((sum, earlier) => sum + shares[earlier]!, 0)
      const from = rowsSoFar()
      const part = rows === undefined || !(rows > 0) ? () => 0 : () => (rowsSoFar() - from) / rows
      current = { name, before, part }
    },
    progress(done, of) {
      if (!current) return false
      const part = of !== null && of > 0 && done >= 0 ? done / of : 0
      current.part = () => part
      return true
    },
    standing() {
      if (!current) return null
      const { name, before, part } = current
      return { name, done: before + Math.min(1, part()) * shares[name]!, total }
    },
  }
}
