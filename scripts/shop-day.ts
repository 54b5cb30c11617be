import { PEOPLE, waitFor, type Office, type Person } from './shop-office.ts'

/** What was asked for: type, parameters and how; and how many minutes ago, as far as the pictures tell. */
interface Asked {
  person: Person
  type: string
  parameters?: object
  how?: object
  ago: number
}

const [IEVA, TOMASZ, AMELIE, JONAS] = PEOPLE
const MONTH = new Intl.DateTimeFormat('en', { month: 'long' }).format(new Date(new Date().setDate(0)))
const LAST_MONTH = { startDate: 'last_month_start', endDate: 'last_month_end' }
const THIS_WEEK = { startDate: 'this_week_start', endDate: 'today' }

/** A morning in the office. */
const MORNING: readonly Asked[] = [
  { person: IEVA, type: 'sales', parameters: { ...LAST_MONTH, region: 'EU' }, how: { title: `${MONTH} sales, EU`, tags: ['month-end'], priority: 'HIGH' }, ago: 2 },
  { person: AMELIE, type: 'customers', parameters: { segment: 'LAPSED' }, how: { title: 'Who to win back', tags: ['marketing'], format: 'XLSX' }, ago: 4 },
  { person: TOMASZ, type: 'inventory', parameters: { belowReorderLevel: true }, how: { title: 'To be reordered', priority: 'URGENT', tags: ['warehouse'] }, ago: 7 },
  { person: JONAS, type: 'margins', ago: 9 },
  { person: IEVA, type: 'analytics', parameters: LAST_MONTH, how: { format: 'PARQUET', tags: ['month-end'] }, ago: 14 },
  { person: AMELIE, type: 'orders', parameters: { ...THIS_WEEK, statuses: ['RETURNED'] }, how: { title: 'Returns of this week' }, ago: 19 },
  { person: TOMASZ, type: 'inventory', parameters: { categories: ['Garden', 'Outdoor'] }, how: { title: 'Garden and outdoor on hand' }, ago: 23 },
  { person: JONAS, type: 'users', parameters: { unseenDays: 90 }, how: { title: 'Accounts to close', tags: ['audit'] }, ago: 31 },
  { person: IEVA, type: 'sales', parameters: { ...LAST_MONTH, region: 'APAC' }, how: { title: `${MONTH} sales, APAC`, compression: 'GZIP', tags: ['month-end'] }, ago: 38 },
  { person: AMELIE, type: 'customers', parameters: { segment: 'VIP' }, how: { title: 'The best customers', tags: ['marketing'] }, ago: 52 },
  { person: TOMASZ, type: 'orders', parameters: THIS_WEEK, how: { format: 'NDJSON', visibility: 'TENANT' }, ago: 74 },
  { person: IEVA, type: 'sales', parameters: { ...LAST_MONTH, region: 'US' }, how: { title: `${MONTH} sales, US`, tags: ['month-end'] }, ago: 95 },
  { person: JONAS, type: 'users', parameters: { role: 'ADMIN' }, how: { title: 'Who is an administrator', tags: ['audit'] }, ago: 190 },
  { person: AMELIE, type: 'analytics', parameters: { startDate: 'today-P7D', endDate: 'yesterday' }, ago: 420 },
] // prettier-ignore

/** Of a program that asks all the time: what makes an hour's chart. */
const SMALL_ONES = 120

const ASK = `mutation ($input: RequestReportInput!) { requestReport(input: $input) { report { id } userErrors { field message } } }`

async function request(
  office: Office,
  { person, type, parameters = {}, how = {} }: Omit<Asked, 'ago'>,
): Promise<string> {
  const { requestReport } = await office.ask<{
    requestReport: { report: { id: string } | null; userErrors: unknown[] }
  }>(ASK, { input: { report: { byName: { type, parameters } }, timeZone: 'Europe/Vilnius', ...how } }, person)
  if (!requestReport.report) throw new Error(`${type}: ${JSON.stringify(requestReport.userErrors)}`)
  return requestReport.report.id
}

/** Asks for all that, lets it be carried out, and then moves it back to when it would have been. The ids of the morning's, newest first. */
export async function liveThroughMorning(office: Office): Promise<string[]> {
  for (let n = 0; n < SMALL_ONES; n++)
    await request(office, { person: TOMASZ, type: n % 23 === 5 ? 'margins' : 'users', how: { title: 'Accounts for the web shop', tags: ['web-shop'], priority: 'LOW' } }) // prettier-ignore
  await allEnded(office)
  // Uneven, as days are: more at both ends of the hour.
  await move(
    office,
    `select id, (1 + 57 * (0.5 + 0.5 * sin(row_number() over (order by created_at) * 2.399))) * 60 as back from broadsheet.report`,
    { listed: false },
  )
  const ids: string[] = []
  for (const asked of MORNING) ids.push(await request(office, asked))
  await allEnded(office)
  const rows = ids.map(rowOf)
  await move(
    office,
    `select id, ago * 60 as back from unnest($1::uuid[], $2::float8[]) as told (id, ago)`,
    { listed: true },
    [rows, MORNING.map(({ ago }) => ago)],
  )
  return ids
}

