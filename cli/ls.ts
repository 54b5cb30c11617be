import { numbers } from '../client/facts.ts'
import { ListedReportsDocument, type ListedReportsQuery, type ReportFilter } from '../client/generated/graphql.ts'
import { EXIT, type Exit } from './outcome.ts'
import { paged } from './pages.ts'
import { table } from './plain.ts'
import type { Session } from './session.ts'

export type ListedReport = ListedReportsQuery['reports']['nodes'][number]

/** Newest first. */
export function listedReports(
  { client, signal }: Session,
  most: number,
  filter: ReportFilter,
): AsyncGenerator<ListedReport> {
  return paged(most, async (page) => (await client.api.ask(ListedReportsDocument, { ...page, filter }, signal)).reports)
}

/** `ls`: the newest reports that the caller may see. */
export async function ls(
  session: Session,
  { first, status, type, tag }: { first: number; status: string[]; type: string[]; tag?: string },
): Promise<Exit> {
  const reports = await Array.fromAsync(
    listedReports(session, first, {
      ...(status.length > 0 && { status: status.map((each) => each.toUpperCase()) as never }),
      ...(type.length > 0 && { type }),
      ...(tag !== undefined && { tag }),
    }),
  )
  if (session.json) {
    session.printJson(reports.map(({ type: { name }, ...report }) => ({ ...report, type: name })))
    return EXIT.DONE
  }
  const rows = reports.map(({ id, status, progress, createdAt, title }) => [
    id,
    status === 'RUNNING' && progress.percent !== null ? `RUNNING ${Math.floor(progress.percent)} %` : status,
    numbers.format(progress.rowsWritten),
    createdAt.slice(0, 19).replace('T', ' '),
    title,
  ])
  for (const line of table(['ID', 'STATUS', 'ROWS', 'ASKED (UTC)', 'TITLE'], rows)) session.print(line)
  return EXIT.DONE
}
