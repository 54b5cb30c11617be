import type { Cell, Column, Json, Row } from '../report-type/define.ts'
import { cellText, hex, isBytes, jsonText } from './cell-text.ts'
import { rfc3339, toRfc3339 } from './instant.ts'

/** A row as one JSON object, keys in the order of the columns. */
export function jsonRow(columns: readonly Column[]): (row: Row) => string {
  const cells = columns.map((column, index) => ({
    key: `${index === 0 ? '' : ','}${JSON.stringify(column.name)}:`,
    text: jsonCellText(column),
  }))
  return (row) => {
    let object = '{'
    for (let index = 0; index < cells.length; index++) {
      const { key, text } = cells[index]!
      object += key + text(row[index])
    }
    return `${object}}`
  }
}

/**
 * A cell's value as JSON, in the words of the API: BigInt and Decimal are strings, so that no digit is lost, so are NaN
 * and Infinity, which JSON has no number for; instants are RFC 3339 in UTC; bytes are \x and hex.
 */
export function jsonValue(column: Column): (cell: Cell) => Json {
  const text = jsonCellText(column)
  return (cell) => JSON.parse(text(cell)) as Json
}

function jsonCellText({ type, ...column }: Column): (cell: Cell) => string {
  const exact = type === 'BigInt' || type === 'Decimal'
  const asText = cellText({ type, ...column })
  return (cell) => {
    if (cell === null || cell === undefined) return 'null'
    if (type === 'JSON') return jsonText(cell)
    switch (typeof cell) {
      case 'string':
        return type === 'DateTime' ? JSON.stringify(toRfc3339(cell)) : JSON.stringify(cell)
      case 'number':
        return exact || !Number.isFinite(cell) ? `"${asText(cell)}"` : String(cell)
      case 'boolean':
        return cell ? 'true' : 'false'
      case 'bigint':
        return `"${cell}"`
    }
    if (isBytes(cell)) return `"\\\\x${hex(cell)}"`
    if (!(cell instanceof Date)) return jsonText(cell)
    return JSON.stringify(
      type === 'Date' ? asText(cell) : type === 'LocalDateTime' ? rfc3339(cell).slice(0, -1) : rfc3339(cell),
    )
  }
}
