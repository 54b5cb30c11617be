import { Migration } from '@mikro-orm/migrations'
import { API_ROLE } from '../roles.ts'

/**
 * What live pages are kept true by: figures of the last hour over all tenants, a mark that moves whenever a worker takes or ends a
 * report, and what has lately happened to schedules. Numbers, marks and ids only.
 */
export class M0014Watching extends Migration {
  override up(): void {
    // By the end alone, as it is counted over all tenants. Nothing that moves while a report runs: its row stays a heap-only one.
    this.addSql(`create index report_ended on broadsheet.report (finished_at) where finished_at is not null`)

    this.addSql(`create function broadsheet.ended_by_minute()
      returns table (at timestamptz, succeeded int, failed int, canceled int, rows_written bigint)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        with ended as (
          select date_trunc('minute', finished_at) as minute, count(*) filter (where status in ('SUCCEEDED', 'EXPIRED')) as succeeded,
            count(*) filter (where status = 'FAILED') as failed, count(*) filter (where status = 'CANCELED') as canceled,
            sum(rows_written) filter (where status in ('SUCCEEDED', 'EXPIRED')) as rows_written
          from report where finished_at >= date_trunc('minute', statement_timestamp()) - interval '59 minutes' group by 1
        )
        select m.minute, coalesce(e.succeeded, 0)::int, coalesce(e.failed, 0)::int, coalesce(e.canceled, 0)::int,
          coalesce(e.rows_written, 0)::bigint
        from generate_series(date_trunc('minute', statement_timestamp()) - interval '59 minutes',
          date_trunc('minute', statement_timestamp()), interval '1 minute') as m (minute)
        left join ended e using (minute) order by m.minute $$`)

    this.addSql(`create function broadsheet.held_mark() returns text
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select md5(coalesce(string_agg(concat_ws(' ', id, attempt, worker_id, status), ',' order by id), ''))
        from report where status in ('RUNNING', 'CANCELING') $$`)

    this.addSql('create index schedule_changed on broadsheet.schedule (tenant_id, updated_at)')
    // COUNT: how many schedules the tenant has. The newest first: what is cut off was told of by an earlier call.
    this.addSql(`create function broadsheet.schedule_news(tenants text[], within interval)
      returns table (kind text, tenant_id text, schedule_id uuid, created_by uuid, at timestamptz, count bigint)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        (select 'COUNT', w.tenant_id, null::uuid, null::uuid, statement_timestamp(),
            (select count(*) from schedule s where s.tenant_id = w.tenant_id)
          from unnest(tenants) as w (tenant_id))
        union all
        (select case when s.created_at = s.updated_at then 'CREATED' else 'CHANGED' end, s.tenant_id, s.id, s.created_by, s.updated_at, null
          from schedule s where s.tenant_id = any(tenants) and s.updated_at > statement_timestamp() - within
          order by s.updated_at desc limit 2000)
        union all
        (select 'SLOT', s.tenant_id, s.id, s.created_by, l.at, null
          from (select schedule_id, max(at) as at from schedule_slot where at > statement_timestamp() - within
              and schedule_slot.tenant_id = any(tenants) group by schedule_id order by 2 desc limit 2000) l
          join schedule s on s.id = l.schedule_id) $$`)

    for (const signature of ['ended_by_minute()', 'held_mark()', 'schedule_news(text[], interval)']) {
      this.addSql(`revoke all on function broadsheet.${signature} from public`)
      this.addSql(`grant execute on function broadsheet.${signature} to ${API_ROLE}`)
    }
  }
}
