import { pipeline, Transform, type Readable } from 'node:stream'
import { crc32, createDeflateRaw, deflateRawSync } from 'node:zlib'

/** What a reader must be able to do: deflate; and sizes of 64 bits. */
const DEFLATE_VERSION = 20
const ZIP64_VERSION = 45
/** Names are UTF-8; and, where bit 3 is set, sizes stand behind the bytes. */
const UTF8 = 0x0800
const SIZES_BEHIND = 0x0008
/** 1980-01-01, the first day that a zip knows: the same rows make the same bytes. */
const DATE = 0x0021
/** What a field of 32 bits says when the number stands in one of 64. */
const LARGE = 0xffff_ffff
const CHUNK_BYTES = 64 * 1024

export interface ZipEntry {
  readonly name: string
  readonly crc: number
  /** In bytes, deflated and not. */
  readonly packed: number
  readonly size: number
  /** Where its local header begins. */
  readonly offset: number
  readonly sizesBehind: boolean
}

/**
 * A zip archive of some small files and one large one, which is deflated while it is read and held nowhere. Its sizes are known
 * only afterwards and stand behind it, in 64 bits where they need them; the directory at the end has them again, which is what
 * readers of such archives go by. An error of `large.bytes` is an error of the stream; destroying the stream destroys it.
 */
export function zipOf(
  small: readonly { name: string; text: string }[],
  large: { name: string; bytes: Readable },
): Readable {
  const head = new Pieces()
  const entries = small.map(({ name, text }) => {
    const bytes = Buffer.from(text)
    const packed = deflateRawSync(bytes)
    const entry = { name, crc: crc32(bytes), packed: packed.length, size: bytes.length, offset: head.length, sizesBehind: false } // prettier-ignore
    head.add(localHeader(entry))
    head.add(packed)
    return entry
  })
  const offset = head.length
  head.add(localHeader({ name: large.name, crc: 0, packed: 0, size: 0, offset, sizesBehind: true }))

  let [crc, size, packed] = [0, 0, 0]
  const measure = new Transform({
    readableHighWaterMark: CHUNK_BYTES,
    writableHighWaterMark: CHUNK_BYTES,
    transform(chunk: Buffer, _, callback) {
      crc = crc32(chunk, crc)
      size += chunk.length
      callback(null, chunk)
    },
  })
  // Level 1 of zlib: what follows is text that repeats itself, and a higher level takes thrice the time for a sixth of it.
  const deflate = createDeflateRaw({ level: 1, chunkSize: CHUNK_BYTES })
  const frame = new Transform({
    readableHighWaterMark: CHUNK_BYTES,
    writableHighWaterMark: CHUNK_BYTES,
    construct(callback) {
      this.push(head.whole())
      callback()
    },
    transform(chunk: Buffer, _, callback) {
      packed += chunk.length
      callback(null, chunk)
    },
    flush(callback) {
      const entry = { name: large.name, crc, packed, size, offset, sizesBehind: true }
      const behind = sizesAfter(entry)
      const start = head.length + packed + behind.length
      callback(null, Buffer.concat([behind, directory([...entries, entry], start)]))
    },
  })
  // Either end's fault destroys the others, and the reader of `frame` hears of it: nothing is left to call back.
  return pipeline(large.bytes, measure, deflate, frame, () => undefined)
}

/** The list of all entries and the end of the archive; `start`: where it begins. */
export function directory(entries: readonly ZipEntry[], start: number): Buffer {
  const pieces = new Pieces()
  for (const entry of entries) pieces.add(listed(entry))
  const length = pieces.length
  const wide = start >= LARGE || length >= LARGE
  if (wide) {
    const end = Buffer.alloc(56)
    end.writeUInt32LE(0x0606_4b50, 0)
    end.writeBigUInt64LE(44n, 4) // what follows of this record
    end.writeUInt16LE(ZIP64_VERSION, 12)
    end.writeUInt16LE(ZIP64_VERSION, 14)
    end.writeBigUInt64LE(BigInt(entries.length), 24)
    end.writeBigUInt64LE(BigInt(entries.length), 32)
    end.writeBigUInt64LE(BigInt(length), 40)
    end.writeBigUInt64LE(BigInt(start), 48)
    pieces.add(end)
    const locator = Buffer.alloc(20)
    locator.writeUInt32LE(0x0706_4b50, 0)
    locator.writeBigUInt64LE(BigInt(start + length), 8)
    locator.writeUInt32LE(1, 16)
    pieces.add(locator)
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(Math.min(length, LARGE), 12)
  end.writeUInt32LE(Math.min(start, LARGE), 16)
  pieces.add(end)
  return pieces.whole()
}

function listed(entry: ZipEntry): Buffer {
  const wide = [entry.size, entry.packed, entry.offset].filter((number) => number >= LARGE)
  const extra = Buffer.alloc(wide.length === 0 ? 0 : 4 + 8 * wide.length)
  if (wide.length > 0) {
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(8 * wide.length, 2)
    for (const [index, number] of wide.entries()) extra.writeBigUInt64LE(BigInt(number), 4 + 8 * index)
  }
  const name = Buffer.from(entry.name)
  const record = Buffer.alloc(46)
  record.writeUInt32LE(0x0201_4b50, 0)
  const version = wide.length > 0 ? ZIP64_VERSION : DEFLATE_VERSION
  record.writeUInt16LE(version, 4)
  writeFacts(record, 6, entry, version)
  record.writeUInt16LE(name.length, 28)
  record.writeUInt16LE(extra.length, 30)
  record.writeUInt32LE(Math.min(entry.offset, LARGE), 42)
  return Buffer.concat([record, name, extra])
}

function localHeader(entry: ZipEntry): Buffer {
  const name = Buffer.from(entry.name)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x0403_4b50, 0)
  writeFacts(header, 4, entry, DEFLATE_VERSION)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, name])
}

/** What a local header and the directory have in common, from the version on. */
function writeFacts(record: Buffer, at: number, { crc, packed, size, sizesBehind }: ZipEntry, version: number): void {
  record.writeUInt16LE(version, at)
  record.writeUInt16LE(UTF8 | (sizesBehind ? SIZES_BEHIND : 0), at + 2)
  record.writeUInt16LE(8, at + 4) // deflated
  record.writeUInt16LE(DATE, at + 8)
  record.writeUInt32LE(crc, at + 10)
  record.writeUInt32LE(Math.min(packed, LARGE), at + 14)
  record.writeUInt32LE(Math.min(size, LARGE), at + 18)
}

function sizesAfter({ crc, packed, size }: ZipEntry): Buffer {
  const wide = packed >= LARGE || size >= LARGE
  const record = Buffer.alloc(wide ? 24 : 16)
  record.writeUInt32LE(0x0807_4b50, 0)
  record.writeUInt32LE(crc, 4)
  if (wide) {
    record.writeBigUInt64LE(BigInt(packed), 8)
    record.writeBigUInt64LE(BigInt(size), 16)
  } else {
    record.writeUInt32LE(packed, 8)
    record.writeUInt32LE(size, 12)
  }
  return record
}

class Pieces {
  length = 0
  readonly #pieces: Buffer[] = []
  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.length += piece.length
  }
  whole(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
