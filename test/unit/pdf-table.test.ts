import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import pdfTables from '../../reports/pdf_tables.ts'
import { pdfTable } from '../../src/pdf/table.ts'
import type { TablePage } from '../../src/report-type/define.ts'
import { runReport } from '../../worker/run-report.ts'
import { drawInvoice, drawPdf, drawRow, drawStatement, INVOICE_HEADER, INVOICE_ROWS, INVOICE_TOTALS, movement, PIXEL, STATEMENT_HEADER, type Place } from '../support/pdfs.ts' // prettier-ignore

async function pagesOf(bytes: Buffer, heading: string | null = null): Promise<TablePage[]> {
  const half = Math.ceil(bytes.length / 2)
  const chunks = async function* () {
    yield bytes.subarray(0, half)
    yield bytes.subarray(half)
  }
  const file = { bytes: chunks(), byteSize: bytes.length, signal: new AbortController().signal }
  return Array.fromAsync(pdfTable(file, { heading }))
}
async function tableOf(bytes: Buffer, heading: string | null = null) {
  const pages = await pagesOf(bytes, heading)
  return { columns: pages.at(-1)!.columns, rows: pages.flatMap(({ rows }) => rows) }
}
const plain = (cells: readonly (string | null)[]) => cells.map((cell) => (cell ?? '').replaceAll('\n', ' '))
const expectUnusable = (bytes: Buffer, words: string) =>
  expect(tableOf(bytes)).rejects.toMatchObject({
    code: 'INVALID_PARAMETERS',
    retryable: false,
    message: expect.stringContaining(words),
  })

describe('an invoice', () => {
  test('gives its positions, cells of several lines as one, and its totals; nothing of what stands around', async () => {
    expect(await tableOf(await drawPdf(drawInvoice))).toEqual({
      columns: INVOICE_HEADER,
      rows: [...INVOICE_ROWS.map(plain), ...INVOICE_TOTALS.map(([label, amount]) => ['', '', '', label, amount])],
    })
  })

  test('gives another of its tables by words of the header', async () => {
    const bytes = await drawPdf((page) => {
      drawInvoice(page)
      page.addPage().font('Helvetica-Bold', 9)
      const places = [{ x: 50, width: 100 }, { x: 200, width: 60, right: true }] // prettier-ignore
      drawRow(page, places, 60, ['Tax rate', 'Tax'])
      page.font('Helvetica', 9)
      drawRow(page, places, 75, ['21 %', '1,638.00'])
      drawRow(page, places, 90, ['0 %', '0.00'])
    })
    expect((await tableOf(bytes)).columns).toEqual(INVOICE_HEADER)
    expect(await tableOf(bytes, 'tax RATE')).toEqual({ columns: ['Tax rate', 'Tax'], rows: [['21 %', '1,638.00'], ['0 %', '0.00']] }) // prettier-ignore
    await expect(tableOf(bytes, 'Delivery')).rejects.toThrow('no table with these words')
  })
})

