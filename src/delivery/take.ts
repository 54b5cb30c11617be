import type { ChannelName } from '../channels/channel.ts'
import type { Database } from '../db/orm.ts'
import type { Role } from '../identity/viewer.ts'
import type { DocumentFacts, Failure, Report } from '../report/report.entity.ts'
import type { NewsStatus } from './status.ts'
import type { Destination, Room } from './turns.ts'

/** How long a try is its worker's without renewal, in seconds on the database's clock. */
export const LEASE_SECONDS = 15

const LOST = 'The worker was lost in the middle of the try.'

/** One delivery that this worker is to try, and all that it has to know of the report. */
export interface Taken extends Destination {
  readonly id: string
  readonly tenantId: string
  readonly reportId: string
  readonly target: object
  readonly secret: Uint8Array | null
  /** Who asked for the report. */
  readonly requestedBy: string
  /** Who asked for the delivery, and what they are by now. */
  readonly createdBy: string
  /** Null: whoever asked for it was removed. */
  readonly role: Role | null
  readonly email: string | null
  /** The number of this try. */
  readonly attempt: number
  readonly charged: number
  /** Whether it was taken for the lane of those that do not answer. */
  readonly ailing: boolean
  readonly news: { readonly status: NewsStatus; readonly failure: Failure | null; readonly at: Date }
  readonly report: Pick<
    Report,
    'typeName' | 'title' | 'status' | 'attempt' | 'format' | 'compression' | 'csvDialect' | 'timeZone'
  > & {
    /** The span that asked for the report. */
    readonly traceparent: string | null
    readonly scheduleId: string | null
    readonly scheduledFor: Date | null
    readonly createdAt: Date
    readonly expiresAt: Date | null
    readonly document: DocumentFacts | null
  }
}

/**
 * Due deliveries, one destination after another: of each its oldest, as many as there is room for. The recursion jumps from one
 * destination to the next in the index, so that a long line at one hides no other. `now()` rather than the clock, because an
 * index is only asked about what stands still; arrays of ids rather than joins, because a planner that takes the few for many
 * reads all deliveries that there ever were.
 */
const TAKE = `
with recursive lane as materialized (
  select * from jsonb_to_recordset(?::jsonb) as l (channel text, usual int, ailing int, after text)
), known as materialized (
  select * from jsonb_to_recordset(?::jsonb) as k (channel text, destination text, room int, ailing boolean)
), line (channel, destination) as (
  (select channel, destination from broadsheet.delivery where status = 'PENDING' and due_at <= now() order by channel, destination limit 1)
  union all
  select beyond.channel, beyond.destination from line cross join lateral (
    select d.channel, d.destination from broadsheet.delivery d
    where d.status = 'PENDING' and d.due_at <= now() and (d.channel, d.destination) > (line.channel, line.destination)
    order by d.channel, d.destination limit 1) beyond
), head as materialized (
  select first.id, line.channel, line.destination, first.nth, coalesce(known.ailing, first.charged > 0) as ailing
  from line left join known using (channel, destination) cross join lateral (
    select id, charged, row_number() over (order by due_at, id) as nth from (
      select d.id, d.charged, d.due_at from broadsheet.delivery d
      where d.status = 'PENDING' and d.channel = line.channel and d.destination = line.destination and d.due_at <= now()
      order by d.due_at, d.id limit coalesce(known.room, 1)) oldest) first
), chosen as materialized (
  select id, ailing, beyond from (
    select head.*, lane.usual, lane.ailing as aside, destination <= lane.after as beyond, row_number() over (
      partition by channel, head.ailing order by nth, destination <= lane.after, destination) as place
    from head join lane using (channel)) ordered
  where place <= case when ailing then aside else usual end
), free as materialized (
  select id from broadsheet.delivery
  where id = any (array(select id from chosen)) and status = 'PENDING' and due_at <= now() for update skip locked
), taken as (
  update broadsheet.delivery d set worker_id = ?::uuid, attempts = d.attempts + 1, charged = d.charged + 1,
    last_attempt_at = clock_timestamp(), due_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds',
    last_error = case when d.worker_id is not null then ? else d.last_error end
  where d.id = any (array(select id from free)) returning d.*
)
select t.id, t.tenant_id, t.report_id, t.channel, t.destination, t.target, t.secret, t.requested_by, t.created_by, t.attempts, t.charged, chosen.ailing as in_ailing,
  t.news_status, t.news_failure, t.news_at, case when u.removed_at is null then u.role end as role, u.email,
  r.type_name, r.title, r.status, r.attempt, r.format, r.compression, r.csv_dialect, r.time_zone, r.schedule_id, r.scheduled_for, r.created_at as requested_at,
  r.expires_at, r.document, r.traceparent
from taken t join chosen using (id) join broadsheet.report r on r.id = t.report_id join broadsheet.app_user u on u.id = t.created_by
order by t.channel, chosen.beyond, t.destination`

/**
 * Takes what is due and what there is room for: a try more, and a lease. A delivery whose worker was lost is due when that lease is
 * over. In the order of turns. Rejects with Unavailable when Postgres is away.
 */
export async function takeDue(
  database: Database,
  { workerId, room }: { workerId: string; room: Room },
): Promise<Taken[]> {
  const rows = await database.transaction((em) =>
    em.execute<TakenRow[]>(TAKE, [JSON.stringify(room.lanes), JSON.stringify(room.known), workerId, LOST]),
  )
  return rows.map(takenOf)
}

interface TakenRow {
  id: string
  tenant_id: string
  report_id: string
  channel: ChannelName
  destination: string
  target: object
  secret: Uint8Array | null
  requested_by: string
  created_by: string
  attempts: number
  charged: number
  in_ailing: boolean
  news_status: NewsStatus
  news_failure: Failure | null
  news_at: string | Date
  role: Role | null
  email: string | null
  type_name: string
  title: string
  status: Report['status']
  attempt: number
  format: Report['format']
  compression: Report['compression']
  csv_dialect: Report['csvDialect']
  time_zone: string
  schedule_id: string | null
  scheduled_for: string | Date | null
  requested_at: string | Date
  expires_at: string | Date | null
  document: DocumentFacts | null
  traceparent: string | null
}

function takenOf(row: TakenRow): Taken {
  const moment = (value: string | Date | null) => (value === null ? null : new Date(value))
  return {
    id: row.id,
    tenantId: row.tenant_id,
    reportId: row.report_id,
    channel: row.channel,
    destination: row.destination,
    target: row.target,
    secret: row.secret,
    requestedBy: row.requested_by,
    createdBy: row.created_by,
    role: row.role,
    email: row.email,
    attempt: row.attempts,
    charged: row.charged,
    ailing: row.in_ailing,
    news: { status: row.news_status, failure: row.news_failure, at: new Date(row.news_at) },
    report: {
      typeName: row.type_name,
      title: row.title,
      status: row.status,
      attempt: row.attempt,
      format: row.format,
      compression: row.compression,
      csvDialect: row.csv_dialect,
      timeZone: row.time_zone,
      scheduleId: row.schedule_id,
      scheduledFor: moment(row.scheduled_for),
      createdAt: new Date(row.requested_at),
      expiresAt: moment(row.expires_at),
      document: row.document,
      traceparent: row.traceparent,
    },
  }
}
