import { ASKING_FIELDS, askingInput } from './asking.ts'
import { answerPage, PAGE_FIELDS, pageOf, progressFacts, reportFacts, typeFacts } from './facts.ts'
import { notFound, Problem, refusalOf } from './problem.ts'
import { progressEvents } from './progress-events.ts'
import type { Answer, Call, Data, Fields, Route } from './route.ts'

const FILTER_FIELDS = {
  status: { kind: 'texts', enum: 'ReportStatus', description: 'One or more, with commas.' },
  report_type: { kind: 'texts', description: 'One or more names, with commas.' },
  priority: { kind: 'texts', enum: 'ReportPriority', description: 'One or more, with commas.' },
  schedule_id: { kind: 'text', description: 'Of this schedule.' },
  tag: { kind: 'text', description: 'With this tag.' },
  title_contains: { kind: 'text', description: 'In any case.' },
  sha256: { kind: 'text', description: 'Of its document, in hex: whose file that is.' },
  created_from: { kind: 'text', description: 'RFC 3339, inclusive.' },
  created_before: { kind: 'text', description: 'RFC 3339, exclusive.' },
  order: { kind: 'text', enum: 'ReportOrder', description: 'CREATED_AT_DESC unless told.' },
} as const satisfies Fields

async function reports(call: Call, path: string, usual: number): Promise<Answer> {
  const {
    status,
    report_type,
    priority,
    schedule_id,
    tag,
    title_contains,
    sha256,
    created_from,
    created_before,
    order,
  } = call.query
  const filter = {
    status, type: report_type, priority, scheduleId: schedule_id, tag, titleContains: title_contains, sha256, createdFrom: created_from, createdBefore: created_before,
  } // prettier-ignore
  const data = await call.ask('Reports', { ...pageOf(call, usual), filter, order })
  return answerPage(call, path, data['reports'], (report) => reportFacts(call, report))
}

/** The report of a payload; a new one with its place. Throws Problem for what was refused. */
export function reportAnswer(call: Call, status: 200 | 201, { report, userErrors }: Data): Answer {
  if (userErrors.length > 0) throw refusalOf(userErrors)
  const body = reportFacts(call, report)
  return { status, body, ...(status === 201 && { headers: { Location: body.url } }) }
}

const verb = (
  name: string,
  operation: string,
  field: string,
  word: string,
  summary: string,
  answers: Route['answers'],
): Route => ({
  method: 'POST',
  path: `/reports/{id}/${word}`,
  name,
  summary,
  answers,
  run: async (call) => {
    const data = await call.ask(operation, { id: call.id, key: call.idempotencyKey })
    return reportAnswer(call, word === 'regenerate' ? 201 : 200, data[field])
  },
})

