import { Migration } from '@mikro-orm/migrations'
import { API_ROLE, WORKER_ROLE } from '../roles.ts'

/**
 * Tenants, people, reports and their attempts, with the three roles from the start: the owner migrates; the API's role
 * sees the transaction's tenant and nothing else (row-level security); the worker's role sees all tenants.
 */
export class M0001Spine extends Migration {
  override up(): void {
    this.addSql(`create schema if not exists broadsheet`)
    this.addSql(`revoke all on schema broadsheet from public`)
    this.addSql(`grant usage on schema broadsheet to ${API_ROLE}, ${WORKER_ROLE}`)

    this.addSql(`create table broadsheet.tenant (
      id text primary key check (id ~ '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$'),
      created_at timestamptz(3) not null default now())`)

    this.addSql(`create table broadsheet.app_user (
      id uuid primary key,
      tenant_id text not null references broadsheet.tenant,
      subject text,
      name text not null,
      email text,
      role text not null check (role in ('ADMIN', 'MEMBER', 'VIEWER')),
      removed_at timestamptz,
      created_at timestamptz(3) not null default now(),
      unique (tenant_id, subject))`)
    this.addSql(`create index app_user_listing on broadsheet.app_user (tenant_id, created_at, id)`)

    this.addSql(`create table broadsheet.api_token (
      id uuid primary key,
      tenant_id text not null references broadsheet.tenant,
      user_id uuid not null references broadsheet.app_user,
      name text not null,
      hash bytea not null unique,
      scopes text[] not null,
      last_used_at timestamptz,
      expires_at timestamptz,
      revoked_at timestamptz,
      created_at timestamptz(3) not null default now())`)
    this.addSql(`create index api_token_of_user on broadsheet.api_token (user_id)`)

    // The text of each report file that a report was accepted under: what runs, also after the file has changed.
    this.addSql(`create table broadsheet.report_definition (
      version text primary key,
      name text not null,
      kind text not null check (kind in ('sql', 'rows')),
      text text not null,
      created_at timestamptz(3) not null default now())`)

    this.addSql(`create table broadsheet.worker (
      id uuid primary key,
      host text not null,
      pid int not null,
      concurrency int not null,
      types text[] not null,
      started_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now())`)

    this.addSql(`create table broadsheet.report (
      id uuid primary key,
      tenant_id text not null references broadsheet.tenant,
      requested_by uuid not null references broadsheet.app_user,
      type_name text not null,
      type_version text not null references broadsheet.report_definition,
      title text not null,
      status text not null default 'QUEUED'
        check (status in ('QUEUED', 'RUNNING', 'CANCELING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED')),
      priority text not null check (priority in ('URGENT', 'HIGH', 'NORMAL', 'LOW')),
      format text not null,
      compression text not null,
      csv_dialect text not null,
      visibility text not null check (visibility in ('PRIVATE', 'TENANT')),
      parameters jsonb not null,
      resolved_parameters jsonb,
      time_zone text not null,
      tags text[] not null default '{}',
      regenerated_from uuid references broadsheet.report on delete set null,
      scheduled_for timestamptz,

      epoch bigint not null default 1,
      sequence bigint not null default 1048576,
      stage text not null default 'QUEUED',
      percent double precision,
      rows_written bigint not null default 0,
      rows_total bigint,
      bytes_written bigint not null default 0,
      message text,
      eta_seconds int,
      progress_at timestamptz not null default now(),

      attempt int not null default 0,
      charged int not null default 0,
      worker_id uuid,
      lease_expires_at timestamptz,
      available_at timestamptz not null default now(),
      failure jsonb,

      document jsonb,
      preview jsonb,
      created_at timestamptz(3) not null default now(),
      started_at timestamptz,
      finished_at timestamptz(3),
      expires_at timestamptz,
      check ((status = 'SUCCEEDED') <= (document is not null)),
      check ((status = 'FAILED') <= (failure is not null)),
      check ((status in ('RUNNING', 'CANCELING')) = (worker_id is not null and lease_expires_at is not null)))`)
    this.addSql(
      `create index report_waiting on broadsheet.report (priority, tenant_id, created_at, id) where status = 'QUEUED'`,
    )
    this.addSql(
      `create index report_held on broadsheet.report (lease_expires_at) where status in ('RUNNING', 'CANCELING')`,
    )
    this.addSql(`create index report_ending on broadsheet.report (expires_at) where status = 'SUCCEEDED'`)
    this.addSql(`create index report_listing on broadsheet.report (tenant_id, created_at, id)`)
    this.addSql(`create index report_own on broadsheet.report (tenant_id, requested_by, created_at, id)`)
    this.addSql(
      `create index report_finished on broadsheet.report (tenant_id, finished_at, id) where finished_at is not null`,
    )

    this.addSql(`create table broadsheet.report_attempt (
      report_id uuid not null references broadsheet.report on delete cascade,
      number int not null,
      tenant_id text not null,
      worker_id uuid not null,
      outcome text check (outcome in ('SUCCEEDED', 'FAILED', 'LOST', 'CANCELED', 'HANDED_BACK')),
      started_at timestamptz not null default now(),
      finished_at timestamptz(3),
      failure jsonb,
      primary key (report_id, number))`)

    // Whose turn it is. One row a priority: how much it was served, over its weight. One row a tenant and priority: when.
    this.addSql(`create table broadsheet.priority_turn (
      priority text primary key, weight int not null, served double precision not null default 0)`)
    this.addSql(
      `insert into broadsheet.priority_turn (priority, weight) values ('URGENT', 8), ('HIGH', 4), ('NORMAL', 2), ('LOW', 1)`,
    )
    this.addSql(`create table broadsheet.tenant_turn (
      priority text not null, tenant_id text not null, served_at bigint not null, primary key (priority, tenant_id))`)
    this.addSql(`create sequence broadsheet.turn`)

    this.guard()
    this.doors()
  }

