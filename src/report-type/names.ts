/** How names of files and parameters are written, on both sides of GraphQL. Pure. */

/** What a report type or a parameter may be called in its file. */
export const NAME = /^[a-z][a-z0-9_]*$/

/** order_lines -> orderLines. Underscores vanish, so that two names may collide: the catalog refuses those. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9]|$)/g, (_, letter: string) => letter.toUpperCase())
}

/** orderLines -> order_lines. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The known word that was most likely meant, or null when none is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(word.length / 2)) + 1
  const plain = word.toLowerCase().replaceAll('_', '')
  for (const candidate of known) {
    const away = distance(plain, candidate.toLowerCase().replaceAll('_', ''))
    if (away >= bestDistance) continue
    best = candidate
    bestDistance = away
  }
  return best
}

/** " Did you mean "x"?", or what there is to choose from, or nothing. */
export function hint(word: string, known: readonly string[]): string {
  const near = nearest(word.slice(0, 100), known)
  if (near !== null) return ` Did you mean "${near}"?`
  return known.length === 0 || known.length > 30 ? '' : ` There are: ${known.join(', ')}.`
}

/** Levenshtein's, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
