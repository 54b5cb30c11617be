import { ASKING_FIELDS, askingInput } from './asking.ts'
import { answerPage, executionFacts, PAGE_FIELDS, pageOf, scheduleFacts } from './facts.ts'
import { notFound, refusalOf } from './problem.ts'
import { reportAnswer } from './report-routes.ts'
import type { Answer, Call, Data, Fields, Route, Values } from './route.ts'

function scheduleAnswer(call: Call, status: 200 | 201, { schedule, userErrors }: Data): Answer {
  if (userErrors.length > 0) throw refusalOf(userErrors)
  const body = scheduleFacts(call, schedule)
  return { status, body, ...(status === 201 && { headers: { Location: body.url } }) }
}

const { limit, cursor } = PAGE_FIELDS

const CADENCE_FIELDS = {
  cron: { kind: 'text', description: 'Five fields.', example: '0 6 * * MON' },
  every: { kind: 'text', description: 'ISO 8601, at least PT10S.' },
  at: { kind: 'text', description: 'Once: RFC 3339.' },
  preset: { kind: 'text', enum: 'CadencePreset', description: 'At the start of each.' },
} as const satisfies Fields

const CHANGE_FIELDS = {
  title: { kind: 'text', description: 'What the schedule is called.' },
  report_type: { kind: 'text', description: 'Another type, with "parameters" as it takes them.' },
  parameters: { kind: 'object', description: 'All of them: what is left out here has its default.' },
  ...CADENCE_FIELDS,
  time_zone: { kind: 'text', description: 'IANA: in which cadence and dates are meant.' },
  overlap_policy: { kind: 'text', enum: 'ScheduleOverlapPolicy', description: 'For slots that come in time.' },
  catch_up_window: { kind: 'text', description: 'ISO 8601.' },
  priority: { kind: 'text', enum: 'ReportPriority', description: 'How soon its reports start.' },
  format: { kind: 'text', enum: 'ReportFormat', description: 'How the rows are written.' },
  compression: { kind: 'text', enum: 'ReportCompression', description: 'How the bytes are compressed.' },
  csv_dialect: { kind: 'text', enum: 'CsvDialect', description: 'How CSV is written.' },
  visibility: { kind: 'text', enum: 'ReportVisibility', description: 'Who else may read the reports.' },
  tags: { kind: 'texts', description: 'All of them, at most 20.' },
  deliveries: { kind: 'objects', description: 'All that it has from now on; {"keep": id} keeps one as it is.' },
} as const satisfies Fields

const oneCadence = (how: string) =>
  refusalOf([{ field: ['cron'], code: 'INVALID', message: `Give ${how} one of cron, every, at and preset.` }])

/** The one that is given; null: none is. Throws Problem for more than one. */
function cadenceOf({ cron, every, at, preset }: Values): object | null {
  const given = Object.entries({ cron, every, at, preset }).filter(([, value]) => value !== undefined)
  if (given.length > 1) throw oneCadence('at most')
  return given.length === 1 ? Object.fromEntries(given) : null
}

