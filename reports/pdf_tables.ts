import { defineReport, ReportError } from 'broadsheet/define'

/** A label in the first filled cell of a row that sums up others. */
const TOTAL =
  /^((grand|sub|net|gross)[ -]?)?totals?\b|^(opening|closing) balance\b|^(amount|balance) due\b|^(carried|brought) forward\b|^(vat|tax)( \d+([.,]\d+)? ?%)?$/i

const MARKS = { POINT: ['.', /[,'\u2019 \u00a0\u202f]/g], COMMA: [',', /[.'\u2019 \u00a0\u202f]/g] } as const

/** "(1,234.50)", "1.234,50-" or "€ 12" as 1234.50; what is no number as it is printed. */
function plain(text: string, mark: string | null): string {
  if (mark !== 'POINT' && mark !== 'COMMA') return text
  const [point, between] = MARKS[mark]
  const bare = text.replace(/^[€$£¥]\s*|\s*([€$£¥]|EUR|USD|GBP)$/g, '').trim()
  const [, open, sign, digits = '', behind] =
    /^(\()?([-+\u2212])?\s*[€$£¥]?\s*(\d[\d.,'\u2019 \u00a0\u202f]*)\s*(-|\))?$/.exec(bare) ?? []
  const number = digits.replaceAll(between, '').replace(point, '.')
  if (!/^\d+(\.\d+)?$/.test(number) || (open === '(') !== (behind === ')')) return text
  return `${open === '(' || behind === '-' || sign === '-' || sign === '\u2212' ? '-' : ''}${number}`
}

/** Names for a database: small letters, digits, underscores; each once. */
function snakeCase(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name, index) => {
    const bare = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_|_$/g, '') // prettier-ignore
    const base = /^[a-z]/.test(bare) ? bare : `column_${bare || index + 1}`
    let free = base
    for (let more = 2; taken.has(free); more++) free = `${base}_${more}`
    taken.add(free)
    return free
  })
}

export default defineReport({
  title: 'Table of a PDF',
  description: 'The rows of the table in a PDF with text, over all of its pages, with the columns of its header row.',
  parameters: {
    file: { type: 'Upload!', description: 'A PDF, from createUpload' },
    heading: { type: 'String', description: 'Words of the header row, where the table is not the widest one' },
    names: { type: 'String', values: ['PRINTED', 'SNAKE_CASE'], default: 'PRINTED', description: 'Names of the columns' },
    decimal_mark: { type: 'String', values: ['POINT', 'COMMA'], description: 'Of the numbers in it, which then come out plain: 1234.56; left out: as printed' },
    totals: { type: 'String', values: ['KEEP', 'DROP'], default: 'KEEP', description: 'Rows that begin with a word such as Total or Closing balance' },
  }, // prettier-ignore
  fileName: 'pdf-table-{date}',
  async *rows({ parameters, upload, columns, progress, summary }) {
    const file = upload('file')
    if (file.contentType !== 'application/pdf') throw new ReportError(`"${file.fileName}" is no PDF: it was announced as ${file.contentType}.`, { code: 'INVALID_PARAMETERS' }) // prettier-ignore
    let said = false
    let [rows, totals] = [0, 0]
    for await (const page of file.table({ heading: parameters.heading })) {
      if (!said && page.columns.length > 0) {
        const names = parameters.names === 'SNAKE_CASE' ? snakeCase(page.columns) : page.columns
        columns(Object.fromEntries(names.map((name) => [name, 'String'] as const)))
        said = true
      }
      for (const cells of page.rows) {
        const isTotal = TOTAL.test(cells.find((cell) => cell !== '') ?? '')
        if (isTotal) totals += 1
        if (isTotal && parameters.totals === 'DROP') continue
        rows += 1
        yield cells.map((cell) => (cell === '' ? null : plain(cell, parameters.decimal_mark)))
      }
      progress(page.page, page.pages, `page ${page.page} of ${page.pages}`)
      summary({ file: file.fileName, pages: page.pages, rows, totals })
    }
  },
})
