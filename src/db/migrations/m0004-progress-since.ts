import { Migration } from '@mikro-orm/migrations'
import { API_ROLE } from '../roles.ts'

/**
 * What watched reports have come to, but only where that is news: a thousand watchers of reports that stand still cost a
 * thousand look-ups and no rows. Takes the place of progress_of.
 */
export class M0004ProgressSince extends Migration {
  override up(): void {
    this.addSql(`create function broadsheet.progress_since(wanted uuid[], known bigint[])
      returns table (id uuid, gone boolean, tenant_id text, sequence bigint, status text, stage text, attempt int,
        percent double precision, rows_written bigint, rows_total bigint, bytes_written bigint, message text, eta_seconds int,
        progress_at timestamptz)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select w.id, r.id is null, r.tenant_id, r.sequence, r.status, r.stage, r.attempt, r.percent, r.rows_written, r.rows_total,
          r.bytes_written, r.message, r.eta_seconds, r.progress_at
        from unnest(wanted, known) as w (id, known) left join report r on r.id = w.id
        where r.id is null or r.sequence > w.known $$`)
    this.addSql(`revoke all on function broadsheet.progress_since(uuid[], bigint[]) from public`)
    this.addSql(`grant execute on function broadsheet.progress_since(uuid[], bigint[]) to ${API_ROLE}`)
    this.addSql(`drop function broadsheet.progress_of(uuid[])`)
  }
}
