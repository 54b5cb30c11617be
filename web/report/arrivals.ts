import type { ReportRowFragment } from '../generated/graphql.ts'

type Placed = Pick<ReportRowFragment, 'id' | 'createdAt'>

/**
 * Where rows of which only events told stand in a list, newest first. `oldest`: how far down the list was read, where there is
 * more; what is not newer than that has no place yet, or hundreds that were asked for at one moment would come in again and again.
 * Those of one moment keep the places that they have: their order is the API's.
 */
export function arrivalsOf(
  ids: readonly string[],
  found: readonly Placed[],
  createdAt: (id: string) => string | undefined,
  oldest: string | undefined,
): { ids: readonly string[]; fresh: readonly string[]; older: ReadonlySet<string> } {
  const shown = new Set(ids)
  const unknown = found.filter(({ id }) => !shown.has(id))
  const isOlder = (row: Placed) => oldest !== undefined && row.createdAt <= oldest
  const older = new Set(unknown.filter(isOlder).map(({ id }) => id))
  const fresh = unknown
    .filter((row) => !isOlder(row))
    .toSorted((a, b) => (a.createdAt === b.createdAt ? 0 : a.createdAt < b.createdAt ? 1 : -1))
  if (fresh.length === 0) return { ids, fresh: [], older }

  const merged: string[] = []
  let next = 0
  for (const id of ids) {
    const there = createdAt(id) ?? ''
    for (let row = fresh[next]; row && row.createdAt >= there; row = fresh[++next]) merged.push(row.id)
    merged.push(id)
  }
  merged.push(...fresh.slice(next).map(({ id }) => id))
  return { ids: merged, fresh: fresh.map(({ id }) => id), older }
}

/** Milliseconds for which a row counts as new. */
const NEW_FOR = 2_000

/** Which rows came in a moment ago. */
export function createNovelty() {
  const since = new Map<string, number>()
  return {
    add(ids: readonly string[]): void {
      const now = Date.now()
      // In the order in which they came: the first that is new ends the search.
      for (const [id, at] of since) {
        if (now - at <= NEW_FOR) break
        since.delete(id)
      }
      for (const id of ids) since.set(id, now)
    },
    has: (id: string) => Date.now() - (since.get(id) ?? -Infinity) <= NEW_FOR,
  }
}
