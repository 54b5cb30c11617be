import type { Database } from '../db/orm.ts'

/** Attempts counted in one statement; the next one counts more. */
const STEP = 1_000

/** Upper ends of the classes in which durations of attempts are counted, in seconds; the last class has none. */
export const DURATION_CLASSES: readonly number[] = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600]

/**
 * Adds attempts that have ended to the totals, each exactly once, whoever wrote its end and whatever became of that process.
 * Any number of workers may do it at once. Resolves to how many there were: STEP means that there may be more.
 *
 * Families: attempts (by outcome), failures (by code), seconds ("OUTCOME class", where class n is up to DURATION_CLASSES[n]),
 * seconds_sum (by outcome), rows and bytes (of documents).
 */
export async function countAttempts(database: Database): Promise<number> {
  const [row] = await database.statement<{ count: number }>(
    `with fresh as (
        select report_id, number from broadsheet.report_attempt where outcome is not null and not counted limit ${STEP} for update skip locked
      ), counted as (
        update broadsheet.report_attempt a set counted = true from fresh, broadsheet.report r
        where a.report_id = fresh.report_id and a.number = fresh.number and r.id = a.report_id
        returning a.outcome, a.failure->>'code' as code, extract(epoch from a.finished_at - a.started_at)::float8 as seconds,
          case when a.outcome = 'SUCCEEDED' then r.rows_written else 0 end as rows, case when a.outcome = 'SUCCEEDED' then r.bytes_written else 0 end as bytes
      ), added (family, label, value) as (
        select 'attempts', outcome, count(*)::float8 from counted group by outcome
        union all select 'failures', code, count(*) from counted where code is not null group by code
        union all select 'seconds', outcome || ' ' || width_bucket(seconds, array[${DURATION_CLASSES.join(',')}]::float8[]), count(*) from counted group by 2
        union all select 'seconds_sum', outcome, sum(seconds) from counted group by outcome
        union all select 'rows', '', sum(rows) from counted having count(*) > 0
        union all select 'bytes', '', sum(bytes) from counted having count(*) > 0
      ), told as (
        -- In one order, so that two who count never wait for each other in a ring.
        insert into broadsheet.tally (family, label, value) select family, label, value from added order by family, label
        on conflict (family, label) do update set value = tally.value + excluded.value
      ) select count(*)::int as count from counted`,
  )
  return row!.count
}

/** Adds slots of schedules whose outcome is known, each exactly once: family slots, by outcome. Otherwise as countAttempts. */
export async function countSlots(database: Database): Promise<number> {
  const [row] = await database.statement<{ count: number }>(
    `with fresh as (
        select schedule_id, scheduled_for, count - counted as news from broadsheet.schedule_slot
        where outcome <> 'WAITING' and counted < count limit ${STEP} for update skip locked
      ), counted as (
        update broadsheet.schedule_slot s set counted = s.count from fresh
        where s.schedule_id = fresh.schedule_id and s.scheduled_for = fresh.scheduled_for returning s.outcome, fresh.news
      ), told as (
        insert into broadsheet.tally (family, label, value)
        select 'slots', outcome, sum(news)::float8 from counted group by outcome order by outcome
        on conflict (family, label) do update set value = tally.value + excluded.value
      ) select count(*)::int as count from counted`,
  )
  return row!.count
}

/** Adds deliveries that have ended ("CHANNEL OUTCOME"), each end once. Resolves to how many there were. */
export async function countDeliveries(database: Database): Promise<number> {
  const [row] = await database.transaction((em) =>
    em.execute<{ count: number }[]>(
      `with fresh as (
        select id from broadsheet.delivery where status <> 'PENDING' and not counted limit ${STEP} for update skip locked
      ), counted as (
        update broadsheet.delivery d set counted = true from fresh where d.id = fresh.id returning d.channel, d.status
      ), told as (
        insert into broadsheet.tally (family, label, value)
        select 'deliveries', channel || ' ' || status, count(*) from counted group by 2 order by 2
        on conflict (family, label) do update set value = tally.value + excluded.value
      ) select count(*)::int as count from counted`,
    ),
  )
  return row!.count
}

/** Adds failures that no attempt has: of reports that were never started. */
export async function countFailures(database: Database, code: string, count: number): Promise<void> {
  await database.statement(
    `insert into broadsheet.tally (family, label, value) values ('failures', ?, ?)
       on conflict (family, label) do update set value = tally.value + excluded.value`,
    [code, count],
  )
}
