import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** Colours of a palette: one byte for each pixel. */
const MOST = 256
/** Squared distance of two colours that few eyes tell apart. */
const ALIKE = 400

/**
 * The same picture with at most 256 colours, which is a third of the bytes for one of text on plain grounds. What is rarer than those
 * becomes the nearest of them. Takes a PNG as browsers make it: 8 bits, RGB or RGBA, not interlaced.
 */
export function smallPng(png: Buffer): Buffer {
  const { width, height, depth, pixels } = read(png)
  const counts = new Map<number, number>()
  const colours = new Uint32Array(width * height)
  for (let at = 0; at < colours.length; at++) {
    const from = at * depth
    const colour = (pixels[from]! << 16) | (pixels[from + 1]! << 8) | pixels[from + 2]!
    colours[at] = colour
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const kept = paletteOf([...counts].toSorted(([, a], [, b]) => b - a).map(([colour]) => colour))
  const places = new Map(kept.map((colour, place) => [colour, place]))
  const rows = Buffer.alloc(height * (width + 1))
  for (let at = 0; at < colours.length; at++) {
    const colour = colours[at]!
    let place = places.get(colour)
    if (place === undefined) places.set(colour, (place = nearest(kept, colour)))
    rows[Math.floor(at / width) * (width + 1) + 1 + (at % width)] = place
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3], 8)
  const palette = Buffer.from(kept.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  const parts = [part('IHDR', head), part('PLTE', palette), part('IDAT', deflateSync(rows, { level: 9 })), part('IEND')]
  return Buffer.concat([png.subarray(0, 8), ...parts])
}

/** First those that look like none before them, so that a small green dot stays green; then the most frequent. */
function paletteOf(frequent: readonly number[]): number[] {
  const kept: number[] = []
  for (const colour of frequent)
    if (kept.length < MOST && (kept.length === 0 || far(kept[nearest(kept, colour)]!, colour) > ALIKE))
      kept.push(colour)
  const distinct = new Set(kept)
  return [...kept, ...frequent.filter((colour) => !distinct.has(colour))].slice(0, MOST)
}

const far = (a: number, b: number) =>
  [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0)

function nearest(colours: readonly number[], wanted: number): number {
  let best = 0
  for (let place = 1; place < colours.length; place++)
    if (far(colours[place]!, wanted) < far(colours[best]!, wanted)) best = place
  return best
}

function part(name: string, content = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(name), content])
  const whole = Buffer.alloc(named.length + 8)
  whole.writeUInt32BE(content.length, 0)
  named.copy(whole, 4)
  whole.writeUInt32BE(crc32(named), named.length + 4)
  return whole
}

/** The pixels, `depth` bytes each. Throws RangeError for another kind of PNG. */
function read(png: Buffer) {
  const [width, height, bits, kind, interlaced] = [
    png.readUInt32BE(16),
    png.readUInt32BE(20),
    png[24],
    png[25],
    png[28],
  ]
  const depth = kind === 2 ? 3 : kind === 6 ? 4 : 0
  if (bits !== 8 || depth === 0 || interlaced !== 0) throw new RangeError('not a PNG as a browser makes it')
  const packed: Buffer[] = []
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      packed.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  const bytes = inflateSync(Buffer.concat(packed))
  const line = width * depth
  const pixels = Buffer.alloc(height * line)
  for (let y = 0; y < height; y++) {
    const filter = bytes[y * (line + 1)]!
    for (let x = 0; x < line; x++) {
      const at = y * line + x
      const left = x < depth ? 0 : pixels[at - depth]!
      const above = y === 0 ? 0 : pixels[at - line]!
      const corner = x < depth || y === 0 ? 0 : pixels[at - line - depth]!
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter] ?? 0
      pixels[at] = bytes[y * (line + 1) + 1 + x]! + guess
    }
  }
  return { width, height, depth, pixels }
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(guess - value)) as [number, number, number]
  return a <= b && a <= c ? left : b <= c ? above : corner
}
