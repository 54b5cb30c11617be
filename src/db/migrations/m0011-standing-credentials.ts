import { Migration } from '@mikro-orm/migrations'
import { API_ROLE } from '../roles.ts'

/**
 * Whether the credentials behind all live sockets of a process still stand, whatever their tenants: one statement every few seconds,
 * where one transaction for each credential would be thousands.
 */
export class M0011StandingCredentials extends Migration {
  override up(): void {
    this.addSql(`create function broadsheet.standing_credentials(users uuid[], tokens uuid[], reports uuid[])
      returns table (place bigint, role text)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select w.place, u.role
        from unnest(users, tokens, reports) with ordinality as w (user_id, token_id, report_id, place)
        join app_user u on u.id = w.user_id and u.removed_at is null
        where (w.token_id is null or exists (select from api_token t where t.id = w.token_id and t.user_id = u.id
            and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())))
          and (w.report_id is null or exists (select from report r where r.id = w.report_id and r.tenant_id = u.tenant_id)) $$`)
    const signature = 'standing_credentials(uuid[], uuid[], uuid[])'
    this.addSql(`revoke all on function broadsheet.${signature} from public`)
    this.addSql(`grant execute on function broadsheet.${signature} to ${API_ROLE}`)
  }
}
