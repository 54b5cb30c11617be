import { ReportFailed } from '../src/errors.ts'
import type { Cell, Column, Row } from '../src/report/define.ts'

/** A batch is handed on with so many rows, or so many characters of text in it. */
const BATCH_ROWS = 500
const BATCH_TEXT = 64 * 1024

type Given = Row | { readonly [column: string]: Cell }

/**
 * An author's rows, objects by column name or arrays, as batches of arrays in the order of the columns. Rejects with a final
 * failure that names the row and what is wrong with it; a column that an object leaves out is null.
 */
export async function* rowBatches(rows: AsyncIterable<Given>, columns: readonly Column[]): AsyncGenerator<Row[]> {
  const places = new Map(columns.map(({ name }, index) => [name, index]))
  let batch: Row[] = []
  let text = 0
  let count = 0
  for await (const given of rows) {
    count += 1
    const row = Array.isArray(given)
      ? checkLength(given as Row, columns, count)
      : cellsOf(given as { readonly [column: string]: Cell }, places, count)
    batch.push(row)
    for (const cell of row) if (typeof cell === 'string') text += cell.length
    if (batch.length < BATCH_ROWS && text < BATCH_TEXT) continue
    yield batch
    batch = []
    text = 0
  }
  if (batch.length > 0) yield batch
}

function cellsOf(given: { readonly [column: string]: Cell }, places: ReadonlyMap<string, number>, count: number): Row {
  if (typeof given !== 'object' || given === null) throw wrong(`Row ${count} is neither an object nor an array.`)
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
