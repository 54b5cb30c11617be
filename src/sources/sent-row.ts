import type { Cell, ColumnType, Row } from '../report-type/define.ts'

/** Rows up to so many bytes are decoded as one text, of which the cells are parts: a cell that is kept keeps no more alive. */
export const SHORT = 1024
/** Each of the four bytes of the length of null, in a short row. */
export const NULL_LENGTH = 0x7f

/** Of one query; the same object for all its rows. */
export interface SentColumns {
  readonly names: readonly string[]
  readonly types: readonly ColumnType[]
}

/**
 * A row that an author was handed, and what the source had sent: where the author passes the row on as it is, a format may
 * write the one without looking at the other.
 */
export interface SentRow {
  /** What the author has. */
  readonly object: Record<string, Cell>
  /** What was in it. */
  readonly cells: Row
  readonly columns: SentColumns
  /**
   * From `at` on, for each column: the length of its text in four bytes of seven bits (7f7f7f7f: null), and the text as
   * Postgres sends it, but an instant in UTC with a T and a Z: "2026-11-21T10:00:00.12Z00". Null: the row was not short.
   */
  readonly bytes: Uint8Array | null
  readonly at: number
  readonly size: number
}

/** The row that any of an attempt's queries has handed out last: the one that an author who passes rows on yields next. */
export interface Handed {
  last: SentRow | null
}
