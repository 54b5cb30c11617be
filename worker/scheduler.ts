import type { Database } from '../src/db/orm.ts'
import { Unavailable } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import type { Change, Scheduling, Step } from '../src/schedule/scheduling.ts'
import type { TellSchedule } from '../src/schedule/tell.ts'

/** A scheduler looks at least so often, in milliseconds: schedules are made and changed while it sleeps. */
const LOOK_EVERY = 500
/** And so much later where something is due that it may not take: others hold it, or have its type. */
const HELD_BY_OTHERS = 250
/** Schedulers that have not looked for longer than this were away: what came meanwhile is caught up or MISSED. */
const AWAY_AFTER = `interval '10 seconds'`

/**
 * Says that a scheduler looks, at most once a second in all. After an absence, and after a clock that was put back, slots of
 * the last 10 s still count as in time: of one schedule that is one at most.
 */
const SAY_THAT_WE_LOOK = `
update broadsheet.scheduler_look set looked_at = statement_timestamp(),
  in_time_from = case when looked_at < statement_timestamp() - ${AWAY_AFTER} then statement_timestamp() - ${AWAY_AFTER}
    else least(in_time_from, statement_timestamp() - ${AWAY_AFTER}) end
where looked_at not between statement_timestamp() - interval '1 second' and statement_timestamp()`

/** How long until the next slot comes, in milliseconds by the database's clock (null: none), and whether any waits. */
const PEEK = `
select (select extract(epoch from min(next_slot_at) - statement_timestamp()) * 1000 from broadsheet.schedule
    where next_slot_at is not null)::float8 as due_in,
  exists (select from broadsheet.schedule_slot where outcome = 'WAITING') as waiting`

/** Asks for the reports of schedules when their slots come, beside any number of others that do the same. */
export function createScheduler(deps: {
  database: Database
  scheduling: Scheduling
  /** After the commit. Never throws, never waits. */
  tell(change: Change): void
  /** The same for schedules whose slots have come. */
  tellSchedule: TellSchedule
  log: Log
}): { close(): Promise<void> } {
  const { database, scheduling, log } = deps
  let closed = false
  let outage = false
  let timer: NodeJS.Timeout | undefined

  async function told(step: Promise<Step>): Promise<number> {
    const { moved, changes, slots } = await step
    for (const change of changes) deps.tell(change)
    for (const slot of slots) deps.tellSchedule(slot)
    return moved
  }

  /** Takes what is due until nothing more is; milliseconds until the next look. */
  async function look(): Promise<number> {
    while (!closed) {
      await database.statement(SAY_THAT_WE_LOOK)
      const [seen] = await database.statement<{ due_in: number | null; waiting: boolean }>(PEEK)
      const dueIn = seen?.due_in ?? Infinity
      let moved = 0
      if (dueIn <= 0) moved += await told(scheduling.takeDue())
      if (seen?.waiting && !closed) moved += await told(scheduling.askWaiting())
      if (moved === 0) return dueIn <= 0 ? HELD_BY_OTHERS : Math.min(LOOK_EVERY, Math.ceil(dueIn))
    }
    return LOOK_EVERY
  }

  async function lookAgain(): Promise<void> {
    let pause = LOOK_EVERY
    try {
      pause = await look()
      if (outage) log.info('schedules are looked after again')
      outage = false
    } catch (error) {
      if (!outage || !(error instanceof Unavailable)) log.warn({ err: error }, 'schedules can not be looked after')
      outage = true
    }
    if (!closed) timer = setTimeout(() => (looking = lookAgain()), pause)
  }

  let looking = lookAgain()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await looking
    },
  }
}
