import { ReportFailed } from '../errors.ts'
import type { Column } from '../report-type/define.ts'
import { streamOfBatches, type RowWriter } from './batch-stream.ts'
import type { Format, FormatOptions } from './format.ts'
import { cellWriter, textCell } from './xlsx-cells.ts'
import { MOST_COLUMNS, MOST_ROWS, PARTS, SHEET_NAME, SHEET_TAIL, sheetHead, STYLE } from './xlsx-parts.ts'
import { zipOf } from './zip.ts'
import { zoneOffset } from './zone-offset.ts'

/**
 * A workbook of one sheet, written as the rows come: cells have types, the header line stays in view. What a spreadsheet's number
 * can't hold exactly is text. Instants are shown in the report's time zone, because a spreadsheet's dates have none.
 */
export const xlsx: Format = {
  name: 'XLSX',
  extension: 'xlsx',
  contentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  packed: true,
  encode(rows, options) {
    const sheet = streamOfBatches(rows, options.columns.length, sheetWriter(options))
    return zipOf(PARTS, { name: SHEET_NAME, bytes: sheet })
  },
}

function sheetWriter(options: FormatOptions): RowWriter {
  const { columns } = options
  const letters = columns.map((_, index) => columnLetters(index))
  const offset = zoneOffset(options.timeZone)
  const cells = columns.map((column) => cellWriter(column, offset))
  return {
    head: sheetHead(columns.slice(0, MOST_COLUMNS)) + headerRow(columns, letters),
    row(row, index) {
      checkRoom(index, columns)
      const number = index + 2
      let text = `<row r="${number}">`
      for (let place = 0; place < cells.length; place++) {
        const cell = row[place]
        if (cell !== null && cell !== undefined) text += cells[place]!(cell, letters[place]! + number)
      }
      return `${text}</row>`
    },
    tail(rowCount) {
      checkRoom(rowCount - 1, columns)
      return SHEET_TAIL
    },
    fill: null,
  }
}

function headerRow(columns: readonly Column[], letters: readonly string[]): string {
  const names = columns.map((column, index) => textCell(column.name, `${letters[index]}1`, column, STYLE.HEADER))
  return `<row r="1">${names.join('')}</row>`
}

/** What does not fit into a sheet is never cut short. Throws ReportFailed. */
function checkRoom(index: number, columns: readonly Column[]): void {
  if (index >= MOST_ROWS - 1)
    throw new ReportFailed(
      'ROW_LIMIT',
      `A sheet of XLSX holds ${MOST_ROWS.toLocaleString('en')} rows with its header, and the report has more: narrow the parameters, or ask for CSV or PARQUET.`,
    )
  if (columns.length > MOST_COLUMNS)
    throw new ReportFailed('FORMAT_LIMIT', `A sheet of XLSX holds ${MOST_COLUMNS.toLocaleString('en')} columns, and the report has ${columns.length.toLocaleString('en')}.`) // prettier-ignore
}

/** 0 -> A, 25 -> Z, 26 -> AA. */
function columnLetters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26))
  return index < 26 ? last : columnLetters(Math.floor(index / 26) - 1) + last
}
