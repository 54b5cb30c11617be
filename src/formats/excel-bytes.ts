import type { FormatOptions } from './format.ts'
import { holdsText, MOST_WHITE_SPACE } from './formula.ts'
import { createFormulaProbe } from './white-space.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const LF = 0x0a
const CR = 0x0d
const APOSTROPHE = 0x27
const AT = 0x40
const FIRST_BEYOND_ASCII = 0x80
const LETTER_T = 0x74
const LETTER_F = 0x66
const TRUE = [...Buffer.from('true')]
const FALSE = [...Buffer.from('false')]

// Where the next byte stands. The last three are also what a column is, for its first byte.
const PROBING = 1
const WITHIN = 0
const TEXT = 2
const BOOLEAN = 3

/** Writes the converted chunk at the start of `out`; answers how many bytes that are. */
export type Converter = (chunk: Buffer, out: Buffer) => number

/** Ends of lines, Boolean words and formulas, in one pass; what lies between two changes is copied in one piece. */
export function excelConverter({ columns }: FormatOptions): Converter {
  const body = Uint8Array.from(columns, (column) =>
    holdsText(column) ? TEXT : column.type === 'Boolean' ? BOOLEAN : WITHIN,
  )
  const probe = createFormulaProbe()
  const held = Buffer.allocUnsafe(3 * (MOST_WHITE_SPACE + 1))
  let heldLength = 0
  let kinds = body.map(() => TEXT)
  const between = { state: kinds[0] ?? WITHIN, quoted: false, column: 0 }

  return (chunk, out) => {
    // Locals, because the loop is twice as slow over what a closure holds.
    let { state, quoted, column } = between
    let length = 0
    let copied = 0
    // Where an apostrophe would go; a cell that the last chunk left open goes on at the first byte.
    let mark = 0
    for (let index = 0; index < chunk.length; index++) {
      let byte = chunk[index]!
      if (state === WITHIN) {
        while (byte > COMMA && ++index < chunk.length) byte = chunk[index]!
        if (byte === QUOTE) quoted = !quoted
        else if (quoted) continue
        else if (byte === COMMA) state = kinds[++column] ?? WITHIN
        else if (byte === LF) {
          length += chunk.copy(out, length, copied, index)
          out[length++] = CR
          copied = index
          kinds = body
          column = 0
          state = kinds[0] ?? WITHIN
        }
        continue
      }
      if (state === BOOLEAN) {
        state = WITHIN
        if (byte === LETTER_T || byte === LETTER_F) {
          length += chunk.copy(out, length, copied, index)
          for (const letter of byte === LETTER_T ? TRUE : FALSE) out[length++] = letter
          copied = index + 1
        } else index--
        continue
      }
      if (state === TEXT) {
        // Most cells begin with a letter.
        if (byte > AT && byte < FIRST_BEYOND_ASCII) {
          state = WITHIN
          continue
        }
        probe.start()
        state = PROBING
        mark = index
        if (byte === QUOTE) {
          quoted = true
          mark += 1
          continue
        }
      }
      // A quote ends the cell or stands for itself, and a comma or a line's end outside quotes ends it: no formula.
      const ends = byte === QUOTE || (!quoted && (byte === COMMA || byte === LF))
      const finding = ends ? 'text' : probe.next(byte)
      if (finding === 'open') continue
      state = WITHIN
      if (finding === 'formula' || heldLength > 0) {
        length += chunk.copy(out, length, copied, mark)
        if (finding === 'formula') out[length++] = APOSTROPHE
        length += held.copy(out, length, 0, heldLength)
        heldLength = 0
        copied = mark
      }
      if (ends) index--
    }
    between.state = state
    between.quoted = quoted
    between.column = column
    if (state !== PROBING) return length + chunk.copy(out, length, copied)
    length += chunk.copy(out, length, copied, mark)
    heldLength += chunk.copy(held, heldLength, mark)
    return length
  }
}
