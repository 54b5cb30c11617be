import { Migration } from '@mikro-orm/migrations'

/**
 * A report takes the trace of who asked for it along, to whatever process works on it later: Redis only rings. Null: nobody
 * traced it.
 */
export class M0012Traceparent extends Migration {
  override up(): void {
    this.addSql(`alter table broadsheet.report add column traceparent text check (length(traceparent) <= 100)`)
    const columns = `id, tenant_id, requested_by, type_name, type_version, title, title_given, priority, format, compression, csv_dialect,
      visibility, parameters, resolved_parameters, time_zone, tags, regenerated_from, schedule_id, scheduled_for, created_at, traceparent`
    // As before, with one column more.
    this.addSql(`create or replace function broadsheet.accept_reports(asked jsonb, tenant text)
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
}
