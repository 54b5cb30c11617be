import { v7 as uuid } from 'uuid'
import type { TestDatabase } from './database.ts'

export interface ScheduleMade {
  title?: string
  type?: string
  parameters?: object
  usesLastSlot?: boolean
  /** Milliseconds between slots, or any cadence of the row's. */
  cron?: string
  every?: string
  at?: Date
  timeZone?: string
  overlapPolicy?: string
  catchUpWindow?: string
  paused?: boolean
  createdBy?: string
  tenantId?: string
  createdAt: Date
  /** The last slot that is in the ledger. */
  slotsAfter?: Date
  nextSlotAt: Date
}

export interface LedgerRow {
  slot: string
  outcome: string
  reason: string | null
  report_id: string | null
  count: number
  until: string | null
}

/** Schedules as rows, for what is tested without the API. */
export function schedulesIn(database: TestDatabase) {
  return {
    async person(role = 'MEMBER', tenantId = 'default'): Promise<string> {
      const id = uuid()
      await database.sql(`insert into broadsheet.tenant (id) values ($1) on conflict do nothing`, [tenantId])
      await database.sql(`insert into broadsheet.app_user (id, tenant_id, name, role) values ($1, $2, 'Ada', $3)`, [
        id,
        tenantId,
        role,
      ])
      return id
    },
    async make(made: ScheduleMade & { createdBy: string }): Promise<string> {
      const id = uuid()
      const { tenantId = 'default', cron = null, at = null, slotsAfter = made.createdAt } = made
      await database.sql(
        `with made as (
          insert into broadsheet.schedule (id, tenant_id, created_by, title, type_name, parameters, uses_last_slot, cron, every, at, time_zone,
            overlap_policy, catch_up_window, priority, format, compression, csv_dialect, visibility, paused, slots_after, next_slot_at,
            created_at, updated_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'NORMAL', 'CSV', 'NONE', 'POSTGRES', 'PRIVATE', $14, $15, $16, $17, $17)
          returning id, tenant_id, created_at)
        insert into broadsheet.schedule_success select * from made`,
        [
          id, tenantId, made.createdBy, made.title ?? 'Plain things', made.type ?? 'plain', JSON.stringify(made.parameters ?? {}),
          made.usesLastSlot ?? false, cron, made.every ?? (cron || at ? null : 'PT10M'), at, made.timeZone ?? 'UTC', made.overlapPolicy ?? 'SKIP',
          made.catchUpWindow ?? 'PT1H', made.paused ?? false, slotsAfter, made.nextSlotAt, made.createdAt,
        ], // prettier-ignore
      )
      return id
    },
    /** The slots that have come, oldest first. */
    ledger: (id: string) =>
      database.sql<LedgerRow>(
        `select to_char(scheduled_for at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as slot, outcome, reason, report_id, count,
           to_char(until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as until
         from broadsheet.schedule_slot where schedule_id = $1 order by scheduled_for`,
        [id],
      ),
    /** Schedulers have been there since then, and look now. */
    lookedSince: (moment: Date) =>
      database.sql(
        `update broadsheet.scheduler_look set looked_at = clock_timestamp() + interval '1 minute', in_time_from = $1`,
        [moment],
      ),
    /** All reports of the schedule have come to this end. */
    end: (id: string, status: 'SUCCEEDED' | 'FAILED' | 'CANCELED' = 'SUCCEEDED') =>
      database.sql(
        `update broadsheet.report set status = $2, worker_id = null, lease_expires_at = null, finished_at = clock_timestamp(),
           document = case when $2 = 'SUCCEEDED' then '{"key": "k"}'::jsonb end,
           failure = case when $2 = 'FAILED' then '{"code": "INTERNAL", "message": "", "retryable": false}'::jsonb end
         where schedule_id = $1 and status in ('QUEUED', 'RUNNING', 'CANCELING')`,
        [id, status],
      ),
  }
}

/**
 * What is wrong with the ledgers of schedules that have a slot every so many seconds: a slot between the first and the last that
 * is not there, one that asked and has no report, a report that no slot or two slots have asked for. Empty: nothing.
 */
export function ledgerFaults(database: TestDatabase, seconds: number): Promise<object[]> {
  return database.sql(
    `select 'gap' as fault, schedule_id, scheduled_for from (
       select schedule_id, scheduled_for, coalesce(until, scheduled_for) as until,
         lead(scheduled_for) over (partition by schedule_id order by scheduled_for) as next
       from broadsheet.schedule_slot) slots
     where next is not null and next - until <> make_interval(secs => $1)
     union all
     select 'first', s.id, first.at from broadsheet.schedule s
       left join lateral (select min(scheduled_for) as at from broadsheet.schedule_slot where schedule_id = s.id) first on true
     where first.at is distinct from s.created_at + make_interval(secs => $1)
     union all
     select 'behind', s.id, s.slots_after from broadsheet.schedule s
       join lateral (select max(coalesce(until, scheduled_for)) as at from broadsheet.schedule_slot where schedule_id = s.id) last on true
     where last.at <> s.slots_after
     union all
     select 'no report', l.schedule_id, l.scheduled_for from broadsheet.schedule_slot l
       where (l.outcome in ('REQUESTED', 'CAUGHT_UP')) <> exists (
         select from broadsheet.report r where r.id = l.report_id and r.schedule_id = l.schedule_id and r.scheduled_for = l.scheduled_for)
     union all
     select 'no slot', r.schedule_id, r.scheduled_for from broadsheet.report r
       where not exists (select from broadsheet.schedule_slot l where l.report_id = r.id)
     union all
     select 'twice', schedule_id, scheduled_for from broadsheet.report group by schedule_id, scheduled_for having count(*) > 1`,
    [seconds],
  )
}
