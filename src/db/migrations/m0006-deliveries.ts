import { Migration } from '@mikro-orm/migrations'
import { API_ROLE, WORKER_ROLE } from '../roles.ts'

/** What a target and a delivery have in common. */
const TARGET = 'channel, target, described, destination, secret, position, created_by'

/** Where outcomes go, and each outcome on its way there, with a fate of its own. */
export class M0006Deliveries extends Migration {
  override up(): void {
    this.addSql(`create table broadsheet.delivery_target (
      id uuid primary key default gen_random_uuid(),
      tenant_id text not null references broadsheet.tenant,
      report_id uuid references broadsheet.report on delete cascade,
      schedule_id uuid,
      channel text not null check (channel in ('EMAIL', 'WEBHOOK', 'BUCKET', 'WAREHOUSE')),
      target jsonb not null,
      described text not null,
      destination text not null,
      takes_failures boolean not null,
      secret bytea,
      position int not null,
      created_by uuid not null references broadsheet.app_user,
      created_at timestamptz(3) not null default clock_timestamp(),
      check (num_nonnulls(report_id, schedule_id) = 1))`)
    this.addSql(
      `create index delivery_target_of_report on broadsheet.delivery_target (report_id) where report_id is not null`,
    )
    this.addSql(
      `create index delivery_target_of_schedule on broadsheet.delivery_target (schedule_id) where schedule_id is not null`,
    )

    // due_at is also the lease: who tries a delivery moves it ahead, and one whose worker is gone is due again by itself.
    this.addSql(`create table broadsheet.delivery (
      id uuid primary key default gen_random_uuid(),
      tenant_id text not null references broadsheet.tenant,
      report_id uuid not null references broadsheet.report on delete cascade,
      requested_by uuid not null,
      channel text not null,
      target jsonb not null,
      described text not null,
      destination text not null,
      secret bytea,
      position int not null,
      created_by uuid not null references broadsheet.app_user,
      created_at timestamptz(3) not null default clock_timestamp(),
      news_status text not null check (news_status in ('SUCCEEDED', 'FAILED', 'CANCELED')),
      news_failure jsonb,
      news_at timestamptz(3) not null,
      status text not null default 'PENDING' check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
      attempts int not null default 0,
      charged int not null default 0,
      last_error text,
      last_attempt_at timestamptz(3),
      delivered_at timestamptz(3),
      worker_id uuid,
      due_at timestamptz(3) default clock_timestamp(),
      counted boolean not null default false,
      check ((status = 'PENDING') = (due_at is not null)),
      check ((status = 'SUCCEEDED') = (delivered_at is not null)))`)
    this.addSql(`create index delivery_of_report on broadsheet.delivery (report_id, created_at, position)`)
    this.addSql(
      `create index delivery_due on broadsheet.delivery (channel, destination, due_at) where status = 'PENDING'`,
    )
    this.addSql(`create index delivery_uncounted on broadsheet.delivery (id) where status <> 'PENDING' and not counted`)

    this.births()
    this.guard()
    this.doors()
  }

  /**
   * Deliveries are born in the statement that ends the report, whoever ends it and by whatever path: no crash and no
   * forgotten call comes between. Runs with the rights of who ends it.
   */
  private births(): void {
    this
      .addSql(`create function broadsheet.deliver_outcome() returns trigger language plpgsql set search_path = broadsheet, pg_temp as $$
      begin
        insert into delivery (tenant_id, report_id, requested_by, news_status, news_failure, news_at, ${TARGET})
        select new.tenant_id, new.id, new.requested_by, new.status, case when new.status = 'FAILED' then new.failure end,
          coalesce(new.finished_at, clock_timestamp()), ${TARGET}
        from delivery_target t where t.report_id = new.id and (new.status = 'SUCCEEDED' or t.takes_failures) order by t.position;
        return null;
      end $$`)
    this.addSql(`create trigger deliver_outcome after update of status on broadsheet.report for each row
      when (old.status is distinct from new.status and new.status in ('SUCCEEDED', 'FAILED', 'CANCELED'))
      execute function broadsheet.deliver_outcome()`)
  }

  /** Row-level security and grants. */
  private guard(): void {
    const mine = `tenant_id = current_setting('broadsheet.tenant_id', true)`
    for (const table of ['delivery_target', 'delivery']) {
      this.addSql(`alter table broadsheet.${table} enable row level security`)
      this.addSql(`create policy own_tenant on broadsheet.${table} to ${API_ROLE} using (${mine}) with check (${mine})`)
      this.addSql(`create policy all_tenants on broadsheet.${table} to ${WORKER_ROLE} using (true) with check (true)`)
    }
    this.addSql(`grant select, insert on broadsheet.delivery_target to ${API_ROLE}, ${WORKER_ROLE}`)
    this.addSql(`grant delete, update (position) on broadsheet.delivery_target to ${API_ROLE}`)
    this.addSql(`grant select, insert, update on broadsheet.delivery to ${API_ROLE}, ${WORKER_ROLE}`)
  }

  /** Numbers over all tenants, by channel. */
  private doors(): void {
    this.addSql(`create function broadsheet.delivery_figures()
      returns table (channel text, pending int, late_seconds double precision)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select channel, count(*)::int, extract(epoch from clock_timestamp() - min(due_at) filter (where due_at <= clock_timestamp()))
        from delivery where status = 'PENDING' group by channel order by channel $$`)
    this.addSql(`revoke all on function broadsheet.delivery_figures() from public`)
    this.addSql(`grant execute on function broadsheet.delivery_figures() to ${API_ROLE}`)
  }
}
