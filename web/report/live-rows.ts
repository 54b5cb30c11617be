import type { Store } from '../api/store.ts'
import type { ProgressFactsFragment, ReportRowFragment } from '../generated/graphql.ts'
import { onceAFrame } from '../parts/frame.ts'

export type LiveRow = Pick<Store<ReportRowFragment | undefined>, 'get' | 'listen'>

/** The rows of a list, each drawn alone when it moves, once in a frame however often it does. */
export function createLiveRows(sighted: (id: string) => void) {
  const rows = new Map<string, ReportRowFragment>()
  const listeners = new Map<string, Set<() => void>>()
  const moved = new Set<string>()
  const drawing = onceAFrame(() => {
    const those = [...moved]
    moved.clear()
    for (const id of those) for (const heard of listeners.get(id) ?? []) heard()
  })

  function put(row: ReportRowFragment): void {
    rows.set(row.id, row)
    if (!listeners.has(row.id)) return
    moved.add(row.id)
    drawing.ask()
  }

  return {
    get: (id: string) => rows.get(id),
    has: (id: string) => rows.has(id),
    isInSight: (id: string) => listeners.has(id),

    /** Rows as they were read; an event may have overtaken the answer. */
    keep(found: Iterable<ReportRowFragment>): void {
      for (const row of found) {
        const known = rows.get(row.id)?.progress
        const progress = known && known.sequence > row.progress.sequence ? known : row.progress
        put({ ...row, status: progress.status, progress })
      }
    },
    /** False: there is no such row here. */
    move(id: string, progress: ProgressFactsFragment): boolean {
      const row = rows.get(id)
      if (row && progress.sequence > row.progress.sequence) put({ ...row, status: progress.status, progress })
      return row !== undefined
    },
    drop: (id: string) => rows.delete(id),
    /** Forgets all others. */
    forgetOthers(ids: Iterable<string>): void {
      const kept = new Set(ids)
      for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id)
    },

    row: (id: string): LiveRow => ({
      get: () => rows.get(id),
      listen(heard) {
        const those = listeners.get(id) ?? new Set()
        listeners.set(id, those.add(heard))
        sighted(id)
        return () => {
          those.delete(heard)
          if (those.size === 0 && listeners.get(id) === those) listeners.delete(id)
        }
      },
    }),
    close: drawing.close,
  }
}
