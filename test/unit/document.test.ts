import { createHash, randomBytes } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { describe, expect, inject, test } from 'vitest'
import { COMPRESSIONS, compressionNamed } from '../../src/document/compression.ts'
import { createDigest } from '../../src/document/digest.ts'
import { createCopyPreview, PREVIEW_BYTES, previewOfRows } from '../../src/document/preview.ts'
import type { Column, Row } from '../../src/report-type/define.ts'
import { bytesOf } from '../support/rows.ts'

describe('compression', () => {
  const undo = { NONE: (bytes: Buffer) => bytes, GZIP: gunzipSync, ZSTD: zstdDecompressSync }
  const text = Buffer.from('id,name\n' + '1,Kettle\n'.repeat(200_000))

  test.each(COMPRESSIONS.map((one) => [one.name, one] as const))(
    '%s gives the same bytes back, in bounded chunks',
    async (name, compression) => {
      expect(compressionNamed(name)).toBe(compression)
      expect(name === 'NONE').toBe(compression.extension === '')
      const transform = compression.transform()
      const source = Readable.from([randomBytes(1_000_000), text])
      const chunks: Buffer[] = []
      const sink = new Writable({ write(chunk: Buffer, _, callback) { chunks.push(chunk); callback() } }) // prettier-ignore
      if (transform) await pipeline(source, transform, sink)
      else await pipeline(source, sink)
      if (transform) for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(64 * 1024)
      const back = undo[name](Buffer.concat(chunks))
      expect(back.subarray(1_000_000).equals(text)).toBe(true)
      if (transform) expect(Buffer.concat(chunks).length).toBeLessThan(1_100_000)
    },
  )

  test('there is no compression of another name', () => {
    expect(() => compressionNamed('LZMA')).toThrow(RangeError)
  })
})

describe('digest', () => {
  test('counts and hashes what passes, and says so only at the end', async () => {
    const chunks = Array.from({ length: 20 }, () => randomBytes(10_000))
    const digest = createDigest()
    expect(() => digest.facts()).toThrow(/before the stream has ended/)
    const passed: Buffer[] = []
    const sink = new Writable({ write(chunk: Buffer, _, callback) { passed.push(chunk); callback() } }) // prettier-ignore
    await pipeline(Readable.from(chunks), digest.stream, sink)
    expect(passed).toHaveLength(chunks.length)
    for (const [index, chunk] of passed.entries()) expect(chunk).toBe(chunks[index])
    expect(digest.facts()).toEqual({
      byteSize: 200_000,
      sha256: createHash('sha256').update(Buffer.concat(chunks)).digest('hex'),
    })
    expect(digest.bytesSoFar()).toBe(200_000)
  })
})

describe('preview', () => {
  const types = ['Int', 'Float', 'Decimal', 'BigInt', 'Boolean', 'String', 'Date', 'DateTime', 'JSON'] as const
  const columns: Column[] = types.map((type) => ({ name: type, type }))
  const first = [
    1,
    0.5,
    '12.50',
    '9007199254740993',
    true,
    'a "b",\nc',
    '2026-11-21',
    '2026-11-21T09:00:00Z',
    { a: [1] },
  ]

  test("of COPY's bytes: the same cells as of typed rows, whatever the chunks", async () => {
    const client = new Client(inject('postgresUrl'))
    await client.connect()
    try {
      await client.query(`set timezone = 'Asia/Kathmandu'`)
      const copy = await bytesOf(client.query(copyTo(`copy (
        select 1 "Int", 0.5::float8 "Float", 12.50 "Decimal", 9007199254740993 "BigInt", true "Boolean", E'a "b",\\nc' "String",
          date '2026-11-21' "Date", timestamptz '2026-11-21 09:00:00Z' "DateTime", '{"a": [1]}'::json "JSON"
        union all select null, 'NaN', null, null, false, '', null, null, null
        union all select null, null, null, null, null, null, null, null, null
      ) to stdout (format csv, header)`))) // prettier-ignore
      const whole = createCopyPreview(columns)
      whole.take(copy)
      const singly = createCopyPreview(columns)
      for (const byte of copy) singly.take(Buffer.from([byte]))
      expect(singly.rows()).toEqual(whole.rows())
      expect(whole.rows()).toEqual([
        first,
        [null, 'NaN', null, null, false, '', null, null, null],
        columns.map(() => null),
      ])
    } finally {
      await client.end()
    }
    const typed = previewOfRows(columns)
    typed.take([
      [
        1,
        0.5,
        '12.50',
        9007199254740993n,
        true,
        'a "b",\nc',
        '2026-11-21',
        new Date('2026-11-21T09:00:00Z'),
        { a: [1] },
      ],
    ])
    expect(typed.rows()).toEqual([first])
  })

  test('keeps 100 rows and 64 KiB at most, and whole rows only', () => {
    const text: Column[] = [{ name: 'text', type: 'String' }]
    const rows = (length: number): Row[] =>
      Array.from({ length: 300 }, (_, index) => [`${index} ${'é'.repeat(length)}`])
    const csv = (length: number) => Buffer.from(`text\n${rows(length).map(([cell]) => `"${cell as string}"\n`).join('')}`) // prettier-ignore
    for (const [length, most] of [
      [10, 100],
      [1000, 32],
      [20_000, 1],
      [200_000, 0],
    ] as const) {
      const typed = previewOfRows(text)
      const copied = createCopyPreview(text)
      for (const row of rows(length)) typed.take([row])
      const bytes = csv(length)
      for (let index = 0; index < bytes.length; index += 1001) copied.take(bytes.subarray(index, index + 1001))
      expect(Buffer.byteLength(JSON.stringify(typed.rows()))).toBeLessThanOrEqual(PREVIEW_BYTES)
      expect(typed.rows()).toEqual(rows(length).slice(0, most))
      expect(copied.rows()).toEqual(typed.rows())
    }
  })
})
