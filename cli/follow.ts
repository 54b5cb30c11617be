import { factsOf, numbers } from '../client/facts.ts'
import { NoDocument, type Downloaded, type Progress, type Report } from '../client/client.ts'
import { EXIT, exitOf, isTooMuch, type Exit } from './outcome.ts'
import type { Session } from './session.ts'

/** A report that has ended, as --json shows it, with the path of its document; null: it was not wanted, or went to stdout. */
export interface Followed {
  readonly report: Omit<Report, 'type'> & { type: string; file: string | null }
  readonly exit: Exit
}

/**
 * Watches a report to its end under a bar, and saves its document where `out` says ("-": stdout). Ctrl-C leaves: the report goes on,
 * and the line that says so tells how to come back and how to cancel. Throws what the client throws.
 */
export async function follow(
  session: Session,
  id: string,
  { out, onProgress }: { out?: string | undefined; onProgress?: (progress: Progress) => void },
): Promise<Followed> {
  const { client, signal, say, fault, bar } = session
  const written = bar('Writing the report')
  let last: Progress | undefined
  try {
    const onLost = (error: Error) =>
      say(isTooMuch(error) ? `${error.message} Trying again.` : 'The connection was lost; trying again.')
    for await (const progress of client.watch(id, { signal, onLost })) {
      last = progress
      written(progress.percent === null ? null : progress.percent / 100, wordsOf(progress))
      onProgress?.(progress)
    }
  } catch (error) {
    if (signal.aborted && last?.status !== 'SUCCEEDED')
      say(`The report goes on.\n  come back: broadsheet watch ${id}\n  end it:    broadsheet cancel ${id}`)
    throw error
  }
  const found = await client.report(id, { signal })
  if (!found || !last) throw new NoDocument(null)
  const ended = (file: string | null): Followed => ({ report: { ...found, type: found.type.name, file }, exit })
  const exit = exitOf(last.status)
  if (exit !== EXIT.DONE) {
    const { failure } = found
    fault(`${last.status}${failure ? ` ${failure.code}: ${failure.message}` : ''}`)
    return ended(null)
  }
  say(`SUCCEEDED: ${numbers.format(last.rowsWritten)} rows, ${numbers.format(last.bytesWritten)} bytes`)
  return ended(out === undefined ? null : await fetchDocument(session, id, out))
}

/** The absolute path; null where the document went to stdout. */
async function fetchDocument({ client, signal, say, bar }: Session, id: string, out: string): Promise<string | null> {
  const drawn = bar('Downloading')
  const onProgress = (bytes: number, byteSize: number) => {
    const part = byteSize === 0 ? 1 : bytes / byteSize
    drawn(part, `${numbers.format(bytes)} of ${numbers.format(byteSize)} bytes`)
  }
  if (out === '-') {
    for await (const chunk of client.bytes(id, { signal, onProgress }))
      if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once('drain', resolve))
    return null
  }
  const { path, sha256 }: Downloaded = await client.download(id, out, { signal, onProgress })
  say(`sha256 ${sha256} is right\nThe file: ${path}`)
  return path
}

/** The author's own words, where there are any, stand last. */
function wordsOf(progress: Progress): string {
  const attempt = progress.attempt > 1 ? `attempt ${progress.attempt}, ` : ''
  return `${attempt}${factsOf(progress)}${progress.message ? `, ${progress.message}` : ''}`
}
