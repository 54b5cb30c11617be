import type { Column } from './define.ts'

/** The query's columns with what the head says about them. */
export function withWords(columns: readonly Column[], words: Readonly<Record<string, string>>): Column[] {
  return columns.map((column) =>
    Object.hasOwn(words, column.name) ? { ...column, description: words[column.name]! } : column,
  )
}
