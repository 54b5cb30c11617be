import { createColumns, type Columns } from './columns.ts'
import { isNumber, type Line, type Piece } from './lines.ts'

/** Where a table begins, and what its columns are called. */
export interface Header {
  readonly columns: Columns
  /** Distinct. */
  readonly names: readonly string[]
  /** Its lines as they are written, by which it is known again on other pages. */
  readonly lines: readonly Line[]
  /** Index of the line after it. */
  readonly end: number
  /** Lines after it that are rows, as far as one can see at a glance. */
  readonly rows: number
}

/** Words of a header are not many; nor are its lines, above and below the one with most words. */
const LONGEST_NAME = 60
const MORE_LINES = 2
/** Parts of the height: lines of one header, and rows of one table. */
const TIGHT = 1.5
const NEAR = 4

/**
 * The header of the widest table of a page (of equal ones that with most rows), or of the one whose header has these words. Null:
 * there is none. A header is a line of words, with lines below it whose parts stand in its columns.
 */
export function findHeader(lines: readonly Line[], heading: string | null): Header | null {
  let best: Header | null = null
  for (const [index, line] of lines.entries()) {
    if (line.pieces.length < 2 || !line.pieces.every(isName)) continue
    const header = headerAt(lines, index)
    const wanted = heading === null || has(header, heading)
    const least = header.columns.count > 2 ? 1 : 2
    if (!wanted || header.rows < least) continue
    const wider = header.columns.count - (best?.columns.count ?? 0)
    if (wider > 0 || (wider === 0 && header.rows > best!.rows)) best = header
  }
  return best
}

/** Where in the lines this header stands again, as its first line's index; -1: nowhere. */
export function findAgain(lines: readonly Line[], { lines: known }: Header): number {
  const texts = known.map(textOf)
  return lines.findIndex((_, start) => texts.every((text, index) => text === textOf(lines[start + index])))
}

const textOf = (line: Line | undefined) => line?.pieces.map(({ text }) => text).join('|') ?? null

/** A year may be the name of a column; other numbers are cells. */
function isName({ text }: Piece): boolean {
  return text.length <= LONGEST_NAME && (/^(19|20)\d\d$/.test(text) || (!isNumber(text) && !/\d{3}/.test(text)))
}

function headerAt(lines: readonly Line[], index: number): Header {
  const line = lines[index]!
  const { font } = line.pieces[0]!
  const isMore = (other: Line | undefined, beside: Line) =>
    other !== undefined &&
    Math.abs(other.y - beside.y) <= TIGHT * beside.height &&
    other.pieces.length <= line.pieces.length &&
    other.pieces.every((piece) => piece.font === font && isName(piece) && over(piece, line))
  let [first, last] = [index, index]
  while (index - first < MORE_LINES && isMore(lines[first - 1], lines[first]!)) first -= 1
  // Below, rows may look the same; a header of another font than its rows does not.
  while (last - index < MORE_LINES && isMore(lines[last + 1], lines[last]!)) last += 1
  if (lines[last + 1]?.pieces.every((piece) => piece.font === font) ?? true) last = index
  if (lines[index + 1]?.pieces.every((piece) => piece.font === font) && last === index) first = index
  const own = lines.slice(first, last + 1)
  const parts = line.pieces.map((piece) =>
    own.flatMap(({ pieces }) => pieces.filter((each) => overlap(each, piece) > 0)),
  )
  const places = parts.map((all) => ({
    left: Math.min(...all.map(({ left }) => left)),
    right: Math.max(...all.map(({ right }) => right)),
  }))
  const columns = createColumns(places)
  const names = distinct(parts.map((all) => all.map(({ text }) => text).join(' ')))
  return { columns, names, lines: own, end: last + 1, rows: rowsBelow(lines, last, columns) }
}

/** How many lines below are rows: parts in at least two columns, each alone in its own. */
function rowsBelow(lines: readonly Line[], last: number, columns: Columns): number {
  let rows = 0
  let { y } = lines[last]!
  for (const line of lines.slice(last + 1)) {
    if (line.y - y > NEAR * line.height) break
    const placed = columns.place(line)
    if (placed.length === 1 && placed[0]!.spans) break
    const filled = new Set(placed.map(({ column }) => column))
    if (filled.size >= 2 && filled.size === placed.length) rows += 1
    else if (filled.size !== placed.length) break
    y = line.y
  }
  return rows
}

const overlap = (a: Pick<Piece, 'left' | 'right'>, b: Pick<Piece, 'left' | 'right'>) =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left)
/** Whether it stands above or below exactly one part of the line. */
const over = (piece: Piece, line: Line) => line.pieces.filter((other) => overlap(piece, other) > 0).length === 1

function has({ names }: Header, heading: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll(/\s+/g, ' ').trim()
  return plain(names.join(' ')).includes(plain(heading))
}

function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let free = name
    for (let more = 2; taken.has(free); more++) free = `${name} ${more}`
    taken.add(free)
    return free
  })
}
