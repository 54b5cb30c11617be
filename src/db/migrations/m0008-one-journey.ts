import { Migration } from '@mikro-orm/migrations'
import { API_ROLE, WORKER_ROLE } from '../roles.ts'

/**
 * Accepting and claiming as one call each. A journey to the database costs the API more than the work there; and a claimer that
 * is frozen between two statements would hold the turns of all others.
 */
export class M0008OneJourney extends Migration {
  override up(): void {
    this.accept()
    this.claim()
    for (const [signature, role] of [
      ['accept_reports(jsonb, text)', API_ROLE],
      ['accept_reports(jsonb, text)', WORKER_ROLE],
      ['claim_report(uuid, text[], int)', WORKER_ROLE],
    ] as const) {
      this.addSql(`revoke all on function broadsheet.${signature} from public`)
      this.addSql(`grant execute on function broadsheet.${signature} to ${role}`)
    }
    // The limit of a tenant's running reports counts them for each tenant that waits.
    this.addSql(`create index report_running on broadsheet.report (tenant_id) where status in ('RUNNING', 'CANCELING')`)
  }

  /**
   * The types' definitions, the rows QUEUED and the notes of who asked: a few at once for the scheduler, one for a viewer, whose
   * tenant the call then names, as it is a transaction of its own. With the rights of the caller.
   */
  private accept(): void {
    const columns = `id, tenant_id, requested_by, type_name, type_version, title, title_given, priority, format, compression, csv_dialect,
      visibility, parameters, resolved_parameters, time_zone, tags, regenerated_from, schedule_id, scheduled_for, created_at`
    this.addSql(`create function broadsheet.accept_reports(asked jsonb, tenant text)
      returns setof broadsheet.report language plpgsql as $$
      begin
        if tenant is not null then perform set_config('broadsheet.tenant_id', tenant, true); end if;
        insert into broadsheet.report_definition (version, name, kind, text)
          select t.version, t.name, t.kind, t.text
          from jsonb_to_recordset(asked->'types') as t (version text, name text, kind text, text text)
          order by t.version on conflict do nothing;
        return query insert into broadsheet.report (${columns})
          select ${columns} from jsonb_populate_recordset(null::broadsheet.report, asked->'rows') returning *;
        insert into broadsheet.report_audit (tenant_id, report_id, kind, by_user, detail)
          select n.tenant, n.id, 'REQUESTED', n.by, n.detail
          from jsonb_to_recordset(asked->'notes') as n (tenant text, id uuid, by uuid, detail jsonb);
      end $$`)
  }

  /**
   * The four turns are locked first, by a statement of its own: one that waited inside of itself would go on with the snapshot
   * from before the wait. Priorities are served by weight: the one that was served least, over its weight, comes first; one that
   * was idle keeps no credit, and wins a tie by its weight. Within a priority the tenant served longest ago comes first; within
   * a tenant the oldest report. The recursion jumps from one (priority, tenant) to the next in the index. A chosen report
   * that was cancelled under our eyes makes us look again.
   */
  private claim(): void {
    this.addSql(`create function broadsheet.claim_report(worker uuid, types text[], tenant_most int)
      returns setof broadsheet.report language plpgsql as $$
      declare chosen_id uuid; claimed_id uuid;
      begin
        perform from broadsheet.priority_turn order by priority for update;
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
