import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { pdfTable } from '../../src/pdf/table.ts'
import type { TablePage } from '../../src/report-type/define.ts'
import { drawInvoice, drawPdf, drawStatement } from '../support/pdfs.ts'

/** Debian's package poppler-utils; without it these tests are skipped, and others compare with what was drawn. */
const THERE = spawnSync('pdftotext', ['-v']).error === undefined

interface Word {
  readonly page: number
  /** Of its upper edge, in points from the page's. */
  readonly top: number
  readonly text: string
}

/** What poppler, which knows nothing of this service, finds on the pages. */
async function wordsOf(bytes: Buffer): Promise<Word[]> {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-poppler-'))
  try {
    await writeFile(join(directory, 'it.pdf'), bytes)
    const options = { maxBuffer: 64 * 1024 * 1024 }
    const { stdout } = await promisify(execFile)('pdftotext', ['-tsv', join(directory, 'it.pdf'), '-'], options)
    const [header = '', ...lines] = stdout.trimEnd().split('\n')
    const place = (name: string) => header.trim().split('\t').indexOf(name)
    const [level, page, top, text] = ['level', 'page_num', 'top', 'text'].map(place) as [number, number, number, number]
    const cells = lines.map((line) => line.trimEnd().split('\t'))
    // 5: a word; what stands above are pages, blocks and lines.
    return cells.filter((each) => each[level] === '5').map((each) => ({ page: Number(each[page]), top: Number(each[top]), text: each[text]! })) // prettier-ignore
  } finally {
    await rm(directory, { recursive: true })
  }
}
async function tableOf(bytes: Buffer): Promise<TablePage[]> {
  async function* whole() {
    yield bytes
  }
  const file = { bytes: whole(), byteSize: bytes.length, signal: new AbortController().signal }
  return Array.fromAsync(pdfTable(file, {}))
}
const wordsIn = (rows: readonly (readonly string[])[]) =>
  rows
    .flat()
    .flatMap((cell) => cell.split(/\s+/))
    .filter((word) => word !== '')
function counts(words: readonly string[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const word of words) found.set(word, (found.get(word) ?? 0) + 1)
  return found
}
/** Words of the one that the other has not, as often. */
function missing(words: readonly string[], from: readonly string[]): string[] {
  const there = counts(from)
  return words.filter((word) => {
    const left = there.get(word) ?? 0
    there.set(word, left - 1)
    return left <= 0
  })
}

test.skipIf(!THERE)('an invoice: the words of the table are those that poppler finds between its header and its terms', async () => {
  const bytes = await drawPdf(drawInvoice)
  const words = await wordsOf(bytes)
  const [header, terms] = ['Description', 'Payment'].map((text) => words.find((word) => word.text === text)!.top)
  const theirs = words.filter(({ top }) => top > header! + 5 && top < terms! - 1).map(({ text }) => text)
  const ours = wordsIn((await tableOf(bytes)).flatMap(({ rows }) => rows))
  expect(ours.length).toBeGreaterThan(40)
  expect(ours.toSorted()).toEqual(theirs.toSorted())
}) // prettier-ignore

test.skipIf(!THERE).each([
  ['with its header on each page', {}],
  ['with its header on the first page alone', { repeat: false }],
  ['whose pages have two margins', { shift: 14 }],
])('a statement %s: page by page the words that poppler finds there', async (_, how) => {
  const bytes = await drawPdf((page) => void drawStatement(page, 400, how))
  const words = (await wordsOf(bytes)).filter(({ top }) => top > 100 && top < 795)
  const pages = await tableOf(bytes)
  const count = pages.at(-1)!.pages
  expect(count).toBeGreaterThan(10)
  for (let page = 1; page <= count; page++) {
    // The last row of a page may go on with the next one, and is given with it.
    const ours = wordsIn(pages.filter((each) => each.page <= page && each !== pages.at(-1)).flatMap(({ rows }) => rows))
    const theirs = words.filter((word) => word.page <= page).map(({ text }) => text)
    expect([page, missing(ours, theirs)]).toEqual([page, []])
    expect(missing(theirs, ours).length).toBeLessThan(20)
  }
  const all = wordsIn(pages.flatMap(({ rows }) => rows))
  expect(all.toSorted()).toEqual(words.map(({ text }) => text).toSorted())
})
