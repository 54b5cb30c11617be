import type { Cell } from '../report-type/define.ts'

/** Digits that may be more than a double keeps. */
const MANY_DIGITS = /\d[\d.]{15}/

/** Of newer engines than TypeScript's lists. */
const json = JSON as unknown as {
  parse(text: string, look: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(text: string): object
}

/**
 * JSON in which each number is written as it was read, however many digits it has: one that a double would change is kept as its
 * text, which JSON.stringify writes. For rows that go straight into a document; an author's arithmetic needs numbers.
 */
export function exactJson(text: string): Cell {
  if (!MANY_DIGITS.test(text)) return JSON.parse(text) as Cell
  return json.parse(text, (_, value, { source = '' }) =>
    typeof value === 'number' && String(value) !== source ? json.rawJSON(source) : value,
  ) as Cell
}
