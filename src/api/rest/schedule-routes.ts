import { ASKING_FIELDS, askingInput } from './asking.ts'
import { answerPage, executionFacts, PAGE_FIELDS, pageOf, scheduleFacts } from './facts.ts'
import { notFound, refusalOf } from './problem.ts'
import { reportAnswer } from './report-routes.ts'
import type { Answer, Call, Data, Route } from './route.ts'

function scheduleAnswer(call: Call, status: 200 | 201, { schedule, userErrors }: Data): Answer {
  if (userErrors.length > 0) throw refusalOf(userErrors)
  const body = scheduleFacts(call, schedule)
  return { status, body, ...(status === 201 && { headers: { Location: body.url } }) }
}

const { limit, cursor } = PAGE_FIELDS

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
      cron: { kind: 'text', description: 'Five fields.', example: '0 6 * * MON' },
      every: { kind: 'text', description: 'ISO 8601, at least PT10S.' },
      at: { kind: 'text', description: 'Once: RFC 3339.' },
      preset: { kind: 'text', enum: 'CadencePreset', description: 'At the start of each.' },
      overlap_policy: { kind: 'text', enum: 'ScheduleOverlapPolicy', description: 'SKIP unless told.' },
      catch_up_window: { kind: 'text', description: 'ISO 8601, PT1H unless told.' },
      paused: { kind: 'flag', description: 'false unless told.' },
    },
    answers: { 201: { description: 'Made; Location says where it is.', shape: 'Schedule' } },
    async run(call) {
      const { cron, every, at, preset, overlap_policy, catch_up_window, paused } = call.body
      const cadence = Object.fromEntries(
        Object.entries({ cron, every, at, preset }).filter(([, value]) => value !== undefined),
      )
      if (Object.keys(cadence).length !== 1)
        throw refusalOf([
          { field: ['cron'], code: 'INVALID', message: 'Give exactly one of cron, every, at and preset.' },
        ])
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
