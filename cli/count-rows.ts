import { createReadStream } from 'node:fs'
import { PassThrough, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'

const [QUOTE, LINE_FEED, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [...'"\n\\{}[]'].map((sign) =>
  sign.charCodeAt(0),
)

/** Counts rows as bytes come, whatever is cut where. `end` gives the number. */
interface Counter {
  take(chunk: Uint8Array): void
  end(): number
}

/** What is counted of the formats that are text. A format that is not here can't be counted without its own reader. */
const COUNTERS: Readonly<Record<string, () => Counter>> = { CSV: records, NDJSON: lines, JSON: objects }
const EXPANDERS: Readonly<Record<string, () => Transform>> = { GZIP: createGunzip, ZSTD: createZstdDecompress }

/**
 * Rows of a document on disk, its header not counted; null where the format has no text to count. `format` and `compression` as the
 * API names them. Rejects where the bytes can't be decompressed or read.
 */
export async function countRows(
  path: string,
  { format, compression }: { format: string; compression: string },
): Promise<number | null> {
  const counter = COUNTERS[format]?.()
  if (!counter) return null
  await pipeline(
    createReadStream(path),
    EXPANDERS[compression]?.() ?? new PassThrough(),
    async (bytes: AsyncIterable<Uint8Array>) => {
      for await (const chunk of bytes) counter.take(chunk)
    },
  )
  return counter.end()
}

/** CSV: line breaks outside of quotes; a doubled quote opens again what it closed. */
function records(): Counter {
  let [count, quoted, open] = [0, false, false]
  return {
    take(chunk) {
      for (const byte of chunk) {
        if (byte === QUOTE) quoted = !quoted
        const ends = byte === LINE_FEED && !quoted
        if (ends) count += 1
        open = !ends
      }
    },
    end: () => Math.max(0, count + Number(open) - 1),
  }
}

function lines(): Counter {
  let [count, open] = [0, false]
  return {
    take(chunk) {
      for (const byte of chunk) {
        open = byte !== LINE_FEED
        if (!open) count += 1
      }
    },
    end: () => count + Number(open),
  }
}

/** JSON: objects that stand directly in the outermost list. */
function objects(): Counter {
  let [count, depth, quoted, escaped] = [0, 0, false, false]
  return {
    take(chunk) {
      for (const byte of chunk) {
        if (escaped) escaped = false
        else if (quoted) {
          escaped = byte === BACKSLASH
          quoted = byte !== QUOTE
        } else if (byte === QUOTE) quoted = true
        else if (byte === OPEN || byte === OPEN_LIST) {
          if (byte === OPEN && depth === 1) count += 1
          depth += 1
        } else if (byte === CLOSE || byte === CLOSE_LIST) depth -= 1
      }
    },
    end: () => count,
  }
}