export const REPORT_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/reports',
    name: 'listReports',
    summary: 'Own reports and those that the tenant may see, newest first; an ADMIN sees the tenant’s.',
    query: { ...FILTER_FIELDS, ...PAGE_FIELDS },
    answers: { 200: { description: 'A page.', shape: 'Reports' } },
    run: (call) => reports(call, '/reports', 20),
  },
  {
    method: 'POST',
    path: '/reports',
    name: 'requestReport',
    summary: 'Asks for a report; the answer comes at once, the work is done by a worker.',
    body: {
      ...ASKING_FIELDS,
      title: { kind: 'text', description: 'The usual one unless told.' },
      reuse_within: { kind: 'text', description: 'ISO 8601: a report of the same request within this time will do.' },
    },
    answers: {
      201: { description: 'Accepted; Location says where it is.', shape: 'Report' },
      429: { description: 'As many wait as may (LIMIT_REACHED), or asked too often (RATE_LIMITED).', shape: 'Problem' },
    },
    async run(call) {
      const input = { ...askingInput(call.body, call.idempotencyKey), reuseWithin: call.body['reuse_within'] }
      return reportAnswer(call, 201, (await call.ask('Request', { input }))['requestReport'])
    },
  },
  {
    method: 'GET',
    path: '/reports/types',
    name: 'listReportTypes',
    summary: 'What the caller may ask for, with parameters and columns; an ADMIN sees all.',
    answers: { 200: { description: 'All of them, on one page.', shape: 'ReportTypes' } },
    async run(call) {
      const { reportTypes } = await call.ask('ReportTypes')
      return { status: 200, body: { next: null, previous: null, results: reportTypes.map(typeFacts) } }
    },
  },
  {
    method: 'GET',
    path: '/reports/recent',
    name: 'listRecentReports',
    summary: 'The newest ten.',
    query: PAGE_FIELDS,
    answers: { 200: { description: 'A page.', shape: 'Reports' } },
    run: (call) => reports(call, '/reports/recent', 10),
  },
  {
    method: 'GET',
    path: '/reports/{id}',
    name: 'getReport',
    summary: 'One report.',
    answers: { 200: { description: 'As it stands.', shape: 'Report' } },
    async run(call) {
      const { report } = await call.ask('Report', { id: call.id })
      if (report === null) throw notFound()
      return { status: 200, body: reportFacts(call, report) }
    },
  },
  {
    method: 'DELETE',
    path: '/reports/{id}',
    name: 'deleteReport',
    summary: 'Removes a report that has ended, with its document.',
    answers: {
      204: { description: 'Gone.' },
      409: { description: 'It has not ended, or its deliveries are PENDING.', shape: 'Problem' },
    },
    async run(call) {
      const { userErrors } = (await call.ask('Delete', { id: call.id }))['deleteReport']
      if (userErrors.length > 0) throw refusalOf(userErrors)
      return { status: 204 }
    },
  },
  {
    method: 'GET',
    path: '/reports/{id}/progress',
    name: 'getProgress',
    summary:
      'Where it stands. With Accept: text/event-stream every event until it has ended; Last-Event-ID goes on from there.',
    answers: {
      200: { description: 'Now, or a stream of events "progress" and one "complete".', shape: 'Progress' },
      204: { description: 'Only for Last-Event-ID: it has ended, and that was the last event.' },
    },
    async run(call) {
      if (call.wantsEvents) return progressEvents(call)
      const { report } = await call.ask('Progress', { id: call.id })
      if (report === null) throw notFound()
      return { status: 200, body: progressFacts(call.id, report.progress) }
    },
  },
  {
    method: 'GET',
    path: '/reports/{id}/download',
    name: 'downloadReport',
    summary: 'The way to the document: follow the redirect (curl -L); the link is signed and good for 15 minutes.',
    answers: {
      302: { description: 'Location is the signed link; it needs no credential.' },
      409: { description: 'There is no document (yet).', shape: 'Problem' },
      410: { description: 'The document has expired.', shape: 'Problem' },
    },
    async run(call) {
      const { report } = await call.ask('Download', { id: call.id })
      if (report === null) throw notFound()
      if (report.document) return { status: 302, headers: { Location: report.document.downloadUrl } }
      if (report.status === 'EXPIRED')
        throw new Problem(410, 'GONE', 'The document has expired: regenerate the report.')
      throw new Problem(409, 'CONFLICT', `There is no document: the report is ${report.status}.`)
    },
  },
  verb('cancelReport', 'Cancel', 'cancelReport', 'cancel', 'Calls it off.', {
    200: { description: 'CANCELED, or CANCELING until the query at the source has ended.', shape: 'Report' },
    409: { description: 'NOT_CANCELABLE: it has ended.', shape: 'Problem' },
  }),
  verb('retryReport', 'Retry', 'retryReport', 'retry', 'Queues a FAILED or CANCELED report again.', {
    200: { description: 'QUEUED.', shape: 'Report' },
    409: { description: 'NOT_RETRYABLE: it has not failed.', shape: 'Problem' },
  }),
  verb('regenerateReport', 'Regenerate', 'regenerateReport', 'regenerate', 'A new report with the same request.', {
    201: { description: 'Accepted; Location says where it is.', shape: 'Report' },
  }),
]
