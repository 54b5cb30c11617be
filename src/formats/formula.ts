import type { Column } from '../report-type/define.ts'

/**
 * A cell that a spreadsheet may evaluate begins, after any white space, with one of these, or holds a tab or CR there.
 * The full-width forms count: spreadsheets of East Asian locales take them for the ASCII ones.
 */
export const MOST_WHITE_SPACE = 255
const FORMULA = /^\s{0,255}[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|^\s{256}/
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?(?:e[-+]?\d+)?|\.\d+|infinity)$/i

/** What a spreadsheet shows as the same text, but does not evaluate. */
export function neutralised(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** For columns of numbers and dates: they stay as they are, but what an author put there that is none is text. */
export function neutralisedUnlessNumber(text: string): string {
  return NUMBER.test(text) ? text : neutralised(text)
}

/** Columns whose COPY text may begin with what a spreadsheet evaluates; JSON, lists, bytes, dates never do. */
export function holdsText(column: Column): boolean {
  return column.type === 'String' || column.type === 'ID'
}
