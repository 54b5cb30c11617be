import { snakeCase } from '../../report-type/names.ts'
import { snakeKeys } from './names.ts'
import type { Call, Data, Fields } from './route.ts'

/** The query of every list. */
export const PAGE_FIELDS = {
  limit: { kind: 'whole', least: 1, most: 100, description: 'At most so many, 20 unless told.' },
  cursor: { kind: 'text', description: 'From "next" of the page before.' },
  before: { kind: 'text', description: 'From "previous" of the page after.' },
  count: { kind: 'flag', description: 'true counts all there are.' },
} as const satisfies Fields

/** The page's arguments for the schema. */
export function pageOf({ query }: Call, usual = 20): Record<string, unknown> {
  const { limit = usual, cursor, before, count = false } = query
  return before === undefined ? { first: limit, after: cursor, count } : { last: limit, before, count }
}

/** A connection as a page: its addresses keep all of the query but where it stands. */
export function answerPage(call: Call, path: string, connection: Data, each: (node: Data) => unknown) {
  const { pageInfo, nodes, totalCount } = connection
  const address = (where: Record<string, string>) => {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(call.query))
      if (name !== 'cursor' && name !== 'before') search.set(name, String(value))
    for (const [name, value] of Object.entries(where)) search.set(name, value)
    return `${call.href(path)}?${search}`
  }
  return {
    status: 200,
    body: {
      ...(typeof totalCount === 'number' && { count: totalCount }),
      next: pageInfo.hasNextPage ? address({ cursor: pageInfo.endCursor }) : null,
      previous: pageInfo.hasPreviousPage ? address({ before: pageInfo.startCursor }) : null,
      results: nodes.map(each),
    },
  }
}

/** A report as this API tells it. */
export function reportFacts(call: Call, report: Data) {
  const { type, schedule, regenerated_from, document, ...rest } = snakeKeys(report)
  const path = `/reports/${rest.id}`
  return {
    ...rest,
    report_type: type.name,
    document: document && { ...document, download_url: call.href(`${path}/download`) },
    schedule_id: schedule?.id ?? null,
    regenerated_from: regenerated_from?.id ?? null,
    url: call.href(path),
    progress_url: call.href(`${path}/progress`),
  }
}

export function typeFacts(type: Data) {
  const { viewer_can_request, parameters, ...rest } = snakeKeys(type)
  return {
    ...rest,
    can_request: viewer_can_request,
    parameters: parameters.map((one: Data) => ({ ...one, name: snakeCase(one['name']) })),
  }
}

export function progressFacts(id: string, progress: Data) {
  return { report_id: id, ...snakeKeys(progress) }
}

export function scheduleFacts(call: Call, schedule: Data) {
  const { type, ...rest } = snakeKeys(schedule)
  return { ...rest, report_type: type.name, url: call.href(`/reports/schedules/${rest.id}`) }
}

export function executionFacts(call: Call, slot: Data) {
  const { report, ...rest } = snakeKeys(slot)
  return { ...rest, report: report && { ...report, url: call.href(`/reports/${report.id}`) } }
}
