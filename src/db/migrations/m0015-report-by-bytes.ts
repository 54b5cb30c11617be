import { Migration } from '@mikro-orm/migrations'

/** Finds the report whose document has a SHA-256 in one step: whose file is this? */
export class M0015ReportByBytes extends Migration {
  override up(): void {
    this.addSql(
      `create index report_by_bytes on broadsheet.report (tenant_id, (document->>'sha256')) where document is not null`,
    )
  }
}
