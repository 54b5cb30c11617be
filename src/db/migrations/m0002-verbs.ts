import { Migration } from '@mikro-orm/migrations'
import { API_ROLE, WORKER_ROLE } from '../roles.ts'

/** What asking again, auditing and waiting in line need: keys that were used, who did what, counts over all tenants. */
export class M0002Verbs extends Migration {
  override up(): void {
    // Whether the caller chose the title: one that was not chosen is made anew with the report's dates.
    this.addSql(`alter table broadsheet.report add column title_given boolean not null default false`)
    this.addSql(`create index report_reuse on broadsheet.report
      (tenant_id, requested_by, type_version, jsonb_hash_extended(resolved_parameters, 0)) where status in ('QUEUED', 'RUNNING', 'SUCCEEDED')`)

    // No foreign key: the key outlives what was made with it, so that it is not made twice.
    this.addSql(`create table broadsheet.idempotency_key (
      tenant_id text not null references broadsheet.tenant,
      user_id uuid not null references broadsheet.app_user,
      mutation text not null,
      key text not null,
      fingerprint text not null,
      object_id uuid not null,
      used_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, user_id, mutation, key))`)
    this.addSql(`create index idempotency_key_age on broadsheet.idempotency_key (used_at)`)

    // No foreign key to the report: that it was deleted is part of its history.
    this.addSql(`create table broadsheet.report_audit (
      id uuid primary key default gen_random_uuid(),
      tenant_id text not null references broadsheet.tenant,
      report_id uuid not null,
      kind text not null,
      by_user uuid references broadsheet.app_user,
      detail jsonb,
      at timestamptz(3) not null default clock_timestamp())`)
    this.addSql(`create index report_audit_of_report on broadsheet.report_audit (report_id, at, id)`)
    this.addSql(`create index report_audit_age on broadsheet.report_audit (at)`)

    this.guard()
    this.doors()
  }

  /** Row-level security and grants. What happened is added and read by the API, never changed. */
  private guard(): void {
    const mine = `tenant_id = current_setting('broadsheet.tenant_id', true)`
    for (const table of ['idempotency_key', 'report_audit']) {
      this.addSql(`alter table broadsheet.${table} enable row level security`)
      this.addSql(`create policy own_tenant on broadsheet.${table} to ${API_ROLE} using (${mine}) with check (${mine})`)
      this.addSql(`create policy all_tenants on broadsheet.${table} to ${WORKER_ROLE} using (true) with check (true)`)
    }
    this.addSql(`grant select, insert, update on broadsheet.idempotency_key to ${API_ROLE}`)
    this.addSql(`grant select, insert on broadsheet.report_audit to ${API_ROLE}`)
    this.addSql(`grant select, insert, delete on broadsheet.idempotency_key, broadsheet.report_audit to ${WORKER_ROLE}`)
    // What is purged is locked first, which Postgres allows to who may update something of the row.
    this.addSql(`grant update (used_at) on broadsheet.idempotency_key to ${WORKER_ROLE}`)
    this.addSql(`grant update (id) on broadsheet.report_audit to ${WORKER_ROLE}`)
  }

  /** Two counts over all tenants; they tell no tenant anything about another but how many wait. */
  private doors(): void {
    this.addSql(`create function broadsheet.waiting_reports(most bigint) returns bigint
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select count(*) from (select from report where status = 'QUEUED' limit most) waiting $$`)
    // One row for each priority and tenant with reports that are due, in the order that the claim would take the tenants.
    this.addSql(`create function broadsheet.waiting_line()
      returns table (priority text, weight int, served double precision, turn int, mine boolean, waiting int)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        with recursive line (priority, tenant_id) as (
          (select r.priority, r.tenant_id from report r where r.status = 'QUEUED' order by r.priority, r.tenant_id limit 1)
          union all
          select beyond.priority, beyond.tenant_id from line cross join lateral (
            select r.priority, r.tenant_id from report r
            where r.status = 'QUEUED' and (r.priority, r.tenant_id) > (line.priority, line.tenant_id)
            order by r.priority, r.tenant_id limit 1) beyond
        )
        select p.priority, p.weight, p.served,
          row_number() over (partition by p.priority order by coalesce(t.served_at, 0), head.created_at, head.id)::int,
          coalesce(line.tenant_id = current_setting('broadsheet.tenant_id', true), false),
          (select count(*) from report r where r.status = 'QUEUED' and r.priority = line.priority and r.tenant_id = line.tenant_id
            and r.available_at <= clock_timestamp())::int
        from line
        join priority_turn p on p.priority = line.priority
        left join tenant_turn t on t.priority = line.priority and t.tenant_id = line.tenant_id
        cross join lateral (
          select r.created_at, r.id from report r where r.status = 'QUEUED' and r.priority = line.priority
            and r.tenant_id = line.tenant_id and r.available_at <= clock_timestamp()
          order by r.created_at, r.id limit 1) head $$`)
    for (const signature of ['waiting_reports(bigint)', 'waiting_line()']) {
      this.addSql(`revoke all on function broadsheet.${signature} from public`)
      this.addSql(`grant execute on function broadsheet.${signature} to ${API_ROLE}`)
    }
  }
}
