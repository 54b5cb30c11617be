import type { Column, ColumnType } from '../report-type/define.ts'

/** What a workbook of one sheet has beside that sheet, and the sheet's own head. */

export const SHEET_NAME = 'xl/worksheets/sheet1.xml'
/** Of a sheet, the header line included. */
export const MOST_ROWS = 1_048_576
export const MOST_COLUMNS = 16_384
/** Of one cell, in UTF-16 units, as spreadsheets count them. */
export const MOST_CHARACTERS = 32_767

/** Places in cellXfs of STYLES; of numbers, NUMBER plus how many digits are shown after the point. */
export const STYLE = {
  HEADER: 1, TEXT: 2, DATE: 3, DATE_TIME: 4, DATE_TIME_FRACTION: 5, TIME: 6, TIME_FRACTION: 7, NUMBER: 8,
} as const // prettier-ignore
const MOST_FRACTION_DIGITS = 15

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

/** Formats 0, 1, 2 and 49 (text) are built in; those of our own begin at 164. */
const formatOf = (digits: number) => (digits === 0 ? 1 : digits === 2 ? 2 : 170 + digits)
const fractions = Array.from({ length: MOST_FRACTION_DIGITS + 1 }, (_, digits) => digits)
const xf = (format: number, more = '') =>
  `<xf numFmtId="${format}" fontId="0" fillId="0" borderId="0" xfId="0"${format === 0 ? '' : ' applyNumberFormat="1"'}${more}/>`

const NUMBER_FORMATS = [
  [164, 'yyyy\\-mm\\-dd'],
  [165, 'yyyy\\-mm\\-dd\\ hh:mm:ss'],
  [166, 'yyyy\\-mm\\-dd\\ hh:mm:ss.000'],
  [167, 'hh:mm:ss'],
  [168, 'hh:mm:ss.000'],
  ...fractions
    .filter((digits) => formatOf(digits) > 169)
    .map((digits) => [formatOf(digits), `0.${'0'.repeat(digits)}`]),
] as const
const CELLS = [
  xf(0),
  '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>',
  xf(49), xf(164), xf(165), xf(166), xf(167), xf(168), ...fractions.map((digits) => xf(formatOf(digits))),
] // prettier-ignore

const STYLES =
  `${HEAD}<styleSheet xmlns="${MAIN}"><numFmts count="${NUMBER_FORMATS.length}">` +
  NUMBER_FORMATS.map(([id, code]) => `<numFmt numFmtId="${id}" formatCode="${code}"/>`).join('') +
  '</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>' +
  '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>' +
  '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>' +
  '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
  '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
  `<cellXfs count="${CELLS.length}">${CELLS.join('')}</cellXfs>` +
  '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'

const relation = (id: number, kind: string, target: string) =>
  `<Relationship Id="rId${id}" Type="${OFFICE}/${kind}" Target="${target}"/>`
const part = (name: string, type: string) => `<Override PartName="/${name}" ContentType="${TYPES}.${type}+xml"/>`

export const PARTS: readonly { name: string; text: string }[] = [
  {
    name: '[Content_Types].xml',
    text:
      `${HEAD}<Types xmlns="${PACKAGE}/content-types">` +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      '<Default Extension="xml" ContentType="application/xml"/>' +
      `${part('xl/workbook.xml', 'sheet.main')}${part(SHEET_NAME, 'worksheet')}${part('xl/styles.xml', 'styles')}</Types>`,
  },
  {
    name: '_rels/.rels',
    text: `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">${relation(1, 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
  },
  {
    name: 'xl/workbook.xml',
    text: `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="Report" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  },
  {
    name: 'xl/_rels/workbook.xml.rels',
    text:
      `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">` +
      `${relation(1, 'worksheet', 'worksheets/sheet1.xml')}${relation(2, 'styles', 'styles.xml')}</Relationships>`,
  },
  { name: 'xl/styles.xml', text: STYLES },
]

/** In characters of the usual font. A column is also as wide as its name, up to WIDEST. */
const WIDTHS: Partial<Record<ColumnType, number>> = {
  Date: 11,
  DateTime: 19,
  LocalDateTime: 19,
  String: 20,
  ID: 36,
  JSON: 30,
}
const USUAL = 12
const WIDEST = 60

/** The sheet up to its first row: the header stays in view, and columns are wide enough for most of what stands in them. */
export function sheetHead(columns: readonly Column[]): string {
  const widths = columns.map(({ name, type }, index) => {
    const width = Math.min(WIDEST, Math.max(WIDTHS[type] ?? USUAL, name.length + 2))
    return `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`
  })
  return (
    `${HEAD}<worksheet xmlns="${MAIN}"><sheetViews><sheetView tabSelected="1" workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' +
    `<sheetFormatPr defaultRowHeight="15"/><cols>${widths.join('')}</cols><sheetData>`
  )
}
export const SHEET_TAIL = '</sheetData></worksheet>'
