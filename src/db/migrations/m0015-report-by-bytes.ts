import { Migration } from '@mikro-orm/migrations'
import { API_ROLE } from '../roles.ts'

/**
 * Finds the report whose document has a SHA-256 in one step: whose file is this? Under row-level security Postgres takes an
 * expression over jsonb for no condition of an index, so a function of the owner looks, for one tenant.
 */
export class M0015ReportByBytes extends Migration {
  override up(): void {
    this.addSql(
      `create index report_by_bytes on broadsheet.report (tenant_id, (document->>'sha256')) where document is not null`,
    )
    this.addSql(`create function broadsheet.reports_of_bytes(tenant text, wanted text) returns setof uuid
      language sql stable security definer set search_path = broadsheet, pg_temp as $$
        select id from report where tenant_id = tenant and document is not null and document->>'sha256' = wanted $$`)
    this.addSql('revoke all on function broadsheet.reports_of_bytes(text, text) from public')
    this.addSql(`grant execute on function broadsheet.reports_of_bytes(text, text) to ${API_ROLE}`)
  }
}
