import { Migration } from '@mikro-orm/migrations'
import { API_ROLE, WORKER_ROLE } from '../roles.ts'

/**
 * Schedules, the ledger of their slots, and what the workers that ask for them have to know of each other. A slot is one row
 * by its key: however many schedulers see it come, one of them writes it.
 */
export class M0005Schedules extends Migration {
  override up(): void {
    this.addSql(`create table broadsheet.schedule (
      id uuid primary key,
      tenant_id text not null references broadsheet.tenant,
      created_by uuid not null references broadsheet.app_user,
      title text not null,
      type_name text not null,
      parameters jsonb not null,
      uses_last_slot boolean not null,
      cron text,
      every text,
      at timestamptz(3),
      time_zone text not null,
      overlap_policy text not null check (overlap_policy in ('SKIP', 'ALLOW', 'QUEUE_ONE', 'CANCEL_RUNNING')),
      catch_up_window text not null,
      priority text not null check (priority in ('URGENT', 'HIGH', 'NORMAL', 'LOW')),
      format text not null,
      compression text not null,
      csv_dialect text not null,
      visibility text not null check (visibility in ('PRIVATE', 'TENANT')),
      tags text[] not null default '{}',

      paused boolean not null default false,
      paused_until timestamptz(3),
      slots_after timestamptz(3) not null,
      next_slot_at timestamptz(3),
      run_outcome text,
      run_from timestamptz(3),
      run_count int not null default 0,

      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      check (num_nonnulls(cron, every, at) = 1))`)
    this.addSql(`create index schedule_due on broadsheet.schedule (next_slot_at) where next_slot_at is not null`)
    this.addSql(`create index schedule_listing on broadsheet.schedule (tenant_id, created_at, id)`)
    this.addSql(`create index schedule_own on broadsheet.schedule (tenant_id, created_by, created_at, id)`)

    // count and until: a run of slots in one row. late: it came while no scheduler looked, and is caught up.
    this.addSql(`create table broadsheet.schedule_slot (
      schedule_id uuid not null references broadsheet.schedule on delete cascade,
      scheduled_for timestamptz(3) not null,
      tenant_id text not null,
      outcome text not null check (outcome in
        ('REQUESTED', 'WAITING', 'SKIPPED_OVERLAP', 'SKIPPED_PAUSED', 'MISSED', 'CAUGHT_UP', 'BLOCKED')),
      reason text,
      report_id uuid,
      late boolean not null default false,
      count int not null default 1,
      until timestamptz(3),
      at timestamptz(3) not null default clock_timestamp(),
      counted int not null default 0,
      primary key (schedule_id, scheduled_for))`)
    this.addSql(
      `create index schedule_slot_waiting on broadsheet.schedule_slot (schedule_id, scheduled_for) where outcome = 'WAITING'`,
    )
    this.addSql(
      `create index schedule_slot_uncounted on broadsheet.schedule_slot (schedule_id) where outcome <> 'WAITING' and counted < count`,
    )
    this.addSql(`create index schedule_slot_age on broadsheet.schedule_slot (at)`)

    // Beside the schedule and not in it: the end of a report never waits for whoever holds the schedule, nor the other way round.
    this.addSql(`create table broadsheet.schedule_success (
      schedule_id uuid primary key references broadsheet.schedule on delete cascade,
      tenant_id text not null,
      last_slot timestamptz(3) not null)`)

    // When schedulers were there: a slot that came meanwhile came in time, however long the others of its minute took.
    this.addSql(`create table broadsheet.scheduler_look (
      id boolean primary key default true check (id),
      looked_at timestamptz not null,
      in_time_from timestamptz not null)`)
    this.addSql(`insert into broadsheet.scheduler_look (looked_at, in_time_from) values (now(), now())`)

    this.reports()
    this.guard()
  }

  /** What a report knows of its schedule. No foreign key: it outlives it, and goes on saying whose it was. */
  private reports(): void {
    this.addSql(`alter table broadsheet.report add column schedule_id uuid, add column last_slot timestamptz(3)`)
    this.addSql(
      `create index report_of_schedule on broadsheet.report (schedule_id, created_at, id) where schedule_id is not null`,
    )
    this.addSql(`create index report_of_schedule_open on broadsheet.report (schedule_id)
      where schedule_id is not null and status in ('QUEUED', 'RUNNING', 'CANCELING')`)
    // Here, and not where an attempt ends: no path to SUCCEEDED can forget it, and it is committed with it.
    this
      .addSql(`create function broadsheet.note_slot_succeeded() returns trigger language plpgsql set search_path = broadsheet, pg_temp as $$
      begin
        update schedule_success set last_slot = new.scheduled_for where schedule_id = new.schedule_id and last_slot < new.scheduled_for;
        return null;
      end $$`)
    this.addSql(`create trigger slot_succeeded after update of status on broadsheet.report for each row
      when (new.status = 'SUCCEEDED' and old.status <> 'SUCCEEDED' and new.schedule_id is not null and new.scheduled_for is not null)
      execute function broadsheet.note_slot_succeeded()`)
  }

  /** Row-level security and grants. The API writes schedules, and to their ledgers what a pause or another cadence makes of slots; all else is the worker's. */
  private guard(): void {
    const mine = `tenant_id = current_setting('broadsheet.tenant_id', true)`
    for (const table of ['schedule', 'schedule_slot', 'schedule_success']) {
      this.addSql(`alter table broadsheet.${table} enable row level security`)
      this.addSql(`create policy own_tenant on broadsheet.${table} to ${API_ROLE} using (${mine}) with check (${mine})`)
      this.addSql(`create policy all_tenants on broadsheet.${table} to ${WORKER_ROLE} using (true) with check (true)`)
    }
    this.addSql(`grant select, insert, update, delete on broadsheet.schedule to ${API_ROLE}`)
    this.addSql(`grant select, insert, update, delete on broadsheet.schedule_slot to ${API_ROLE}`)
    this.addSql(`grant select, insert on broadsheet.schedule_success to ${API_ROLE}`)
    this.addSql(`grant select, update on broadsheet.schedule, broadsheet.schedule_success to ${WORKER_ROLE}`)
    this.addSql(`grant select, insert, update, delete on broadsheet.schedule_slot to ${WORKER_ROLE}`)
    this.addSql(`grant select, update on broadsheet.scheduler_look to ${WORKER_ROLE}`)
    // The scheduler accepts reports as the API does.
    this.addSql(`grant insert on broadsheet.report_definition to ${WORKER_ROLE}`)
    this.addSql(`grant execute on function broadsheet.waiting_reports(bigint) to ${WORKER_ROLE}`)
  }
}
