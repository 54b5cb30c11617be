import type { Database } from './orm.ts'

/** How old a measure may be before the next is taken beside the work, and before the work waits for it; in milliseconds. */
const MEASURE_AGAIN = 5_000
const OLDEST = 30_000

/** The database's clock, as this process knows it. */
export interface Clock {
  /** To within half a journey to the database. Rejects with Unavailable where it was never, or long not, reached. */
  now(): Promise<Date>
}

/**
 * The time of the database without a journey for each question: its distance from this process's monotonic clock, which no
 * change of the machine's own time moves. Several processes then agree on what "today" is to within milliseconds.
 */
export function createClock(database: Pick<Database, 'statement'>, ticks = () => performance.now()): Clock {
  let distance = 0
  let measuredAt = -Infinity
  let measuring: Promise<void> | undefined

  async function measure(): Promise<void> {
    const began = ticks()
    const [row] = await database.statement<{ ms: string }>(`select extract(epoch from clock_timestamp()) * 1000 as ms`)
    const ended = ticks()
    distance = Number(row!.ms) - (began + ended) / 2
    measuredAt = ended
  }
  function again(): Promise<void> {
    measuring ??= measure().finally(() => (measuring = undefined))
    return measuring
  }

  return {
    async now() {
      const age = ticks() - measuredAt
      if (age > OLDEST) await again()
      // Where the database is away, the statement that the time is for will say so.
      else if (age > MEASURE_AGAIN) again().catch(() => undefined)
      return new Date(distance + ticks())
    },
  }
}
