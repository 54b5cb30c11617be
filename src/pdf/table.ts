import { ReportFailed } from '../errors.ts'
import type { TableOptions, TablePage } from '../report-type/define.ts'
import { findHeader, type Header } from './header.ts'
import { linesOf, type Line } from './lines.ts'
import { openPages, type PdfFile } from './pages.ts'
import { createTableReader } from './reader.ts'

/** Pages with text that are looked at before it is said which table is the widest. */
const LOOK_AT = 3

interface Read {
  readonly number: number
  readonly lines: readonly Line[]
  readonly isPicture: boolean
}

interface Found {
  readonly header: Header
  readonly page: number
  readonly reader: ReturnType<typeof createTableReader>
}

/**
 * The rows of the table of a PDF, page by page; memory is bounded by the file and three pages. Throws the final ReportFailed
 * INVALID_PARAMETERS where it is encrypted, broken, has no text or no table, or has a page in the middle of the table that is a
 * picture: what is cut short is never a document.
 */
export async function* pdfTable(file: PdfFile, { heading }: TableOptions): AsyncGenerator<TablePage> {
  const pages = await openPages(file)
  const wanted = heading?.trim() || null
  let found: Found | null = null
  let looked: Read[] = []
  let withText = 0
  try {
    for await (const page of pages.all()) {
      const lines = linesOf(page.items)
      if (lines.length > 0) withText += 1
      const isPicture = lines.length === 0 && withText > 0 && (await page.isPicture())
      looked.push({ number: page.number, lines, isPicture })
      if (!found && withText < LOOK_AT && page.number < pages.count) continue
      found ??= widest(looked, wanted)
      for (const read of looked) {
        const rows = found ? [...rowsOf(found, read)] : []
        yield { page: read.number, pages: pages.count, columns: found?.header.names ?? [], rows }
      }
      looked = []
    }
    if (withText === 0)
      throw unusable('The PDF has no text: it is made of pictures, as scanners do. Have its text recognised first.')
    if (!found)
      throw unusable(
        wanted === null
          ? 'The PDF has no table: no line of names with rows in columns below it.'
          : 'The PDF has no table with these words in its header row.',
      )
    const { reader, header } = found
    yield { page: pages.count, pages: pages.count, columns: header.names, rows: [...reader.end()] }
  } finally {
    await pages.close()
  }
}

function widest(pages: readonly Read[], wanted: string | null): Found | null {
  let best: Found | null = null
  for (const { number, lines } of pages) {
    const header = findHeader(lines, wanted)
    if (!header) continue
    const wider = header.columns.count - (best?.header.columns.count ?? 0)
    if (wider > 0 || (wider === 0 && header.rows > best!.header.rows))
      best = { header, page: number, reader: createTableReader(header) }
  }
  return best
}

function rowsOf({ header, reader, page }: Found, { number, lines, isPicture }: Read): Iterable<readonly string[]> {
  if (number < page) return []
  if (isPicture) throw unusable(`Page ${number} of the PDF is a picture, after its table has begun: only text is read.`)
  return reader.take(lines, number === page ? header.end : undefined)
}

function unusable(message: string): ReportFailed {
  return new ReportFailed('INVALID_PARAMETERS', message)
}
