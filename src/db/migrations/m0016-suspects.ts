import { Migration } from '@mikro-orm/migrations'

/**
 * A report that has lost its worker twice is suspected of it: no worker holds two such at once, so that a third loss has one
 * culprit. `losses` counts them since the report was last asked for.
 */
export class M0016Suspects extends Migration {
  override up(): void {
    this.addSql('alter table broadsheet.report add column losses int not null default 0')
    // As before, but for the suspects.
    this.addSql(`create or replace function broadsheet.claim_report(worker uuid, types text[], tenant_most int)
      returns setof broadsheet.report language plpgsql as $$
      declare chosen_id uuid; claimed_id uuid; holds_suspect boolean;
      begin
        perform from broadsheet.priority_turn order by priority for update;
        select exists (select from broadsheet.report r where r.status in ('RUNNING', 'CANCELING') and r.worker_id = worker and r.losses >= 2)
          into holds_suspect;
        for look in 1..5 loop
          with recursive waiting (priority, tenant_id) as (
            (select r.priority, r.tenant_id from broadsheet.report r where r.status = 'QUEUED' order by r.priority, r.tenant_id limit 1)
            union all
            select beyond.priority, beyond.tenant_id from waiting cross join lateral (
              select r.priority, r.tenant_id from broadsheet.report r
              where r.status = 'QUEUED' and (r.priority, r.tenant_id) > (waiting.priority, waiting.tenant_id)
              order by r.priority, r.tenant_id limit 1) beyond
          ), head as materialized (
            select waiting.priority, waiting.tenant_id, first.id, first.created_at, p.served, p.weight,
              coalesce(t.served_at, 0) as tenant_served
            from waiting
            join broadsheet.priority_turn p using (priority)
            left join broadsheet.tenant_turn t using (priority, tenant_id)
            cross join lateral (
              select r.id, r.created_at from broadsheet.report r
              where r.status = 'QUEUED' and r.priority = waiting.priority and r.tenant_id = waiting.tenant_id
                and r.available_at <= clock_timestamp() and r.type_name = any(types)
                and (r.losses < 2 or not holds_suspect)
              order by r.created_at, r.id limit 1) first
            where tenant_most is null or tenant_most > (
              select count(*) from broadsheet.report r
              where r.tenant_id = waiting.tenant_id and r.status in ('RUNNING', 'CANCELING'))
          ), chosen as materialized (
            select * from head order by served, weight desc, tenant_served, created_at, id limit 1
          ), claimed as (
            update broadsheet.report r set
              status = 'RUNNING', attempt = r.attempt + 1, charged = r.charged + 1, epoch = r.epoch + 1,
              sequence = (r.epoch + 1) * 1048576, worker_id = worker,
              lease_expires_at = clock_timestamp() + interval '15 seconds',
              stage = 'READING', percent = null, rows_written = 0, rows_total = null, bytes_written = 0, message = null,
              eta_seconds = null, progress_at = clock_timestamp(), started_at = clock_timestamp(), finished_at = null, failure = null
            where r.id = (select c.id from chosen c) and r.status = 'QUEUED'
            returning r.*
          ), noted as (
            insert into broadsheet.report_attempt (report_id, number, tenant_id, worker_id, started_at)
            select c.id, c.attempt, c.tenant_id, c.worker_id, c.started_at from claimed c
          ), turned as (
            update broadsheet.priority_turn p set served = case
              when p.priority = chosen.priority then chosen.served + 1.0 / p.weight
              when p.priority in (select h.priority from head h) then p.served
              else greatest(p.served, chosen.served) end
            from chosen where exists (select from claimed)
          ), tenant_turned as (
            insert into broadsheet.tenant_turn (priority, tenant_id, served_at)
            select c.priority, c.tenant_id, nextval('broadsheet.turn') from claimed c
            on conflict (priority, tenant_id) do update set served_at = excluded.served_at
          )
          select chosen.id, claimed.id into chosen_id, claimed_id from chosen left join claimed on true;
          exit when chosen_id is null;
          if claimed_id is not null then
            return query select * from broadsheet.report r where r.id = claimed_id;
            return;
          end if;
        end loop;
      end $$`)
  }
}
