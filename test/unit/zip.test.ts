import { describe, expect, test } from 'vitest'
import { directory } from '../../src/formats/zip.ts'

const GIB4 = 2 ** 32
const entry = (more: object) => ({ name: 'a', crc: 7, packed: 10, size: 20, offset: 0, sizesBehind: true, ...more })

describe('beyond 32 bits', () => {
  test('small archives have nothing of 64 bits', () => {
    const bytes = directory([entry({})], 100)
    expect(bytes).toHaveLength(46 + 1 + 22)
    expect(bytes.readUInt16LE(6)).toBe(20)
  })

  test('sizes and places that need it stand in the extra field, in order, and only those', () => {
    const bytes = directory([entry({ size: GIB4 + 1 })], 100)
    expect(bytes.readUInt16LE(6)).toBe(45)
    expect([bytes.readUInt32LE(20), bytes.readUInt32LE(24)]).toEqual([10, GIB4 - 1])
    expect([bytes.readUInt16LE(47), bytes.readUInt16LE(49), bytes.readBigUInt64LE(51)]).toEqual([
      1,
      8,
      BigInt(GIB4 + 1),
    ])
    const all = directory([entry({ size: GIB4 + 1, packed: GIB4 + 2, offset: GIB4 + 3 })], 100)
    expect([51, 59, 67].map((at) => all.readBigUInt64LE(at))).toEqual([GIB4 + 1, GIB4 + 2, GIB4 + 3].map(BigInt))
  })

  test('a directory that begins beyond them is found by its locator', () => {
    const start = GIB4 + 1000
    const bytes = directory([entry({ size: GIB4, packed: GIB4 })], start)
    const end = bytes.length - 22
    expect(bytes.readUInt32LE(end + 16)).toBe(GIB4 - 1)
    expect(bytes.readUInt32LE(end - 20)).toBe(0x0706_4b50)
    const record = Number(bytes.readBigUInt64LE(end - 20 + 8)) - start
    expect(bytes.readUInt32LE(record)).toBe(0x0606_4b50)
    expect(Number(bytes.readBigUInt64LE(record + 40))).toBe(record)
    expect(Number(bytes.readBigUInt64LE(record + 48))).toBe(start)
  })
})
