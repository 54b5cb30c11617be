import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { numbers } from '../client/facts.ts'
import { NoDocument, type Report } from '../client/client.ts'
import { countRows } from './count-rows.ts'
import { listedReports } from './ls.ts'
import { EXIT, WrongUse, type Exit } from './outcome.ts'
import type { Session } from './session.ts'

interface Wanted {
  /** The report whose document the file should be; left out: the one whose document has its sha256. */
  report?: string
  /** Through how many of the newest reports a document of the same name is looked for, where none has the sha256. */
  search: number
}

/** `verify FILE`: whether a file is a report's document, whole and unchanged: size, SHA-256, and rows counted anew. */
export async function verify(session: Session, path: string, { report: id, search }: Wanted): Promise<Exit> {
  const { client, signal, json, print, printJson } = session
  const byteSize = await sizeOf(path)
  const sha256 = await sha256Of(path, signal)
  const found =
    id === undefined
      ? await findBySha256(session, { sha256, fileName: basename(path) }, search)
      : { id, namesake: null }
  if (found.id === null) {
    const { namesake } = found
    const faults = [
      `No document has the sha256 ${sha256}, as far as you may see: the file was changed or cut, or its report has expired.`,
      namesake
        ? `${namesake.fileName} is the document of report ${namesake.id}, with the sha256 ${namesake.sha256}.`
        : 'Name the report: --report ID.',
    ]
    for (const fault of faults) session.fault(fault)
    if (json) printJson({ verified: false, file: path, byteSize, sha256, rowCount: null, report: null, faults })
    return EXIT.DAMAGED
  }
  const report = await client.report(found.id, { signal })
  if (!report?.document) throw new NoDocument(report)
  const { rowCount, faults } = await compare(path, { byteSize, sha256 }, { ...report, document: report.document })
  for (const fault of faults) session.fault(fault)
  const verified = faults.length === 0
  if (json) printJson({ verified, file: path, byteSize, sha256, rowCount, report: report.id, faults })
  else if (verified)
    print(
      `${path} is the document of report ${report.id}: ${rowCount === null ? `rows of ${report.format} are not counted` : `${numbers.format(rowCount)} rows`}, ${numbers.format(byteSize)} bytes, sha256 ${sha256}`,
    )
  return verified ? EXIT.DONE : EXIT.DAMAGED
}

/** All that is not as the API says. */
async function compare(
  path: string,
  is: { byteSize: number; sha256: string },
  { format, compression, document }: Report & { document: NonNullable<Report['document']> },
): Promise<{ rowCount: number | null; faults: string[] }> {
  const faults: string[] = []
  const hold = (what: string, found: number | string, should: number | string) => {
    if (found !== should) faults.push(`${what} ${found}, and should be ${should}.`)
  }
  hold('Its size in bytes is', is.byteSize, document.byteSize)
  hold('Its sha256 is', is.sha256, document.sha256)
  try {
    const rowCount = await countRows(path, { format, compression })
    if (rowCount !== null) hold('The number of its rows is', rowCount, document.rowCount)
    return { rowCount, faults }
  } catch (error) {
    // Of zlib: what is cut or changed can't be decompressed.
    faults.push(`Its rows can't be counted: ${(error as Error).message}`)
    return { rowCount: null, faults }
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (!found.isFile()) throw new WrongUse(`${path} is no file.`)
    return found.size
  } catch (error) {
    if (error instanceof WrongUse) throw error
    throw new WrongUse(`${path} can't be read: ${(error as Error).message}`)
  }
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  return hash.digest('hex')
}

/** Whose file that is; where it is nobody's, the newest report whose document has its name, which it may have been once. */
async function findBySha256(session: Session, file: { sha256: string; fileName: string }, search: number) {
  for await (const { id } of listedReports(session, 1, { sha256: file.sha256 })) return { id, namesake: null }
  for await (const { id, document } of listedReports(session, search, { status: ['SUCCEEDED'] }))
    if (document?.fileName === file.fileName) return { id: null, namesake: { ...document, id } }
  return { id: null, namesake: null }
}
