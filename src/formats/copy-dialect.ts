import { Transform } from 'node:stream'
import type { FormatOptions } from './format.ts'
import { MOST_WHITE_SPACE, holdsText } from './formula.ts'
import { createFormulaProbe } from './white-space.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const LF = 0x0a
const CR = 0x0d
const APOSTROPHE = 0x27
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
/** One input byte grows to six at most (`f` -> `false`, and a CR); one cell holds back this much. */
const GROWTH = 6
const HELD = 3 * (MOST_WHITE_SPACE + 1)

/**
 * COPY's CSV bytes in another dialect, in one pass over bytes: no text is decoded and no cell is cut out. Chunks may end
 * anywhere, also inside a character or between the two quotes of "". Rests on what COPY writes: a quote begins a cell, or
 * is doubled within one, so that every quote byte turns "inside quotes" over.
 */
export function createDialectTransform(options: FormatOptions): Transform {
  const convert = options.csvDialect === 'EXCEL' ? excelConverter(options) : rfc4180Converter()
  let scratch = Buffer.allocUnsafe(0)
  let first = options.csvDialect === 'EXCEL'
  return new Transform({
    transform(chunk: Buffer, _, callback) {
      if (scratch.length < chunk.length * GROWTH + HELD) scratch = Buffer.allocUnsafeSlow(chunk.length * GROWTH + HELD)
      if (first) this.push(BOM)
      first = false
      const length = convert(chunk, scratch)
      callback(null, Buffer.from(scratch.subarray(0, length)))
    },
  })
}

/** Writes the converted chunk at the start of `out`; answers how many bytes that are. */
type Converter = (chunk: Buffer, out: Buffer) => number

function rfc4180Converter(): Converter {
  let quoted = false
  return (chunk, out) => {
    let length = 0
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index]!
      if (byte === QUOTE) quoted = !quoted
      else if (byte === LF && !quoted) out[length++] = CR
      out[length++] = byte
    }
    return length
  }
}

// What the next byte is, as far as EXCEL cares.
const WITHIN = 0
const CELL_START = 1
const TEXT_START = 2
const PROBING = 3

function excelConverter({ columns }: FormatOptions): Converter {
  const text = Uint8Array.from(columns, (column) => (holdsText(column) ? 1 : 0))
  const boolean = Uint8Array.from(columns, (column) => (column.type === 'Boolean' ? 1 : 0))
  const probe = createFormulaProbe()
  const held = Buffer.allocUnsafe(HELD)
  let heldLength = 0
  let quoted = false
  let header = true
  let column = 0
  let state = CELL_START

  return (chunk, out) => {
    let length = 0

    function release(formula: boolean): void {
      if (formula) out[length++] = APOSTROPHE
      if (heldLength > 0) length += held.copy(out, length, 0, heldLength)
      heldLength = 0
      state = WITHIN
    }

    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index]!
      if (state === CELL_START) {
        state = WITHIN
        if (header || text[column] === 1) {
          probe.start()
          if (byte === QUOTE) {
            quoted = true
            state = TEXT_START
            out[length++] = byte
            continue
          }
          if (byte !== COMMA && byte !== LF) state = TEXT_START
        } else if (boolean[column] === 1 && (byte === 0x74 || byte === 0x66)) {
          length += (byte === 0x74 ? TRUE : FALSE).copy(out, length)
          continue
        }
      }
      if (state >= TEXT_START) {
        // A quote ends the cell or stands for itself, and a comma or a line's end outside quotes ends it: no formula.
        const ends = byte === QUOTE || (!quoted && (byte === COMMA || byte === LF))
        const finding = ends ? 'text' : probe.next(byte)
        if (finding === 'open') {
          state = PROBING
          held[heldLength++] = byte
          continue
        }
        release(finding === 'formula')
      }
      if (byte === QUOTE) quoted = !quoted
      else if (!quoted && byte === COMMA) {
        column += 1
        state = CELL_START
      } else if (!quoted && byte === LF) {
        out[length++] = CR
        header = false
        column = 0
        state = CELL_START
      }
      out[length++] = byte
    }
    return length
  }
}
