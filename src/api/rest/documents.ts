/**
 * What the routes ask: documents of the one schema, run through the one pipeline. A test validates them against the printed
 * schema. Each goes by its operation's name.
 */
const FRAGMENTS = {
  ReportFacts: `fragment ReportFacts on Report {
    id type { name } title status priority format compression csvDialect visibility parameters resolvedParameters timeZone tags
    attempt progress { percent stage rowsWritten rowsTotal message etaSeconds } failure { code message retryable }
    document { fileName contentType rowCount byteSize sha256 expiresAt summary }
    requestedBy { id name } schedule { id } scheduledFor regeneratedFrom { id } createdAt startedAt finishedAt expiresAt
  }`,
  ProgressFacts: `fragment ProgressFacts on ReportProgress {
    sequence status stage attempt percent rowsWritten rowsTotal bytesWritten message etaSeconds at
  }`,
  ScheduleFacts: `fragment ScheduleFacts on Schedule {
    id title type { name } parameters cron every at timeZone paused overlapPolicy catchUpWindow priority format compression
    csvDialect visibility tags deliveries { id channel target } lastSucceededSlot nextRunAt createdBy { id name } createdAt updatedAt
  }`,
  Page: `fragment Page on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }`,
  Refused: `fragment Refused on UserError { field code message }`,
} as const

const OPERATIONS = [
  `query ReportTypes { reportTypes {
    name title description available unavailableReason viewerCanRequest deprecated formats retention timeout maxRows
    parameters { name type required default description values } columns { name type description }
  } }`,
  `query Reports($first: Int, $after: String, $last: Int, $before: String, $filter: ReportFilter, $order: ReportOrder, $count: Boolean!) {
    reports(first: $first, after: $after, last: $last, before: $before, filter: $filter, order: $order) {
      nodes { ...ReportFacts } pageInfo { ...Page } totalCount @include(if: $count)
    }
  }`,
  `query Report($id: ID!) { report(id: $id) { ...ReportFacts queuePosition } }`,
  `query Progress($id: ID!) { report(id: $id) { progress { ...ProgressFacts } } }`,
  `query Download($id: ID!) { report(id: $id) { status document { downloadUrl } } }`,
  `subscription Watch($id: ID!, $after: BigInt) { reportProgress(id: $id, after: $after) { ...ProgressFacts } }`,
  `mutation Request($input: RequestReportInput!) { requestReport(input: $input) { report { ...ReportFacts } userErrors { ...Refused } } }`,
  `mutation Cancel($id: ID!) { cancelReport(id: $id) { report { ...ReportFacts } userErrors { ...Refused } } }`,
  `mutation Retry($id: ID!) { retryReport(id: $id) { report { ...ReportFacts } userErrors { ...Refused } } }`,
  `mutation Regenerate($id: ID!, $key: String) { regenerateReport(id: $id, idempotencyKey: $key) { report { ...ReportFacts } userErrors { ...Refused } } }`,
  `mutation Delete($id: ID!) { deleteReport(id: $id) { deletedId userErrors { ...Refused } } }`,
  `query Schedules($first: Int, $after: String, $last: Int, $before: String, $count: Boolean!) {
    schedules(first: $first, after: $after, last: $last, before: $before) {
      nodes { ...ScheduleFacts } pageInfo { ...Page } totalCount @include(if: $count)
    }
  }`,
  `query Schedule($id: ID!) { schedule(id: $id) { ...ScheduleFacts } }`,
  `query Paused($id: ID!) { schedule(id: $id) { paused } }`,
  `query Asked($id: ID!) { schedule(id: $id) { type { name } } }`,
  `query Executions($id: ID!, $first: Int!, $after: String) { schedule(id: $id) {
    slots(first: $first, after: $after) {
      nodes { scheduledFor outcome reason report { id title status } count until at } pageInfo { hasNextPage endCursor }
    }
  } }`,
  `mutation CreateSchedule($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { ...ScheduleFacts } userErrors { ...Refused } } }`,
  `mutation UpdateSchedule($input: UpdateScheduleInput!) { updateSchedule(input: $input) { schedule { ...ScheduleFacts } userErrors { ...Refused } } }`,
  `mutation Pause($id: ID!) { pauseSchedule(id: $id) { schedule { ...ScheduleFacts } userErrors { ...Refused } } }`,
  `mutation Resume($id: ID!) { resumeSchedule(id: $id) { schedule { ...ScheduleFacts } userErrors { ...Refused } } }`,
  `mutation RunNow($id: ID!, $key: String) { runScheduleNow(id: $id, idempotencyKey: $key) { report { ...ReportFacts } userErrors { ...Refused } } }`,
  `mutation DeleteSchedule($id: ID!) { deleteSchedule(id: $id) { deletedId userErrors { ...Refused } } }`,
]

/** Operation's name -> document with the fragments that it uses. */
export const DOCUMENTS: Readonly<Record<string, string>> = Object.fromEntries(
  OPERATIONS.map((operation) => {
    const [, name = ''] = /^\w+ (\w+)/.exec(operation) ?? []
    const used = Object.entries(FRAGMENTS).filter(([fragment]) => operation.includes(`...${fragment} `))
    return [name, [operation, ...used.map(([, text]) => text)].join('\n')]
  }),
)
