import type { ScheduleChange } from './schedule-change.ts'

/** What the rows of a tenant say: how many schedules there are, and what has lately happened to them. */
export interface ScheduleRows {
  readonly count: number
  /** CREATED, CHANGED or SLOT, with the moment in the row; an older one of each may be told again in a later reading. */
  readonly recent: readonly ScheduleChange[]
  /** When they were read, by the database's clock, in milliseconds. */
  readonly at: number
}

interface Known {
  changed: number
  slot: number
  counted: boolean
}

/** What is remembered of a schedule after its last change, in milliseconds: no reading tells of what is older. */
const REMEMBERED = 120_000

/**
 * Holds what was told of a tenant's schedules against their rows, and finds what was not. A deletion leaves no row: it shows in
 * the number of schedules, and only where that is wrong twice running, as news may be on its way while rows are read. Pure.
 */
export function createScheduleLedger(first: ScheduleRows) {
  const known = new Map<string, Known>()
  let { count } = first
  let doubted = false
  for (const change of first.recent) note(change).counted = true

  function note({ kind, scheduleId, at }: ScheduleChange): Known {
    const entry = known.get(scheduleId) ?? { changed: -Infinity, slot: -Infinity, counted: false }
    known.set(scheduleId, entry)
    if (kind === 'SLOT') entry.slot = Math.max(entry.slot, at)
    else entry.changed = Math.max(entry.changed, at)
    return entry
  }

  /** Takes note of what is told. */
  function told(change: ScheduleChange): void {
    const entry = note(change)
    if (change.kind === 'CREATED' && !entry.counted) count += 1
    if (change.kind === 'CREATED') entry.counted = true
    if (change.kind === 'DELETED') count -= 1
  }

  return {
    told,
    /** What the rows say and nobody has told; null: something has happened of which nothing is known but that. */
    missed(rows: ScheduleRows): ScheduleChange[] | null {
      for (const [id, { changed, slot }] of known) if (Math.max(changed, slot) < rows.at - REMEMBERED) known.delete(id)
      const news = rows.recent.filter(({ kind, scheduleId, at }) => {
        const entry = known.get(scheduleId)
        return !entry || at > (kind === 'SLOT' ? entry.slot : entry.changed)
      })
      for (const change of news) told(change)
      const wrong = rows.count !== count
      if (!wrong || !doubted) {
        doubted = wrong
        return news
      }
      count = rows.count
      doubted = false
      return null
    },
  }
}

export type ScheduleLedger = ReturnType<typeof createScheduleLedger>