  /** Row-level security and grants. */
  private guard(): void {
    for (const [table, key] of [
      ['tenant', 'id'],
      ['app_user', 'tenant_id'],
      ['api_token', 'tenant_id'],
      ['report', 'tenant_id'],
      ['report_attempt', 'tenant_id'],
    ] as const) {
      const mine = `${key} = current_setting('broadsheet.tenant_id', true)`
      this.addSql(`alter table broadsheet.${table} enable row level security`)
      this.addSql(`create policy own_tenant on broadsheet.${table} to ${API_ROLE} using (${mine}) with check (${mine})`)
      this.addSql(`create policy all_tenants on broadsheet.${table} to ${WORKER_ROLE} using (true) with check (true)`)
    }
    this.addSql(`grant select, insert on broadsheet.tenant, broadsheet.report_definition to ${API_ROLE}`)
    this.addSql(
      `grant select, insert, update on broadsheet.app_user, broadsheet.api_token, broadsheet.report to ${API_ROLE}`,
    )
    this.addSql(`grant delete on broadsheet.report to ${API_ROLE}`)
    this.addSql(
      `grant select on broadsheet.report_attempt, broadsheet.worker, broadsheet.priority_turn, broadsheet.tenant_turn to ${API_ROLE}`,
    )
    this.addSql(
      `grant select on broadsheet.tenant, broadsheet.app_user, broadsheet.report_definition to ${WORKER_ROLE}`,
    )
    this
      .addSql(`grant select, insert, update, delete on broadsheet.report, broadsheet.report_attempt, broadsheet.worker,
      broadsheet.priority_turn, broadsheet.tenant_turn to ${WORKER_ROLE}`)
    this.addSql(`grant usage on sequence broadsheet.turn to ${WORKER_ROLE}`)
  }

  /** The few questions that are asked before a tenant is known, or over all tenants: narrow, and answered by the owner. */
  private doors(): void {
    this.addSql(`create function broadsheet.find_api_token(wanted bytea)
      returns table (token_id uuid, user_id uuid, tenant_id text, role text, scopes text[], expires_at timestamptz, ended boolean)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select t.id, u.id, u.tenant_id, u.role, t.scopes, t.expires_at,
          t.revoked_at is not null or u.removed_at is not null or coalesce(t.expires_at <= now(), false)
        from api_token t join app_user u on u.id = t.user_id where t.hash = wanted $$`)
    this.addSql(`create function broadsheet.tenant_of_report(wanted uuid) returns text
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select tenant_id from report where id = wanted $$`)
    this.addSql(`create function broadsheet.progress_of(wanted uuid[])
      returns table (id uuid, tenant_id text, sequence bigint, status text, stage text, attempt int, percent double precision,
        rows_written bigint, rows_total bigint, bytes_written bigint, message text, eta_seconds int, progress_at timestamptz)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select id, tenant_id, sequence, status, stage, attempt, percent, rows_written, rows_total, bytes_written, message,
          eta_seconds, progress_at
        from report where id = any(wanted) $$`)
    for (const signature of ['find_api_token(bytea)', 'tenant_of_report(uuid)', 'progress_of(uuid[])']) {
      this.addSql(`revoke all on function broadsheet.${signature} from public`)
      this.addSql(`grant execute on function broadsheet.${signature} to ${API_ROLE}`)
    }
  }
}
