import { ReportFailed } from '../src/errors.ts'
import { COLUMN_TYPES, type Cell, type Column, type ReportDefinition, type Row } from '../src/report-type/define.ts'

/** More than a database's table may have is a mistake. */
const MOST_COLUMNS = 1_000
const LONGEST_NAME = 200

type Given = Row | { readonly [column: string]: Cell }
type Said = NonNullable<ReportDefinition['columns']>

/**
 * Columns that are only known at run time: the author's code says them before its first row. `declared` are those of the type;
 * where there are any, they hold.
 */
export function createSaidColumns(declared: readonly Column[]) {
  let columns = declared
  let fixed = declared.length > 0
  let untouched: AsyncIterator<Given> | undefined

  return {
    get columns() {
      return columns
    },
    say(said: Said): void {
      if (fixed) throw wrong('Columns can be said once, before the first row, and only where the file declares none.')
      columns = checked(said)
      fixed = true
    },
    /** The rows, when their columns are known: with the first one read already, where the code has to say them. */
    async begun(rows: AsyncIterable<Given>): Promise<AsyncIterable<Given>> {
      if (fixed) return rows
      const iterator = rows[Symbol.asyncIterator]()
      const first = await iterator.next()
      if (!fixed)
        throw wrong('The report has no columns: declare them, or say them with columns({ ... }) before the first row.')
      untouched = iterator
      return (async function* () {
        untouched = undefined
        if (first.done) return
        yield first.value
        yield* { [Symbol.asyncIterator]: () => iterator }
      })()
    },
    /** Lets go of code that has begun and whose rows nobody will read. */
    async close(): Promise<void> {
      await untouched?.return?.()
    },
  }
}

function checked(said: Said): Column[] {
  const columns = Object.entries(said).map(([name, given]): Column => {
    const { type, ...more } = typeof given === 'string' ? { type: given } : given
    if (name.trim() === '' || name.length > LONGEST_NAME || !COLUMN_TYPES.includes(type))
      throw wrong(
        `Column "${name.slice(0, 100)}": a name has 1 to ${LONGEST_NAME} characters, and a type that is known.`,
      )
    return { name, type, ...more }
  })
  if (columns.length === 0 || columns.length > MOST_COLUMNS) throw wrong(`A report has 1 to ${MOST_COLUMNS} columns.`)
  return columns
}

function wrong(message: string): ReportFailed {
  return new ReportFailed('INTERNAL', message)
}
