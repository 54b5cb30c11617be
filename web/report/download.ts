import type { Connection } from '../api/connection.ts'
import { asFailure } from '../api/failure.ts'
import { DownloadLinkDocument } from '../generated/graphql.ts'
import type { Refused } from './verbs.ts'

/**
 * Asks for a signed link and follows it. The link is in the page for that moment alone: whoever has it needs no other
 * credential. Not opened as a window, which a browser would stop: the click is over by then.
 */
export async function download(connection: Connection, id: string): Promise<Refused> {
  try {
    const { report } = await connection.ask(DownloadLinkDocument, { id })
    if (!report?.document) return 'There is no document any more: it has expired, or the report was deleted.'
    const link = document.createElement('a')
    // The link names the service as the world knows it; this page has come from it, by whatever name.
    const { pathname, search } = new URL(report.document.downloadUrl, location.href)
    link.href = pathname + search
    // The file's own name, which comes with the bytes.
    link.download = ''
    link.rel = 'noreferrer'
    link.hidden = true
    document.body.append(link)
    link.click()
    link.remove()
    return null
  } catch (error) {
    return asFailure(error).message
  }
}
