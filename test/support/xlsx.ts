import { crc32, inflateRawSync } from 'node:zlib'

/** A reader of workbooks that knows nothing of the writer: the zip by its directory, the sheet by its tags. For tests that need no program. */

export interface SheetCell {
  /** inlineStr, b, or n where the file says nothing. */
  readonly type: string
  readonly value: string | number | boolean
  /** The code of its number format: "0.00", "yyyy\-mm\-dd"; General where there is none. */
  readonly format: string
  readonly bold: boolean
}
export interface Sheet {
  /** Each row by its number less one; null where there is no cell. */
  readonly rows: readonly (readonly (SheetCell | null)[])[]
  /** Of the first pane: how many rows stay in view. */
  readonly frozenRows: number
}

export function readSheet(bytes: Buffer): Sheet {
  const files = unzip(bytes)
  const sheet = files.get('xl/worksheets/sheet1.xml')!.toString()
  const styles = stylesOf(files.get('xl/styles.xml')!.toString())
  const rows: (SheetCell | null)[][] = []
  let width = 0
  for (const [, number, inner] of sheet.matchAll(/<row r="(\d+)">([^]*?)<\/row>/g)) {
    const row: (SheetCell | null)[] = []
    for (const [, letters, line, attributes, content] of inner!.matchAll(/<c r="([A-Z]+)(\d+)"([^>]*)>([^]*?)<\/c>/g)) {
      if (line !== number) throw new Error(`cell ${letters}${line} stands in row ${number}`)
      const type = /t="(\w+)"/.exec(attributes!)?.[1] ?? 'n'
      const style = styles[Number(/s="(\d+)"/.exec(attributes!)?.[1] ?? 0)]!
      row[columnNumber(letters!)] = { type, value: valueOf(type, content!), ...style }
    }
    rows[Number(number) - 1] = row
    width = Math.max(width, row.length)
  }
  const filled = Array.from(rows, (row) => Array.from({ length: width }, (_, index) => row?.[index] ?? null))
  const pane = /<pane [^>]*>/.exec(sheet)?.[0] ?? ''
  return {
    rows: filled,
    frozenRows: pane.includes('state="frozen"') ? Number(/ySplit="(\d+)"/.exec(pane)?.[1] ?? 0) : 0,
  }
}

/** All files of an archive; throws where a checksum or a size is wrong, or bytes stand between its parts. */
export function unzip(bytes: Buffer): Map<string, Buffer> {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06'))
  const files = new Map<string, Buffer>()
  let at = bytes.readUInt32LE(end + 16)
  let next = 0
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count--) {
    if (bytes.readUInt32LE(at) !== 0x0201_4b50) throw new Error('no entry of a directory')
    const flags = bytes.readUInt16LE(at + 8)
    const [crc, packed, size] = [16, 20, 24].map((offset) => bytes.readUInt32LE(at + offset)) as [
      number,
      number,
      number,
    ]
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset)) as [number, number, number] // prettier-ignore
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    const local = bytes.readUInt32LE(at + 42)
    if (local !== next) throw new Error(`${name} begins at ${local}, not at ${next}`)
    if (bytes.readUInt16LE(local + 6) !== flags) throw new Error(`${name}: two headers, two flags`)
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const file = inflateRawSync(bytes.subarray(start, start + packed))
    if (file.length !== size || crc32(file) !== crc) throw new Error(`${name} is not what it was`)
    next = start + packed
    if (flags & 8) {
      const behind = [0x0807_4b50, crc, packed, size]
      if (behind.some((number, index) => bytes.readUInt32LE(next + 4 * index) !== number))
        throw new Error(`${name}: what stands behind it is wrong`)
      next += 16
    }
    files.set(name, file)
    at += 46 + nameLength + extra + comment
  }
  if (at !== end || next !== bytes.readUInt32LE(end + 16)) throw new Error('bytes that belong to nothing')
  return files
}

function valueOf(type: string, content: string): SheetCell['value'] {
  if (type === 'inlineStr') {
    const [, preserve, text] = /^<is><t( xml:space="preserve")?>([^]*)<\/t><\/is>$/.exec(content)!
    if (!preserve && /^\s|\s$/.test(text!)) throw new Error('spaces that a reader may leave out')
    // oxlint-disable-next-line no-control-regex -- what must not be there
    if (/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|&(?!(amp|lt|gt);)/.test(text!)) throw new Error('not XML')
    const plain = text!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
    return plain.replace(/_x([0-9A-F]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  }
  const value = /^<v>([^<]+)<\/v>$/.exec(content)![1]!
  return type === 'b' ? value === '1' : Number(value)
}

function stylesOf(xml: string): { format: string; bold: boolean }[] {
  const codes: Record<string, string> = { 0: 'General', 1: '0', 2: '0.00', 49: '@' }
  for (const [, id, code] of xml.matchAll(/<numFmt numFmtId="(\d+)" formatCode="([^"]*)"/g)) codes[id!] = code!
  const fonts = [...xml.matchAll(/<font>.*?<\/font>/g)].map(([font]) => font.includes('<b/>'))
  return [.../<cellXfs[^]*<\/cellXfs>/.exec(xml)![0].matchAll(/<xf numFmtId="(\d+)" fontId="(\d+)"/g)].map(
    ([, format, font]) => ({ format: codes[format!]!, bold: fonts[Number(font)]! }),
  )
}

function columnNumber(letters: string): number {
  return [...letters].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 64, 0) - 1
}
