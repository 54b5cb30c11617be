import { Migration } from '@mikro-orm/migrations'
import { API_ROLE } from '../roles.ts'

/** Limits of an API token's own, beside those of the settings; null where it has none. */
export class M0010TokenLimits extends Migration {
  override up(): void {
    this.addSql(
      `alter table broadsheet.api_token add column limits jsonb check (limits is null or jsonb_typeof(limits) = 'object')`,
    )
    // What a function answers can't be changed, so it is made anew; an older process reads of it what it knows.
    this.addSql(`drop function broadsheet.find_api_token(bytea)`)
    this.addSql(`create function broadsheet.find_api_token(wanted bytea)
      returns table (token_id uuid, user_id uuid, tenant_id text, role text, scopes text[], expires_at timestamptz, ended boolean, limits jsonb)
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select t.id, u.id, u.tenant_id, u.role, t.scopes, t.expires_at,
          t.revoked_at is not null or u.removed_at is not null or coalesce(t.expires_at <= now(), false), t.limits
        from api_token t join app_user u on u.id = t.user_id where t.hash = wanted $$`)
    this.addSql(`revoke all on function broadsheet.find_api_token(bytea) from public`)
    this.addSql(`grant execute on function broadsheet.find_api_token(bytea) to ${API_ROLE}`)
  }
}
