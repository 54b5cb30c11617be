import { ReportFailed } from '../src/errors.ts'
import type { Cell, Column, Row } from '../src/report-type/define.ts'

/** A batch is handed on with so many rows, or so many characters of text in it. */
const BATCH_ROWS = 500
const BATCH_TEXT = 64 * 1024

type Given = Row | { readonly [column: string]: Cell }

/**
 * An author's rows, objects by column name or arrays, as batches of arrays in the order of the columns. Rejects with a final
 * failure that names the row and what is wrong with it; a column that an object leaves out is null.
 */
export async function* rowBatches(rows: AsyncIterable<Given>, columns: readonly Column[]): AsyncGenerator<Row[]> {
  const cellsOf = reader(columns)
  let batch: Row[] = []
  let text = 0
  let count = 0
  for await (const given of rows) {
    count += 1
    const row = Array.isArray(given)
      ? checkLength(given as Row, columns, count)
      : cellsOf(given as { readonly [column: string]: Cell }, count)
    batch.push(row)
    for (let index = 0; index < row.length; index++) {
      const cell = row[index]
      if (typeof cell === 'string') text += cell.length
    }
    if (batch.length < BATCH_ROWS && text < BATCH_TEXT) continue
    yield batch
    batch = []
    text = 0
  }
  if (batch.length > 0) yield batch
}

/** Cells of an object in the order of the columns. */
function reader(columns: readonly Column[]): (given: { readonly [column: string]: Cell }, count: number) => Row {
  const names = columns.map(({ name }) => name)
  const places = new Map(names.map((name, index) => [name, index]))
  return (given, count) => {
    if (typeof given !== 'object' || given === null) throw wrong(`Row ${count} is neither an object nor an array.`)
    // Most rows have exactly the columns, in their order: then no name is looked up. What is inherited does not count.
    if (Object.getPrototypeOf(given) === Object.prototype) {
      const cells: Cell[] = []
      let same = true
      for (const name in given) {
        same = name === names[cells.length]
        if (!same) break
        cells.push(given[name])
      }
      if (same && cells.length === names.length) return cells
    }
    return cellsByName(given, places, count)
  }
}

function cellsByName(
  given: { readonly [column: string]: Cell },
  places: ReadonlyMap<string, number>,
  count: number,
): Row {
  const cells: Cell[] = new Array<Cell>(places.size).fill(null)
  for (const name of Object.keys(given)) {
    const place = places.get(name)
    if (place === undefined)
      throw wrong(`Row ${count} has a cell "${name.slice(0, 100)}", but the report has no such column.`)
    cells[place] = given[name]
  }
  return cells
}

function checkLength(row: Row, columns: readonly Column[], count: number): Row {
  if (row.length !== columns.length)
    throw wrong(`Row ${count} has ${row.length} cells, but the report has ${columns.length} columns.`)
  return row
}

function wrong(message: string): ReportFailed {
  return new ReportFailed('INTERNAL', message)
}
