import { MOST_DIGITS, type Cell, type Column, type ColumnType } from '../report-type/define.ts'

/** Postgres' types in the words of the API, and their texts as cells. */
const BY_OID: Record<number, ColumnType> = {
  16: 'Boolean', 17: 'Bytes', 20: 'BigInt', 21: 'Int', 23: 'Int', 26: 'BigInt', 114: 'JSON', 3802: 'JSON', 700: 'Float', 701: 'Float', 1700: 'Decimal',
  1082: 'Date', 1083: 'Time', 1266: 'Time', 1114: 'LocalDateTime', 1184: 'DateTime', 2950: 'ID', 2249: 'String',
} // prettier-ignore

/** What a RowDescription says of a column. */
export interface Field {
  readonly name: string
  readonly dataTypeID: number
  /** Of numeric: its precision and scale; -1: it has none. */
  readonly dataTypeModifier?: number
}

/** @param arrays those oids that are array types; all else that is not known here is text. */
export function columnsOf(fields: readonly Field[], arrays: ReadonlySet<number>): Column[] {
  return fields.map(({ name, dataTypeID, dataTypeModifier = -1 }) => ({
    name,
    type: BY_OID[dataTypeID] ?? (arrays.has(dataTypeID) ? 'List' : 'String'),
    ...(dataTypeID === NUMERIC && dataTypeModifier >= 0 && digitsOf(dataTypeModifier)),
  }))
}

const NUMERIC = 1700
/**
 * numeric(12, 2) as Postgres packs it: above 16 bits the precision, below a scale of 11 bits with a sign, four more in all. A
 * scale below 0 or above the precision is said in digits that a decimal has: before the point, or all after it.
 */
function digitsOf(modifier: number): { precision: number; scale: number } | null {
  const packed = modifier - 4
  const precision = (packed >> 16) & 0xffff
  const scale = ((packed & 0x7ff) ^ 0x400) - 0x400
  const digits = { precision: Math.max(precision, scale, precision - scale), scale: Math.max(scale, 0) }
  if (scale > 0 && scale <= precision) digits.precision = precision
  return digits.precision <= MOST_DIGITS ? digits : null
}

/** Oids of which only the source's catalog knows whether they are arrays. */
export function unknownTypes(fields: readonly Field[]): number[] {
  return [...new Set(fields.map(({ dataTypeID }) => dataTypeID))].filter((oid) => BY_OID[oid] === undefined)
}

const PARSERS: Partial<Record<ColumnType, (text: string) => Cell>> = {
  Int: Number,
  Float: Number,
  Boolean: (text) => text === 't',
  JSON: (text) => JSON.parse(text) as Cell,
  DateTime: instantText,
}
const asText = (text: string): Cell => text

/** What decides how a cell is read; where only the catalog knows the type, its text is the cell. */
export function typeOf(oid: number): ColumnType {
  return BY_OID[oid] ?? 'String'
}

/** Text in, cell out; undefined: the text is the cell. */
export function parserOf(oid: number): ((text: string) => Cell) | undefined {
  return PARSERS[typeOf(oid)]
}

/** The same for pg's `types`. */
export const cellTypes = { getTypeParser: (oid: number) => parserOf(oid) ?? asText }

/**
 * "2026-11-21 10:00:00.123456+01" -> "2026-11-21T09:00:00.123456Z": no digit is lost, as it would be in a Date.
 * What has no such form (infinity, years before 1 or after 9999) stays as Postgres writes it.
 */
export function instantText(text: string): string {
  if (text.endsWith('+00') && text.charCodeAt(10) === 32 && text.charCodeAt(4) === 45)
    return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`
  const parts = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(\.\d+)?([+-]\d{2}(?::\d{2}){0,2})$/.exec(text)
  if (!parts) return text
  const [, day, time, fraction = '', offset] = parts
  const [hours, minutes = '0', seconds = '0'] = offset!.slice(1).split(':')
  const away = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  const local = Date.parse(`${day}T${time}Z`)
  return `${new Date(offset!.startsWith('-') ? local + away : local - away).toISOString().slice(0, 19)}${fraction}Z`
}