export const SCHEDULE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/reports/schedules',
    name: 'listSchedules',
    summary: 'Own schedules, newest first; an ADMIN sees the tenant’s.',
    query: PAGE_FIELDS,
    answers: { 200: { description: 'A page.', shape: 'Schedules' } },
    async run(call) {
      const { schedules } = await call.ask('Schedules', pageOf(call))
      return answerPage(call, '/reports/schedules', schedules, (schedule) => scheduleFacts(call, schedule))
    },
  },
  {
    method: 'POST',
    path: '/reports/schedules',
    name: 'createSchedule',
    summary: 'Asks for a report again and again. Exactly one of cron, every, at and preset.',
    body: {
      ...ASKING_FIELDS,
      title: { kind: 'text', required: true, description: 'What the schedule is called.' },
      ...CADENCE_FIELDS,
      overlap_policy: { kind: 'text', enum: 'ScheduleOverlapPolicy', description: 'SKIP unless told.' },
      catch_up_window: { kind: 'text', description: 'ISO 8601, PT1H unless told.' },
      paused: { kind: 'flag', description: 'false unless told.' },
    },
    answers: { 201: { description: 'Made; Location says where it is.', shape: 'Schedule' } },
    async run(call) {
      const { overlap_policy, catch_up_window, paused } = call.body
      const cadence = cadenceOf(call.body)
      if (!cadence) throw oneCadence('exactly')
      const input = { ...askingInput(call.body, call.idempotencyKey), cadence, paused }
      const more = { overlapPolicy: overlap_policy, catchUpWindow: catch_up_window }
      return scheduleAnswer(
        call,
        201,
        (await call.ask('CreateSchedule', { input: { ...input, ...more } }))['createSchedule'],
      )
    },
  },
  {
    method: 'GET',
    path: '/reports/schedules/{id}',
    name: 'getSchedule',
    summary: 'One schedule.',
    answers: { 200: { description: 'As it stands.', shape: 'Schedule' } },
    async run(call) {
      const { schedule } = await call.ask('Schedule', { id: call.id })
      if (schedule === null) throw notFound()
      return { status: 200, body: scheduleFacts(call, schedule) }
    },
  },
  {
    method: 'PATCH',
    path: '/reports/schedules/{id}',
    name: 'updateSchedule',
    summary:
      'Changes what the body has, and leaves the rest; null is left out too. A cadence counts from now on. Pauses by /toggle.',
    body: CHANGE_FIELDS,
    answers: { 200: { description: 'As it stands now.', shape: 'Schedule' } },
    async run(call) {
      const { report_type, parameters, overlap_policy, catch_up_window } = call.body
      let type = report_type
      if (parameters !== undefined && type === undefined) {
        const { schedule } = await call.ask('Asked', { id: call.id })
        if (schedule === null) throw notFound()
        type = schedule.type.name
      }
      const { report, idempotencyKey: _, ...input } = askingInput({ ...call.body, report_type: type }, null)
      const more = { overlapPolicy: overlap_policy, catchUpWindow: catch_up_window, cadence: cadenceOf(call.body) }
      const changes = { id: call.id, ...input, ...more, ...(type !== undefined && { report }) }
      return scheduleAnswer(call, 200, (await call.ask('UpdateSchedule', { input: changes }))['updateSchedule'])
    },
  },
  {
    method: 'DELETE',
    path: '/reports/schedules/{id}',
    name: 'deleteSchedule',
    summary: 'Ends it. Its reports stay.',
    answers: { 204: { description: 'Gone.' } },
    async run(call) {
      const { userErrors } = (await call.ask('DeleteSchedule', { id: call.id }))['deleteSchedule']
      if (userErrors.length > 0) throw refusalOf(userErrors)
      return { status: 204 }
    },
  },
  {
    method: 'POST',
    path: '/reports/schedules/{id}/run-now',
    name: 'runScheduleNow',
    summary: 'Asks for its report now, outside the cadence.',
    answers: { 201: { description: 'Accepted; Location says where the report is.', shape: 'Report' } },
    async run(call) {
      const data = await call.ask('RunNow', { id: call.id, key: call.idempotencyKey })
      return reportAnswer(call, 201, data['runScheduleNow'])
    },
  },
  {
    method: 'POST',
    path: '/reports/schedules/{id}/toggle',
    name: 'toggleSchedule',
    summary:
      'Pauses a schedule that runs, resumes one that is paused. With "paused" it is the same however often it is sent.',
    body: { paused: { kind: 'flag', description: 'What it shall be; the other one unless told.' } },
    answers: { 200: { description: 'As it stands now.', shape: 'Schedule' } },
    async run(call) {
      const { schedule } = await call.ask('Paused', { id: call.id })
      if (schedule === null) throw notFound()
      const pause = (call.body['paused'] as boolean | undefined) ?? !schedule.paused
      const data = await call.ask(pause ? 'Pause' : 'Resume', { id: call.id })
      return scheduleAnswer(call, 200, data[pause ? 'pauseSchedule' : 'resumeSchedule'])
    },
  },
  {
    method: 'GET',
    path: '/reports/schedules/{id}/executions',
    name: 'listExecutions',
    summary: 'What became of each slot that has come, newest first.',
    query: { limit, cursor },
    answers: { 200: { description: 'A page.', shape: 'Executions' } },
    async run(call) {
      const { first, after } = pageOf(call)
      const { schedule } = await call.ask('Executions', { id: call.id, first, after })
      if (schedule === null) throw notFound()
      const path = `/reports/schedules/${call.id}/executions`
      // Only forwards: the schema has no way back here.
      const slots = { ...schedule.slots, pageInfo: { ...schedule.slots.pageInfo, hasPreviousPage: false } }
      return answerPage(call, path, slots, (slot) => executionFacts(call, slot))
    },
  },
]
