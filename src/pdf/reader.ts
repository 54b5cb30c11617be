import type { Placed } from './columns.ts'
import { findAgain, type Header } from './header.ts'
import { isNumber, type Line } from './lines.ts'

/** Parts of the height, or of the usual distance of two rows: lines of one cell, and lines of one table. */
const TIGHT = 1.35
const SAME_CELL = 1.8
const FAR = 2.2
/** As distance of two rows where none is known yet, in parts of the height. */
const USUAL = 1.8

/**
 * Reads the rows of one table, page by page. A cell may have several lines; the table may go on over pages, with its header on each or
 * on the first alone. What is near but no row (footers, terms of payment) is passed over. Pure; holds one row.
 */
export function createTableReader(header: Header) {
  const { columns, names } = header
  let row: string[] | null = null
  let pitch: number | null = null
  let startedAt = 0
  let placedAt = header.lines[0]!.pieces[0]!.left

  /** Where to begin: behind the header, where the page has it; else at the top, and then only what is clearly a row. */
  function begin(lines: readonly Line[]): { start: number; strict: boolean } {
    const again = findAgain(lines, header)
    if (again < 0) return { start: 0, strict: true }
    const { left } = lines[again]!.pieces[0]!
    columns.move(left - placedAt)
    placedAt = left
    return { start: again + header.lines.length, strict: false }
  }

  function* take(lines: readonly Line[], from?: number): Generator<readonly string[]> {
    const { start, strict } = from === undefined ? begin(lines) : { start: from, strict: false }
    let y = strict ? null : lines[start - 1]!.y
    let fresh = true
    for (let index = start; index < lines.length; index++) {
      const line = lines[index]!
      // A second table with the same header on one page.
      if (findAgain(lines.slice(index, index + header.lines.length), header) === 0) {
        index += header.lines.length - 1
        y = lines[index]!.y
        continue
      }
      const placed = columns.place(line)
      const gap = y === null ? Infinity : line.y - y
      const kind = kindOf(placed, line, gap, lines[index + 1], fresh)
      if (kind === 'none') continue
      if (kind === 'more' && row) join(row, placed)
      else {
        if (row) yield row
        if (!fresh) pitch = Math.min(pitch ?? Infinity, line.y - startedAt)
        startedAt = line.y
        row = names.map(() => '')
        join(row, placed)
        columns.learn(placed)
        fresh = false
      }
      y = line.y
    }
  }

  function kindOf(placed: readonly Placed[], line: Line, gap: number, next: Line | undefined, fresh: boolean) {
    const filled = new Set(placed.map(({ column }) => column))
    const usual = pitch ?? USUAL * line.height
    const amounts = placed.filter(
      ({ piece, column, aligned }) => isNumber(piece.text) && (aligned || columns.isNumeric(column)),
    )
    if (placed.length === 1 && placed[0]!.spans && amounts.length === 0) return 'none'
    // The first line below a header may be a little further away.
    if (gap > FAR * Math.max(usual, USUAL * line.height) * (fresh ? 1.5 : 1)) {
      const total = amounts.some(({ aligned }) => aligned) && placed.length > 1
      const alike = placed.every(({ aligned }) => aligned) && filled.size >= Math.max(2, Math.ceil(columns.count / 2))
      return total || alike ? 'row' : 'none'
    }
    if (amounts.length > 0) return 'row'
    const firstAlone = filled.size === 1 && filled.has(0)
    if (row && !filled.has(0) && gap <= Math.max(SAME_CELL * line.height, usual))
      return fresh && filled.size > 1 ? 'row' : 'more'
    if (row && firstAlone && gap <= TIGHT * line.height && (pitch === null || gap < 0.9 * pitch)) return 'more'
    if (filled.size >= 2) return 'row'
    // A line in one column alone is a title of rows that follow, or no part of the table.
    const follows = next !== undefined && next.y - line.y <= FAR * usual && new Set(columns.place(next).map(({ column }) => column)).size >= 2 // prettier-ignore
    return follows ? 'row' : 'none'
  }

  return {
    /** The rows that this page has ended; `from`: the line after the header, on the page where it was found. */
    take,
    /** The last row. */
    *end(): Generator<readonly string[]> {
      if (row) yield row
      row = null
    },
  }
}

function join(row: string[], placed: readonly Placed[]): void {
  for (const { column, piece } of placed) row[column] = row[column] === '' ? piece.text : `${row[column]} ${piece.text}`
}
