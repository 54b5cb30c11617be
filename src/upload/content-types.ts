/** What an upload may be, and how its bytes show it. */
export interface ContentCheck {
  /** Takes the bytes in order. False: they are not what was said, and no more need come. */
  take(chunk: Buffer): boolean
  /** After the last: whether all of it was right. */
  end(): boolean
}

/** A PDF's mark may stand anywhere in the first kilobyte, as readers have it. */
const HEAD = 1024

const TYPES: Readonly<Record<string, { said: string; check(): ContentCheck }>> = {
  'application/pdf': { said: 'a PDF', check: () => head((bytes) => bytes.includes('%PDF-')) },
  'text/csv': { said: 'CSV in UTF-8', check: () => text() },
  'text/plain': { said: 'text in UTF-8', check: () => text() },
  'application/json': { said: 'JSON in UTF-8', check: () => text(/^[[{"\-0-9tfn]/) },
  'application/x-ndjson': { said: 'JSON in UTF-8, a value a line', check: () => text(/^[[{"\-0-9tfn]/) },
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': {
    said: 'an XLSX workbook',
    check: () => head((bytes) => bytes.subarray(0, 4).equals(Buffer.from('PK\x03\x04'))),
  },
}

export const CONTENT_TYPES: readonly string[] = Object.keys(TYPES)

/** For a type of CONTENT_TYPES: what its content is called, and a check of one file's bytes. */
export function contentCheck(contentType: string): { said: string; check: ContentCheck } {
  const type = TYPES[contentType]
  if (!type) throw new RangeError(`${contentType} is no type of an upload.`)
  return { said: type.said, check: type.check() }
}

/** Decided by the first bytes. */
function head(fits: (bytes: Buffer) => boolean): ContentCheck {
  let seen = Buffer.alloc(0)
  return {
    take(chunk) {
      if (seen.length < HEAD) seen = Buffer.concat([seen, chunk.subarray(0, HEAD - seen.length)])
      return seen.length < HEAD || fits(seen)
    },
    end: () => fits(seen),
  }
}

/** All of it UTF-8 without NUL; `begins`: its first character that is no white space. */
function text(begins = /^/): ContentCheck {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let begun = false
  const decode = (chunk?: Buffer): boolean => {
    try {
      const part = chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
      const first = begun ? '' : part.trimStart()
      if (first !== '') begun = true
      return !part.includes('\0') && (first === '' || begins.test(first))
    } catch (error) {
      if (error instanceof TypeError) return false
      throw error
    }
  }
  return { take: decode, end: () => decode() && begun }
}
