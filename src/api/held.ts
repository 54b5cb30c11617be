/** How many of something each caller has at the moment, in this process. */
export function createHeld() {
  const counts = new Map<string, number>()
  return {
    /** One more, unless the caller has `most`: then null. Answers how to end it; to end it again does nothing. */
    hold(caller: string, most: number): (() => void) | null {
      const count = counts.get(caller) ?? 0
      if (count >= most) return null
      counts.set(caller, count + 1)
      let held = true
      return () => {
        if (!held) return
        held = false
        const left = (counts.get(caller) ?? 1) - 1
        if (left > 0) counts.set(caller, left)
        else counts.delete(caller)
      }
    },
  }
}