describe('a statement of account', () => {
  test.each([
    ['with its header on each page', {}],
    ['with its header on the first page alone', { repeat: false }],
    ['whose pages have two margins', { shift: 14 }],
  ])('%s gives each movement once, in order', async (_, how) => {
    let count = 0
    const bytes = await drawPdf((page) => void (count = drawStatement(page, 120, how)))
    expect(count).toBeGreaterThan(3)
    const pages = await pagesOf(bytes)
    expect(pages.at(-1)!.columns).toEqual(STATEMENT_HEADER)
    expect(pages.flatMap(({ rows }) => rows)).toEqual(Array.from({ length: 120 }, (_, index) => plain(movement(index))))
    expect(pages.map(({ page }) => page)).toEqual([...Array.from({ length: count }, (_, index) => index + 1), count])
    expect(new Set(pages.map((page) => page.pages))).toEqual(new Set([count]))
  })

  test('is the same when its pages lie on their side, and when letters are bold by being written twice', async () => {
    const places: Place[] = [{ x: 50, width: 100 }, { x: 200, width: 60, right: true }, { x: 300, width: 100 }] // prettier-ignore
    const bytes = await drawPdf(
      (page) => {
        for (const offset of [0, 0.3]) drawRow(page.font('Helvetica-Bold', 9), places.map((place) => ({ ...place, x: place.x + offset })), 60, ['Name', 'Sum', 'Town']) // prettier-ignore
        page.font('Helvetica', 9)
        drawRow(page, places, 75, ['Ada', '3.00', 'Vilnius'])
        drawRow(page, places, 90, ['Bob', '4.50', 'Bremen'])
        page.rotate(45, { origin: [100, 100] }).text('COPY COPY COPY', 100, 100)
      },
      { layout: 'landscape' },
    )
    expect(await tableOf(bytes)).toEqual({ columns: ['Name', 'Sum', 'Town'], rows: [['Ada', '3.00', 'Vilnius'], ['Bob', '4.50', 'Bremen']] }) // prettier-ignore
  })

  test('whose header has two lines gives names of both, and names that are equal apart', async () => {
    const places: Place[] = [{ x: 50, width: 100 }, { x: 200, width: 60, right: true }, { x: 300, width: 60, right: true }] // prettier-ignore
    const bytes = await drawPdf((page) => {
      page.font('Helvetica-Bold', 9)
      drawRow(page, places, 60, ['Item', 'Price', 'Price'])
      drawRow(page, places, 70, [null, 'per unit', 'per unit'])
      page.font('Helvetica', 9)
      drawRow(page, places, 90, ['Ink', '3.00', '2.50'])
      drawRow(page, places, 105, ['Paper', '14.50', '1.00'])
    })
    expect(await tableOf(bytes)).toEqual({ columns: ['Item', 'Price per unit', 'Price per unit 2'], rows: [['Ink', '3.00', '2.50'], ['Paper', '14.50', '1.00']] }) // prettier-ignore
  })

  test('all of words, without a number, begins with its header', async () => {
    const places: Place[] = [{ x: 50, width: 100 }, { x: 200, width: 100 }, { x: 320, width: 100 }] // prettier-ignore
    const rows = [['Name', 'Town', 'Trade'], ['Ada', 'Vilnius', 'Printer'], ['Bob', 'Bremen', 'Editor'], ['Cyd', 'Oslo', 'Setter']] // prettier-ignore
    const bytes = await drawPdf((page) => rows.forEach((cells, index) => drawRow(page.font('Courier', 9), places, 60 + index * 15, cells))) // prettier-ignore
    expect(await tableOf(bytes)).toEqual({ columns: rows[0], rows: rows.slice(1) })
  })
})

describe('what can not be read whole ends with a failure that says why', () => {
  const text = (words: string) => drawPdf((page) => page.font('Helvetica', 9).text(words, 50, 60))

  test('encrypted', async () =>
    expectUnusable(await drawPdf(drawInvoice, { userPassword: 'secret', ownerPassword: 'more' }), 'encrypted'))

  test('with an owner’s password alone it opens for everybody, and is read', async () => {
    const bytes = await drawPdf(drawInvoice, { ownerPassword: 'more', permissions: { printing: 'highResolution' } })
    expect((await tableOf(bytes)).rows).toHaveLength(7)
  })

  test('cut off at any place', async () => {
    const bytes = await drawPdf((page) => void drawStatement(page, 60))
    for (const part of [0.1, 0.5, 0.9, 0.98]) await expectUnusable(bytes.subarray(0, bytes.length * part), 'broken')
  })

  test('damaged in the middle of a page', async () => {
    const bytes = await drawPdf((page) => void drawStatement(page, 60))
    const damaged = Buffer.from(bytes)
    const at = bytes.indexOf('stream\n', bytes.indexOf('FlateDecode')) + 200
    for (let index = at; index < at + 40; index++) damaged[index]! ^= 0x5a
    await expectUnusable(damaged, 'broken')
  })

  test('no PDF behind its mark', () => expectUnusable(Buffer.from('%PDF-1.7\nhello'), 'broken'))

  test('made of pictures', async () =>
    expectUnusable(await drawPdf((page) => void page.image(PIXEL, 0, 0, { width: 500 }).addPage().image(PIXEL, 0, 0)), 'no text')) // prettier-ignore

  test('with a picture of a page in the middle of its table', async () =>
    expectUnusable(await drawPdf((page) => (drawInvoice(page), page.addPage().image(PIXEL, 0, 0), page.addPage(), drawInvoice(page))), 'Page 2 of the PDF is a picture')) // prettier-ignore

  test('with text, but no table', async () => expectUnusable(await text('Dear Ada, all is well here.'), 'no table'))
})

test('in the test kit of authors a file on disk stands for an upload', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-kit-'))
  try {
    const path = join(directory, 'invoice.pdf')
    await writeFile(path, await drawPdf(drawInvoice))
    const { csv, summary, percent } = await runReport(pdfTables, { file: path, names: 'SNAKE_CASE', decimal_mark: 'POINT' })
    expect(csv.split('\n').slice(0, 1)).toEqual(['pos,description,qty,unit_price,amount_eur'])
    expect([summary, percent]).toEqual([{ file: 'invoice.pdf', pages: 1, rows: 7, totals: 3 }, 100])
    await expect(runReport(pdfTables, { file: join(directory, 'no.pdf') })).rejects.toMatchObject({ code: 'INVALID_PARAMETERS' })
  } finally {
    await rm(directory, { recursive: true })
  }
}) // prettier-ignore
