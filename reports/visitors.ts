import { beginOf, defineReport, endOf } from 'broadsheet/define'

const MINUTE = 60_000

export default defineReport({
  title: 'Visitors',
  description: 'Who came in a period: first and last seen, requests, pages and the page of entry, by visitor.',
  parameters: {
    last_minutes: { type: 'Int', description: 'The minutes before the request' },
    from: { type: 'DateExpression', description: 'A day, or an instant from which on' },
    to: { type: 'DateExpression', description: 'A day, inclusive, or an instant before which; left out: the request' },
  },
  check({ last_minutes, from, to }) {
    if (last_minutes === null) return from === null ? { from: 'is required, or lastMinutes instead.' } : undefined
    if (last_minutes < 1) return { last_minutes: 'must be at least 1.' }
    if (from !== null) return { from: 'can not be given together with lastMinutes: leave one out.' }
    return to === null ? undefined : { to: 'can not be given together with lastMinutes: leave one out.' }
  },
  sources: ['events'],
  phases: { reading: 90, writing: 10 },
  columns: {
    visitor: 'String',
    first_seen: 'DateTime',
    last_seen: 'DateTime',
    requests: 'Int',
    pages: { type: 'Int', description: 'Different paths' },
    entry_page: { type: 'String', description: 'The path of the first request' },
  },
  fileName: 'visitors-{date}',

  async *rows({ parameters, sources: { events }, requestedAt, timeZone, groups, phase, progress, summary }) {
    const { last_minutes, from, to } = parameters
    const begin =
      last_minutes === null ? beginOf(from!, timeZone) : new Date(requestedAt.getTime() - last_minutes * MINUTE)
    const end = to === null ? requestedAt : endOf(to, timeZone)

    phase('reading')
    let requests = 0
    // By visitor and path, so that not even one visitor's pages have to fit into memory.
    const visits = groups<Visit>(join)
    for await (const batch of events.between(begin, end)) {
      for (const { visitor, time, requestId, path } of batch)
        await visits.add(`${visitor}${BETWEEN}${path}`, { first: time, firstId: requestId, last: time, requests: 1 })
      requests += batch.length
      progress(requests, null, `${requests} requests`)
    }

    phase('writing')
    let written = 0
    let last = null as Visitor | null
    for await (const [key, visit] of visits) {
      const end = key.indexOf(BETWEEN)
      const [name, path] = [key.slice(0, end), key.slice(end + 1)]
      if (last?.name === name) {
        if (isBefore(visit, last.visit)) last.entry = path
        last.visit = join(last.visit, visit)
        last.pages += 1
        continue
      }
      if (last) yield rowOf(last)
      last = { name, visit, pages: 1, entry: path }
      progress((written += visit.requests), requests)
    }
    if (last) yield rowOf(last)
    summary({ requests, from: begin.toISOString(), to: end.toISOString() })
  },
})

/** No name of a visitor has it. */
const BETWEEN = '\0'

interface Visit {
  first: string
  /** Of two requests at one moment the one with the lesser id is the first, in whatever order they are read. */
  firstId: string
  last: string
  requests: number
}
interface Visitor {
  readonly name: string
  visit: Visit
  pages: number
  entry: string
}

function rowOf({ name, visit, pages, entry }: Visitor) {
  return [name, visit.first, visit.last, visit.requests, pages, entry]
}

function isBefore(a: Visit, b: Visit): boolean {
  return a.first < b.first || (a.first === b.first && a.firstId < b.firstId)
}

function join(a: Visit, b: Visit): Visit {
  const { first, firstId } = isBefore(b, a) ? b : a
  return { first, firstId, last: a.last > b.last ? a.last : b.last, requests: a.requests + b.requests }
}