/** `listed` false: accepted a day before, so that the list begins with others. */
async function move(
  office: Office,
  backs: string,
  { listed }: { listed: boolean },
  values: unknown[] = [],
): Promise<void> {
  const back = `make_interval(secs => told.back::float8)`
  await office.sql(
    `with told as (${backs}), moved as (
      update broadsheet.report r set created_at = created_at - ${back} ${listed ? '' : `- interval '1 day'`}, started_at = started_at - ${back}, finished_at = finished_at - ${back},
        progress_at = progress_at - ${back} from told where r.id = told.id)
    update broadsheet.report_attempt a set started_at = started_at - ${back}, finished_at = finished_at - ${back} from told where a.report_id = told.id`,
    values,
  )
}

function allEnded(office: Office): Promise<true> {
  return waitFor(async () => {
    const [row] = await office.sql<{ open: number }>(
      `select count(*)::int as open from broadsheet.report where status in ('QUEUED', 'RUNNING')`,
    )
    return row?.open === 0
  }, 'all reports have ended') as Promise<true>
}

/** Large workbooks, which take some seconds each: more of them than there are workers' places. */
export async function askForLargeOnes(office: Office): Promise<string[]> {
  const large = (person: Person, title: string, how: object = {}) =>
    request(office, {
      person,
      type: 'sales',
      parameters: { startDate: '2019-01-01', endDate: 'today' },
      how: { title, format: 'XLSX', ...how },
    })
  return [
    await large(IEVA, 'All sales, for the auditors', { priority: 'HIGH', tags: ['audit'] }),
    await large(AMELIE, 'Sales of all years, by line'),
    await large(JONAS, 'Everything sold, for the forecast', { tags: ['forecast'] }),
    await large(TOMASZ, 'Sales by product, all warehouses', { priority: 'LOW' }),
    await large(AMELIE, 'Sales of all years, once more', { priority: 'LOW' }),
  ]
}

const SCHEDULES = [
  { person: IEVA, title: 'Month-end sales', cadence: { cron: '0 6 1 * *' }, type: 'sales', parameters: LAST_MONTH, every: 720, outcomes: 'RRRRRRRR' },
  { person: AMELIE, title: 'Lapsed customers', cadence: { cron: '0 9 * * MON' }, type: 'customers', parameters: { segment: 'LAPSED' }, every: 168, outcomes: 'RRRRPPRRRR' },
  { person: TOMASZ, title: 'Stock before the trucks leave', cadence: { cron: '30 5 * * MON-FRI' }, type: 'inventory', parameters: { belowReorderLevel: true }, every: 24, outcomes: 'RRRRRRORRCRRRR' },
  { person: JONAS, title: 'Figures of yesterday', cadence: { cron: '15 7 * * *' }, type: 'analytics', parameters: { startDate: 'yesterday', endDate: 'yesterday' }, every: 24, outcomes: 'RRRRRRRRRMRRFR' },
  { person: JONAS, title: 'Accounts nobody uses', cadence: { cron: '0 8 * * FRI' }, type: 'users', parameters: { unseenDays: 90 }, every: 168, outcomes: 'RRRR', paused: true },
] // prettier-ignore

const OUTCOMES: Readonly<Record<string, string>> = {
  R: 'REQUESTED',
  F: 'REQUESTED',
  O: 'SKIPPED_OVERLAP',
  P: 'SKIPPED_PAUSED',
  C: 'CAUGHT_UP',
  M: 'MISSED',
}

/** How the reports of such slots ended. */
const ENDED: Readonly<Record<string, string>> = { R: 'SUCCEEDED', F: 'FAILED', C: 'SUCCEEDED' }

/** Schedules, and what became of their slots in the weeks before, as far as the pictures tell. The ids. */
export async function planAhead(office: Office): Promise<string[]> {
  const ids: string[] = []
  for (const { person, title, cadence, type, parameters, every, outcomes, paused = false } of SCHEDULES) {
    const { createSchedule } = await office.ask<{
      createSchedule: { schedule: { id: string } | null; userErrors: unknown[] }
    }>(
      `mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } userErrors { field message } } }`,
      { input: { title, cadence, paused, timeZone: 'Europe/Vilnius', report: { byName: { type, parameters } } } },
      person,
    )
    if (!createSchedule.schedule) throw new Error(`${title}: ${JSON.stringify(createSchedule.userErrors)}`)
    ids.push(createSchedule.schedule.id)
    const slots = [...outcomes].map((letter) => OUTCOMES[letter])
    await office.sql(
      `insert into broadsheet.schedule_slot (schedule_id, scheduled_for, tenant_id, outcome, at, counted, report_id)
       select s.id, date_trunc('hour', now()) - (cardinality($2::text[]) - n + 1) * make_interval(hours => $3), 'default', outcome, now(), 1, r.id
       from unnest($2::text[], $4::text[]) with ordinality as told (outcome, status, n)
       join broadsheet.schedule s on s.id = $1
       left join lateral (select id from broadsheet.report where status = told.status and tenant_id = 'default' limit 1) r on true`,
      [rowOf(createSchedule.schedule.id), slots, every, [...outcomes].map((letter) => ENDED[letter] ?? null)],
    )
  }
  return ids
}

/** The row's id of an id that the API gave. */
const rowOf = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1]!
