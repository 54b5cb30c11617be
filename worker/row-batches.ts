import { ReportFailed } from '../src/errors.ts'
import type { RowBatch } from '../src/formats/format.ts'
import type { Cell, Column, Row } from '../src/report-type/define.ts'
import type { Handed, SentColumns, SentRow } from '../src/sources/sent-row.ts'

/** A batch is handed on with so many rows, or so many characters of text in it. */
const BATCH_ROWS = 500
const BATCH_TEXT = 64 * 1024

type Given = Row | { readonly [column: string]: Cell }

/**
 * An author's rows, objects by column name or arrays, as batches of arrays in the order of the columns. Rejects with a final
 * failure that names the row and what is wrong with it; a column that an object leaves out is null.
 * @param handed what the author's queries handed out: rows that are passed on untouched are given with what was sent of them.
 */
export async function* rowBatches(
  rows: AsyncIterable<Given>,
  columns: readonly Column[],
  handed: Handed = { last: null },
): AsyncGenerator<RowBatch> {
  const cellsOf = reader(columns)
  const untouched = comparer(columns)
  let batch: Batch = []
  let text = 0
  let count = 0
  for await (const given of rows) {
    count += 1
    const { last } = handed
    if (last !== null && last.object === given && untouched(last)) {
      batch.push(last.cells)
      if (last.bytes !== null) (batch.sent ??= [])[batch.length - 1] = last
      text += last.size
    } else {
      const row = Array.isArray(given)
        ? checkLength(given as Row, columns, count)
        : cellsOf(given as { readonly [column: string]: Cell }, count)
      batch.push(row)
      for (let index = 0; index < row.length; index++) {
        const cell = row[index]
        if (typeof cell === 'string') text += cell.length
      }
    }
    if (batch.length < BATCH_ROWS && text < BATCH_TEXT) continue
    yield batch
    batch = []
    text = 0
  }
  if (batch.length > 0) yield batch
}

type Batch = Row[] & { sent?: (SentRow | undefined)[] }

/** Whether a row that an author gives still has the cells that it was handed with, and the report's columns in their order. */
function comparer(columns: readonly Column[]): (sent: SentRow) => boolean {
  let known: SentColumns | undefined
  let same = false
  return ({ object, cells, columns: sent }) => {
    if (sent !== known) {
      known = sent
      same = sent.names.length === columns.length && columns.every(({ name }, index) => name === sent.names[index])
    }
    if (!same) return false
    let index = 0
    for (const name in object) {
      if (name !== sent.names[index] || object[name] !== cells[index]) return false
      index++
    }
    return index === cells.length
  }
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
