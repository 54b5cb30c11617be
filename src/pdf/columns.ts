import { isNumber, type Line, type Piece } from './lines.ts'

/** How far edges that are meant to be one may be apart, in parts of the height. */
const SAME_EDGE = 0.4
/** Edges that are known of one column. */
const MOST_EDGES = 12

/** One column, as its header and its cells so far show it. */
interface Column {
  readonly header: { left: number; right: number }
  left: number
  right: number
  readonly lefts: number[]
  readonly rights: number[]
  numbers: number
  texts: number
}

/** A piece of a line in its column. */
export interface Placed {
  readonly column: number
  readonly piece: Piece
  /** By an edge that it shares with others of the column. */
  readonly aligned: boolean
  /** It also lies over most of another column's header. */
  readonly spans: boolean
}

/** Columns by the places of a header's pieces. */
export function createColumns(header: readonly Pick<Piece, 'left' | 'right'>[]) {
  const columns = header.map(({ left, right }): Column => {
    return { header: { left, right }, left, right, lefts: [left], rights: [right], numbers: 0, texts: 0 }
  })
  const near = (edges: readonly number[], edge: number, height: number) =>
    edges.some((known) => Math.abs(known - edge) <= SAME_EDGE * height)

  /** By an edge that is known; else by the most overlap; else the nearest. */
  function columnOf(piece: Piece, height: number): Pick<Placed, 'column' | 'aligned'> {
    const byLeft = columns.findIndex(({ lefts }) => near(lefts, piece.left, height))
    const byRight = columns.findIndex(({ rights }) => near(rights, piece.right, height))
    const byEdge = isNumber(piece.text) && byRight >= 0 ? byRight : byLeft >= 0 ? byLeft : byRight
    if (byEdge >= 0) return { column: byEdge, aligned: true }
    let best = 0
    let most = -Infinity
    for (const [index, { left, right }] of columns.entries()) {
      // Below zero: how far apart they are.
      const overlap = Math.min(right, piece.right) - Math.max(left, piece.left)
      if (overlap > most) [best, most] = [index, overlap]
    }
    return { column: best, aligned: false }
  }

  const covers = (piece: Piece, { header: { left, right } }: Column) =>
    Math.min(right, piece.right) - Math.max(left, piece.left) > 0.5 * (right - left)

  return {
    count: columns.length,

    place: ({ pieces, height }: Line): Placed[] =>
      pieces.map((piece) => ({
        piece,
        ...columnOf(piece, height),
        spans: columns.filter((column) => covers(piece, column)).length > 1,
      })),

    /** Whether the cells of the column are amounts, by those that it has. */
    isNumeric: (index: number) => columns[index]!.numbers > columns[index]!.texts,

    /** What a row of the table teaches about its columns. */
    learn(placed: readonly Placed[]): void {
      for (const { piece, column: index, aligned, spans } of placed) {
        const column = columns[index]!
        if (isNumber(piece.text)) column.numbers += 1
        else column.texts += 1
        if (spans) continue
        if (column.lefts.length < MOST_EDGES && !near(column.lefts, piece.left, 1)) column.lefts.push(piece.left)
        if (column.rights.length < MOST_EDGES && !near(column.rights, piece.right, 1)) column.rights.push(piece.right)
        if (!aligned) continue
        column.left = Math.min(column.left, piece.left)
        column.right = Math.max(column.right, piece.right)
      }
    },

    /** The same columns elsewhere: a page may have other margins. */
    move(by: number): void {
      for (const column of columns) {
        column.left += by
        column.right += by
        column.header.left += by
        column.header.right += by
        for (const edges of [column.lefts, column.rights]) for (const index of edges.keys()) edges[index]! += by
      }
    },
  }
}

export type Columns = ReturnType<typeof createColumns>
