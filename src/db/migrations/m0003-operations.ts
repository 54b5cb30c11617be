import { Migration } from '@mikro-orm/migrations'
import { API_ROLE, WORKER_ROLE } from '../roles.ts'

/**
 * What operators see and need: figures over all tenants, attempts counted once and for good, and the indexes by which old
 * rows are found. The functions answer with numbers and priorities only: nothing of any tenant gets through them.
 */
export class M0003Operations extends Migration {
  override up(): void {
    this.addSql(
      `create index report_old on broadsheet.report (finished_at) where status in ('FAILED', 'CANCELED', 'EXPIRED')`,
    )
    // Without it each row that goes is looked for in all others.
    this.addSql(
      `create index if not exists report_repeats on broadsheet.report (regenerated_from) where regenerated_from is not null`,
    )
    this.addSql(`create index report_attempt_started on broadsheet.report_attempt (started_at)`)

    // Totals since the installation: they outlive the rows they were counted from, so they never fall.
    this.addSql(`create table broadsheet.tally (
      family text not null, label text not null, value double precision not null, primary key (family, label))`)
    this.addSql(`alter table broadsheet.report_attempt add column counted boolean not null default false`)
    this.addSql(
      `create index report_attempt_uncounted on broadsheet.report_attempt (report_id, number) where outcome is not null and not counted`,
    )
    this.addSql(`grant select on broadsheet.tally to ${API_ROLE}`)
    this.addSql(`grant select, insert, update on broadsheet.tally to ${WORKER_ROLE}`)
    this.doors()
  }

  private doors(): void {
    this.addSql(`create function broadsheet.queue_figures()
      returns table (priority text, waiting int, delayed int, active int, oldest_waiting_seconds double precision)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        with queued as (
          select priority, count(*) filter (where available_at <= clock_timestamp()) as waiting,
            count(*) filter (where available_at > clock_timestamp()) as delayed,
            min(available_at) filter (where available_at <= clock_timestamp()) as since
          from report where status = 'QUEUED' group by priority
        ), held as (
          select priority, count(*) as active from report where status in ('RUNNING', 'CANCELING') group by priority
        )
        select p.priority, coalesce(q.waiting, 0)::int, coalesce(q.delayed, 0)::int, coalesce(h.active, 0)::int,
          extract(epoch from clock_timestamp() - q.since)
        from priority_turn p left join queued q using (priority) left join held h using (priority) order by p.weight desc $$`)

    // Stuck: held by nobody for 30 s beyond the lease; or waiting for a minute although a live worker that has the type has
    // a free slot, and none of the type was started for half a minute. A tenant that is at its most only waits.
    this.addSql(`create function broadsheet.stuck_reports(tenant_max int) returns table (held int, waiting int)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        with held as (
          select worker_id, tenant_id, lease_expires_at from report where status in ('RUNNING', 'CANCELING')
        ), startable as (
          select distinct unnest(w.types) as type_name from worker w where w.last_seen_at > clock_timestamp() - interval '30 seconds'
            and w.concurrency > (select count(*) from held where held.worker_id = w.id)
        ), moving as (
          select distinct r.type_name from report_attempt a join report r on r.id = a.report_id
          where a.started_at > clock_timestamp() - interval '30 seconds'
        )
        select (select count(*) from held where lease_expires_at < clock_timestamp() - interval '30 seconds')::int,
          (select count(*) from report r where r.status = 'QUEUED' and r.available_at < clock_timestamp() - interval '60 seconds'
            and r.type_name in (select type_name from startable) and r.type_name not in (select type_name from moving)
            and (tenant_max is null or tenant_max > (select count(*) from held where held.tenant_id = r.tenant_id)))::int $$`)

    for (const signature of ['queue_figures()', 'stuck_reports(int)']) {
      this.addSql(`revoke all on function broadsheet.${signature} from public`)
      this.addSql(`grant execute on function broadsheet.${signature} to ${API_ROLE}`)
    }
  }
}
