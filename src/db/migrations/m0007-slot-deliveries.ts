import { Migration } from '@mikro-orm/migrations'

/** Where a schedule's reports go into a warehouse, a slot has succeeded when they have arrived there. */
export class M0007SlotDeliveries extends Migration {
  override up(): void {
    this.addSql(
      `create index report_of_slot on broadsheet.report (schedule_id, scheduled_for) where schedule_id is not null`,
    )
    this.addSql(`create or replace function broadsheet.note_slot_succeeded() returns trigger language plpgsql
      set search_path = broadsheet, pg_temp as $$
      begin
        update schedule_success set last_slot = new.scheduled_for where schedule_id = new.schedule_id and last_slot < new.scheduled_for
          and not exists (select from delivery_target t where t.report_id = new.id and t.channel = 'WAREHOUSE');
        return null;
      end $$`)
    // The lock is taken first: of two deliveries that arrive at once, the later one sees the other.
    this.addSql(`create function broadsheet.note_slot_delivered() returns trigger language plpgsql
      set search_path = broadsheet, pg_temp as $$
      begin
        perform from schedule_success s join report r on r.schedule_id = s.schedule_id where r.id = new.report_id for update of s;
        update schedule_success s set last_slot = r.scheduled_for from report r
        where r.id = new.report_id and s.schedule_id = r.schedule_id and s.last_slot < r.scheduled_for
          and not exists (select from delivery d where d.report_id = r.id and d.channel = 'WAREHOUSE' and d.status <> 'SUCCEEDED');
        return null;
      end $$`)
    this.addSql(`create trigger slot_delivered after update of status on broadsheet.delivery for each row
      when (new.channel = 'WAREHOUSE' and new.status = 'SUCCEEDED' and old.status <> 'SUCCEEDED')
      execute function broadsheet.note_slot_delivered()`)
  }
}
