import type { Cell, Column, ColumnType } from '../report-type/define.ts'
import { postgresDate, postgresTimestamp, toPostgresInstant } from './instant.ts'
import { decimalText, floatText } from './number-text.ts'

/** Text of a cell that is there (never null), as COPY would write the same value before quoting. */
export type CellText = (cell: NonNullable<Cell>) => string

/** How the cells of a column become text. The values decide where an author gives another type than was declared. */
export function cellText(column: Column): CellText {
  return SPECIAL[column.type] ?? anyText
}

const SPECIAL: Partial<Record<ColumnType, CellText>> = {
  BigInt: (cell) => (typeof cell === 'number' ? decimalText(cell) : anyText(cell)),
  Decimal: (cell) => (typeof cell === 'number' ? decimalText(cell) : anyText(cell)),
  Date: (cell) => (cell instanceof Date ? postgresDate(cell) : anyText(cell)),
  DateTime: (cell) => (typeof cell === 'string' ? toPostgresInstant(cell) : anyText(cell)),
  LocalDateTime: (cell) => (cell instanceof Date ? postgresTimestamp(cell, '') : anyText(cell)),
  JSON: (cell) => (isBytes(cell) ? anyText(cell) : jsonText(cell)),
  List: (cell) => (Array.isArray(cell) ? arrayLiteral(cell) : anyText(cell)),
}

/** The text of a cell whose column asks for nothing special; a string is its own. */
export function anyText(cell: NonNullable<Cell>): string {
  switch (typeof cell) {
    case 'string':
      return cell
    case 'number':
      return floatText(cell)
    case 'boolean':
      return cell ? 't' : 'f'
    case 'bigint':
      return String(cell)
    default:
      if (cell instanceof Date) return postgresTimestamp(cell, '+00')
      return isBytes(cell) ? `\\x${hex(cell)}` : jsonText(cell)
  }
}

/** Compact JSON; a bigint becomes a string, which every reader keeps exact. */
export function jsonText(cell: unknown): string {
  return JSON.stringify(cell, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ?? 'null'
}

const NEEDS_QUOTES = /^$|^null$|[{},"\\ \t\n\r\v\f]/i

/** {a,"b c",NULL}: an array as Postgres writes it, nested ones too. */
function arrayLiteral(items: readonly unknown[]): string {
  const texts = items.map((item) => {
    if (item === null || item === undefined) return 'NULL'
    if (Array.isArray(item)) return arrayLiteral(item)
    const text = anyText(item as NonNullable<Cell>)
    return NEEDS_QUOTES.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
  })
  return `{${texts.join(',')}}`
}

export function isBytes(cell: unknown): cell is Uint8Array {
  return cell instanceof Uint8Array
}
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
