import { DeliveryFailed } from './channel.ts'

/** One column of the table that is loaded, as the warehouse has it. */
export interface TableColumn {
  readonly name: string
  /** Must be given: it is NOT NULL, and nothing else fills it. */
  readonly needed: boolean
  /** Computed by the warehouse: can't be given. */
  readonly generated: boolean
}

/** A name within SQL, whatever it holds. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** At most so many names in one message. */
const MOST_NAMES = 10

/**
 * The document's columns as a COPY list, in the document's order: each has its namesake in the table. Throws DeliveryFailed
 * that names all columns which have not, and those of the table that would be left empty and may not.
 * @param table Empty: there is no such table.
 */
export function matchColumns(document: readonly { name: string }[], table: readonly TableColumn[]): string {
  if (table.length === 0) throw new DeliveryFailed('The warehouse has no such table.', { retryable: false })
  const byName = new Map(table.map((column) => [column.name, column]))
  const given = new Set(document.map(({ name }) => name))
  const unknown = [...given].filter((name) => !byName.has(name))
  const generated = [...given].filter((name) => byName.get(name)?.generated)
  const missing = table.filter(({ name, needed }) => needed && !given.has(name)).map(({ name }) => name)
  const words = [
    unknown.length > 0 && `The table has no ${columns(unknown)}.`,
    generated.length > 0 && `The table computes ${columns(generated)} itself.`,
    missing.length > 0 && `The table needs ${columns(missing)}, which the report does not have.`,
  ].filter((line) => line !== false)
  if (given.size < document.length) words.push('The report has a column twice.')
  if (words.length > 0) throw new DeliveryFailed(words.join(' '), { retryable: false })
  return document.map(({ name }) => quoted(name)).join(', ')
}

function columns(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(quoted).join(', ')
  const more = names.length - MOST_NAMES
  return `column${names.length === 1 ? '' : 's'} ${shown}${more > 0 ? ` and ${more} more` : ''}`
}
