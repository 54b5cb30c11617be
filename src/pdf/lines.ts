/** Text that a page shows in one go. Measures in points, from the page's upper left corner as one reads it. */
export interface Item {
  readonly text: string
  readonly left: number
  readonly right: number
  /** Of its baseline. */
  readonly y: number
  readonly height: number
  readonly font: string
}

/** Words that stand together. */
export type Piece = Pick<Item, 'text' | 'left' | 'right' | 'font'>

export interface Line {
  readonly y: number
  readonly height: number
  /** From left to right. */
  readonly pieces: readonly Piece[]
}

/** Parts of the height: of baselines that are one, of a gap between words, and of one between cells. */
const SAME_LINE = 0.35
const BETWEEN_WORDS = 0.15
const BETWEEN_CELLS = 0.6

/** The lines of a page, from top to bottom, however their parts came. */
export function linesOf(items: readonly Item[]): Line[] {
  const lines: Item[][] = []
  for (const item of items.filter(({ text }) => text.trim() !== '').toSorted((a, b) => a.y - b.y)) {
    const line = lines.at(-1)
    const first = line?.[0]
    if (line && first && item.y - first.y <= SAME_LINE * Math.min(first.height, item.height)) line.push(item)
    else lines.push([item])
  }
  return lines.map((line) => ({
    y: line[0]!.y,
    height: Math.max(...line.map(({ height }) => height)),
    pieces: piecesOf(line.toSorted((a, b) => a.left - b.left)),
  }))
}

function piecesOf(line: readonly Item[]): Piece[] {
  const pieces: Piece[] = []
  for (const { text, left, right, height, font } of line) {
    const last = pieces.at(-1)
    const said = text.replaceAll(/\s+/g, ' ').trim()
    // Some make letters bold by writing them twice.
    if (last && last.text === said && Math.abs(last.left - left) < 1) continue
    const gap = last ? left - last.right : Infinity
    if (last && gap < BETWEEN_CELLS * height) {
      const joined = `${last.text}${gap > BETWEEN_WORDS * height ? ' ' : ''}${said}`
      pieces[pieces.length - 1] = { ...last, text: joined, right: Math.max(last.right, right) }
    } else pieces.push({ text: said, left, right, font })
  }
  return pieces
}

const NUMBER =
  /^[(\-+\u2212]?\s*[€$£¥]?\s*[-+\u2212]?\d[\d.,'\u2019\u00a0\u202f ]*\s*(%|[€$£¥]|EUR|USD|GBP|CHF|CR|DR)?\)?-?$/
const DATE = /^\d{1,4}[./]\d{1,2}[./]\d{1,4}$/

/** An amount, a count or a share; not a date. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text) && !DATE.test(text)
}
