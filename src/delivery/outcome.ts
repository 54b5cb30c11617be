import type { Readable } from 'node:stream'
import type { Outcome, OutcomeDocument } from '../channels/channel.ts'
import type { Links } from '../document/links.ts'
import type { Store } from '../stores/store.ts'
import type { Taken } from './take.ts'

/** Links in what was delivered live as long as the document, at most so long. */
const LINK_LIVES = 'P7D'

interface Dependencies {
  store: Pick<Store, 'read' | 'objectUrl'>
  links: Links
}

/** What a channel is given of the report; null where the document that it is about has ended. */
export function outcomeOf(taken: Taken, { store, links }: Dependencies): Outcome | null {
  const { report, news } = taken
  const succeeded = news.status === 'SUCCEEDED'
  if (succeeded && (report.status !== 'SUCCEEDED' || !report.document)) return null
  return {
    reportId: taken.reportId,
    tenantId: taken.tenantId,
    reportType: report.typeName,
    title: report.title,
    status: news.status,
    scheduleId: report.scheduleId,
    scheduledFor: report.scheduledFor,
    requestedAt: report.createdAt,
    finishedAt: news.at,
    timeZone: report.timeZone,
    failure: news.failure && { code: news.failure.code, message: news.failure.message },
    document: succeeded ? documentOf(taken, { store, links }) : null,
  }
}

function documentOf({ report, reportId, createdBy }: Taken, { store, links }: Dependencies): OutcomeDocument {
  const { key, fileName, contentType, rowCount, byteSize, sha256, columns } = report.document!
  const { format, compression, csvDialect, expiresAt, attempt } = report
  return {
    fileName,
    contentType,
    rowCount,
    byteSize,
    sha256,
    columns,
    format,
    compression,
    csvDialect,
    expiresAt,
    objectUrl: store.objectUrl?.(key) ?? null,
    open: (): Promise<Readable> => store.read(key),
    link: () =>
      links.to({ reportId, attempt, expiresAt: expiresAt! }, { userId: createdBy, tokenExpiresAt: null }, LINK_LIVES),
  }
}
