import { Migration } from '@mikro-orm/migrations'
import { API_ROLE, WORKER_ROLE } from '../roles.ts'

const REPORT_COLUMNS = `id, tenant_id, requested_by, type_name, type_version, title, title_given, priority, format, compression, csv_dialect,
  visibility, parameters, resolved_parameters, time_zone, tags, regenerated_from, schedule_id, scheduled_for, created_at, traceparent`

/** Files that reports read, and who names them: a report that has not ended, or a schedule, keeps what it names. */
export class M0013Uploads extends Migration {
  override up(): void {
    // used_at: touched by whoever names it, so that a sweep that looks in the same moment sees it and passes it over.
    this.addSql(`create table broadsheet.upload (
      id uuid primary key,
      tenant_id text not null references broadsheet.tenant,
      created_by uuid not null references broadsheet.app_user,
      file_name text not null,
      content_type text not null,
      byte_size bigint not null check (byte_size > 0),
      status text not null default 'WAITING' check (status in ('WAITING', 'READY', 'REFUSED', 'EXPIRED')),
      refusal text,
      key text,
      sha256 text,
      created_at timestamptz(3) not null default clock_timestamp(),
      put_until timestamptz(3) not null,
      expires_at timestamptz(3) not null,
      used_at timestamptz,
      check ((status = 'READY') = (key is not null and sha256 is not null)),
      check ((status = 'REFUSED') = (refusal is not null)))`)
    this.addSql(
      `create index upload_alive on broadsheet.upload (tenant_id, created_by) where status in ('WAITING', 'READY')`,
    )
    this.addSql(`create index upload_ending on broadsheet.upload (status, expires_at)`)
    this.addSql(`alter table broadsheet.report add column uploads uuid[] not null default '{}'`)
    this.addSql(`alter table broadsheet.schedule add column uploads uuid[] not null default '{}'`)
    this.addSql(`create index report_uploads on broadsheet.report using gin (uploads)
      where uploads <> '{}' and status in ('QUEUED', 'RUNNING', 'CANCELING')`)
    this.addSql(`create index schedule_uploads on broadsheet.schedule using gin (uploads) where uploads <> '{}'`)

    // As in m0012, with the uploads that each row names; a process from before this migration names none.
    this.addSql(`create or replace function broadsheet.accept_reports(asked jsonb, tenant text)
      returns setof broadsheet.report language plpgsql as $$
      begin
        if tenant is not null then perform set_config('broadsheet.tenant_id', tenant, true); end if;
        insert into broadsheet.report_definition (version, name, kind, text)
          select t.version, t.name, t.kind, t.text
          from jsonb_to_recordset(asked->'types') as t (version text, name text, kind text, text text)
          order by t.version on conflict do nothing;
        return query insert into broadsheet.report (${REPORT_COLUMNS}, uploads)
          select ${REPORT_COLUMNS}, coalesce(uploads, '{}')
          from jsonb_populate_recordset(null::broadsheet.report, asked->'rows') returning *;
        insert into broadsheet.report_audit (tenant_id, report_id, kind, by_user, detail)
          select n.tenant, n.id, 'REQUESTED', n.by, n.detail
          from jsonb_to_recordset(asked->'notes') as n (tenant text, id uuid, by uuid, detail jsonb);
      end $$`)
    this.guard()
  }

  /** Row-level security and grants. */
  private guard(): void {
    const mine = `tenant_id = current_setting('broadsheet.tenant_id', true)`
    this.addSql(`alter table broadsheet.upload enable row level security`)
    this.addSql(`create policy own_tenant on broadsheet.upload to ${API_ROLE} using (${mine}) with check (${mine})`)
    this.addSql(`create policy all_tenants on broadsheet.upload to ${WORKER_ROLE} using (true) with check (true)`)
    this.addSql(`grant select, insert, update on broadsheet.upload to ${API_ROLE}`)
    this.addSql(`grant select, update, delete on broadsheet.upload to ${WORKER_ROLE}`)
  }
}
