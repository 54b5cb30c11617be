import { MOST_WHITE_SPACE } from './formula.ts'

/** What is known of a cell after some of its bytes. */
export type Finding = 'text' | 'formula' | 'open'

/** Second and third bytes of white space in UTF-8, by the bytes before; the rest of `\s` is one byte long. */
const NO_BREAK = 0xc2a0
const OGHAM = 0xe19a80
const IDEOGRAPHIC = 0xe38080
const BYTE_ORDER = 0xefbbbf
const LINE = 0xe280a8
const PARAGRAPH = 0xe280a9
const NARROW = 0xe280af
const MATHEMATICAL = 0xe2819f
const FULL_WIDTH = [0xefbc9d, 0xefbc8b, 0xefbc8d, 0xefbca0]

/**
 * Decides, byte by byte, whether a cell begins as a formula does: the same rule as formula.ts has for strings, for bytes
 * that may be cut anywhere. Bytes it calls 'open' are held by the caller, at most three for each of MOST_WHITE_SPACE.
 */
export function createFormulaProbe(): { start(): void; next(byte: number): Finding } {
  let character = 0
  let spaces = 0

  function whiteSpace(): Finding {
    character = 0
    spaces += 1
    return spaces > MOST_WHITE_SPACE ? 'formula' : 'open'
  }

  return {
    start() {
      character = 0
      spaces = 0
    },
    next(byte) {
      if (character === 0) {
        if (byte === 0x3d || byte === 0x2b || byte === 0x2d || byte === 0x40 || byte === 0x09 || byte === 0x0d)
          return 'formula'
        if (byte === 0x20 || byte === 0x0a || byte === 0x0b || byte === 0x0c) return whiteSpace()
        if (byte !== 0xc2 && byte !== 0xe1 && byte !== 0xe2 && byte !== 0xe3 && byte !== 0xef) return 'text'
        character = byte
        return 'open'
      }
      character = (character << 8) | byte
      if (character === NO_BREAK) return whiteSpace()
      if (character < 0x10000) return character >= 0xe100 ? 'open' : 'text'
      if (FULL_WIDTH.includes(character)) return 'formula'
      const space =
        (character >= 0xe28080 && character <= 0xe2808a) ||
        character === LINE || character === PARAGRAPH || character === NARROW || character === MATHEMATICAL ||
        character === OGHAM || character === IDEOGRAPHIC || character === BYTE_ORDER // prettier-ignore
      return space ? whiteSpace() : 'text'
    },
  }
}
