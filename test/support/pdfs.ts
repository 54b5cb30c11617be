import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { oracles } from './oracles.ts'

/** What of pdfkit the tests use. */
interface Drawing {
  font(name: string, size?: number): Drawing
  fontSize(size: number): Drawing
  text(text: string, x: number, y: number, options?: object): Drawing
  image(bytes: Buffer, x: number, y: number, options?: object): Drawing
  addPage(options?: object): Drawing
  rotate(angle: number, options?: object): Drawing
  on(event: string, heard: (chunk: Buffer) => void): Drawing
  end(): void
}
type Pdfkit = new (options: object) => Drawing

/** A PDF by a library that knows nothing of this service. */
export async function drawPdf(draw: (page: Drawing) => void, options: object = {}): Promise<Buffer> {
  await oracles()
  const load = createRequire(fileURLToPath(new URL('../oracles/package.json', import.meta.url)))
  const Document = load('pdfkit') as Pdfkit
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const drawing = new Document({ size: 'A4', margin: 0, ...options })
    drawing.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)))
    draw(drawing)
    drawing.end()
  })
}

/** A column: where it stands, and whether its cells stand at the right. */
export interface Place {
  readonly x: number
  readonly width: number
  readonly right?: boolean
}

/** One line of cells; null: nothing there. */
export function drawRow(page: Drawing, places: readonly Place[], y: number, cells: readonly (string | null)[]): void {
  for (const [index, cell] of cells.entries()) {
    const { x, width, right } = places[index]!
    if (cell !== null)
      for (const [line, text] of cell.split('\n').entries())
        page.text(text, x, y + line * 11, { width, align: right ? 'right' : 'left', lineBreak: false })
  }
}

const INVOICE: readonly Place[] = [
  { x: 50, width: 30 },
  { x: 85, width: 230 },
  { x: 320, width: 50, right: true },
  { x: 380, width: 70, right: true },
  { x: 460, width: 85, right: true },
]
export const INVOICE_HEADER = ['Pos', 'Description', 'Qty', 'Unit price', 'Amount (EUR)']
export const INVOICE_ROWS = [
  ['1', 'Consulting services in October\n(remote, as agreed on the phone)', '12.5', '140.00', '1,750.00'],
  ['2', 'Hosting', '1', '49.90', '49.90'],
  ['3', 'Licence renewal for the editorial desk:\nfive seats, one year, with support\nuntil 2027-10-31', '5', '1,240.00', '6,200.00'],
  ['4', 'Discount', null, null, '-199.90'],
] as const // prettier-ignore
export const INVOICE_TOTALS = [['Subtotal', '7,800.00'], ['VAT 21 %', '1,638.00'], ['Total due', '9,438.00']] as const // prettier-ignore

/** As a small company writes one: letterhead, addresses, facts, positions with long texts, totals apart, terms, a foot. */
export function drawInvoice(page: Drawing): void {
  page.font('Helvetica-Bold', 20).text('Northwind Press UAB', 50, 40)
  page.font('Helvetica', 9).text('Gedimino pr. 9, LT-01103 Vilnius', 50, 66)
  page.text('Bill to:', 50, 100).text('Ship to:', 320, 100)
  page.text('Broadsheet GmbH', 50, 112).text('Broadsheet Lager', 320, 112)
  page.text('Torstr. 1, 10119 Berlin', 50, 124).text('Am Hafen 7, 20457 Hamburg', 320, 124)
  for (const [index, [name, value]] of [
    ['Invoice number', 'INV-2026-0113'],
    ['Date', '2026-11-02'],
    ['Due date', '2026-11-16'],
  ].entries())
    // prettier-ignore
    page.text(name!, 50, 155 + index * 12).text(value!, 150, 155 + index * 12)
  page.font('Helvetica-Bold', 9)
  drawRow(page, INVOICE, 210, INVOICE_HEADER)
  page.font('Helvetica', 9)
  let y = 230
  for (const cells of INVOICE_ROWS) {
    drawRow(page, INVOICE, y, cells)
    y += 11 * cells[1].split('\n').length + 8
  }
  y += 12
  for (const [label, amount] of INVOICE_TOTALS) {
    drawRow(page, INVOICE, y, [null, null, null, label, amount])
    y += 15
  }
  page.text('Payment within 14 days without deduction to LT12 1000 0111 0100 1000. Goods stay ours until all of it is paid.', 50, y + 30, { width: 495 }) // prettier-ignore
  page.text('Thank you for your order.', 50, y + 60)
  page.fontSize(8).text('Page 1 of 1', 50, 800, { width: 495, align: 'center', lineBreak: false })
}

const STATEMENT: readonly Place[] = [
  { x: 40, width: 60 },
  { x: 105, width: 60 },
  { x: 170, width: 190 },
  { x: 365, width: 60, right: true },
  { x: 430, width: 60, right: true },
  { x: 495, width: 65, right: true },
]
export const STATEMENT_HEADER = ['Date', 'Value date', 'Details', 'Debit', 'Credit', 'Balance']

/** Movement number `index` of an account: every third in three lines, some without a date of their own, debits and credits. */
export function movement(index: number): (string | null)[] {
  const day = `${String((Math.floor(index / 4) % 28) + 1).padStart(2, '0')}.10.2026`
  const amount = `${(1 + (index % 9)).toString()},${String(100 + index).slice(-3)}.${String(index % 100).padStart(2, '0')}`
  const details =
    index % 3 === 0 ? `Card payment ${index}\nReference RF${5000 + index} of the shop\nVilnius` : `Transfer ${index}`
  const date = index % 4 === 1 ? null : day
  return [date, date, details, index % 2 ? amount : null, index % 2 ? null : amount, `${10 + index},000.00`]
}

/** A statement of account over as many pages as `count` movements need. `repeat`: the header stands on each page. */
export function drawStatement(page: Drawing, count: number, { repeat = true, shift = 0 } = {}): number {
  let y = 0
  let pages = 0
  let places = STATEMENT
  const begin = () => {
    if (pages > 0) page.addPage()
    pages += 1
    places = pages % 2 ? STATEMENT : STATEMENT.map((place) => ({ ...place, x: place.x + shift }))
    page.font('Helvetica-Bold', 12).text('Bank of the North', 40, 30)
    page
      .font('Helvetica', 8)
      .text('Statement of account 10/2026', 40, 50)
      .text(`IBAN LT12 1000 0111 0100 1000`, 365, 50)
    if (pages === 1 || repeat) {
      page.font('Helvetica-Bold', 8)
      drawRow(page, places, 90, STATEMENT_HEADER)
    }
    page.font('Helvetica', 8)
    y = 108
  }
  begin()
  for (let index = 0; index < count; index++) {
    const cells = movement(index)
    const lines = cells[2]!.split('\n').length
    if (y + lines * 11 > 770) {
      page.text(`Page ${pages}`, 40, 810, { width: 520, align: 'right', lineBreak: false })
      begin()
    }
    drawRow(page, places, y, cells)
    y += lines * 11 + 5
  }
  page.text(`Page ${pages}`, 40, 810, { width: 520, align: 'right', lineBreak: false })
  return pages
}

/** One pixel. */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
