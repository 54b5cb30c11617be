import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CSV_DIALECTS, type FormatOptions } from '../../src/formats/format.ts'
import { FORMATS, formatNamed } from '../../src/formats/index.ts'
import type { Row } from '../../src/report-type/define.ts'
import { oracles } from '../support/oracles.ts'
import { expectedRows, READERS } from '../support/read-back.ts'
import { until } from '../support/until.ts'
import { batchesOf, bytesOf, HOSTILE_ROWS, TEXT_COLUMNS, textOf } from '../support/rows.ts'

const options: FormatOptions = { columns: TEXT_COLUMNS, csvDialect: 'POSTGRES', timeZone: 'UTC' }

describe.each(FORMATS.map((format) => [format.name, format] as const))('%s', (_, format) => {
  const encode = (rows: readonly (readonly Row[])[], failure?: Error) => {
    const { seen, batches } = batchesOf(rows, failure)
    return { seen, stream: format.encode(batches, options) }
  }

  test('is found by its name, and says what it is', () => {
    expect(formatNamed(format.name)).toBe(format)
    expect(format.extension).toMatch(/^[a-z]+$/)
    expect(format.contentType).toMatch(/^[a-z]+\/[a-z-]+/)
  })

  const { read, ahead } = READERS[format.name]
  const names = TEXT_COLUMNS.map(({ name }) => name)

  test('no rows make a whole document', async () => {
    for (const batches of [[], [[], []]]) {
      const { columns, rows } = await read(await bytesOf(encode(batches).stream))
      expect(rows).toEqual([])
      expect(columns ?? names).toEqual(names)
    }
  })

  test('one row', async () => {
    const row = [1, 'a', true]
    expect(await read(await bytesOf(encode([[row]]).stream))).toEqual({
      columns: names,
      rows: expectedRows(format, [row]),
    })
  })

  test('null and empty text are told apart', async () => {
    const bytes = await bytesOf(encode([[[1, null, null], [2, '', undefined]]]).stream) // prettier-ignore
    // The parser of CSV does not tell them.
    if (format.name === 'CSV') expect(bytes.toString()).toContain('1,,\n2,"",\n')
    else expect((await read(bytes)).rows).toEqual([[1, null, null], [2, '', null]]) // prettier-ignore
  })

  test('the same rows make the same bytes', async () => {
    const [first, second] = [await bytesOf(encode([HOSTILE_ROWS]).stream), await bytesOf(encode([HOSTILE_ROWS]).stream)]
    expect(first.equals(second)).toBe(true)
  })

  test('hostile text comes back as it was, however it was cut into batches', async () => {
    for (const size of [1, 7, HOSTILE_ROWS.length]) {
      const batches = Array.from({ length: Math.ceil(HOSTILE_ROWS.length / size) }, (__, index) =>
        HOSTILE_ROWS.slice(index * size, (index + 1) * size),
      )
      const { rows } = await read(await bytesOf(encode(batches).stream))
      expect(rows).toEqual(expectedRows(format, HOSTILE_ROWS))
    }
  })

  test('half a character is written as the replacement character or an escape, never as broken UTF-8', async () => {
    const { seen, stream } = encode([[[1, 'a\ud800b', null]]])
    const [, text] = (await read(await bytesOf(stream))).rows[0]!
    expect(['a\ufffdb', 'a\ud800b']).toContain(text)
    expect(seen.returned).toBe(true)
  })

  test('a batch of many rows is given in pieces, and nothing is lost', async () => {
    const rows = Array.from({ length: 20_000 }, (__, index): Row => [index, `${index}`.padEnd(50, 'x'), true])
    let largest = 0
    const chunks: Buffer[] = []
    for await (const chunk of encode([rows]).stream) {
      largest = Math.max(largest, (chunk as Buffer).length)
      chunks.push(chunk as Buffer)
    }
    expect(largest).toBeLessThan(1024 * 1024)
    expect((await read(Buffer.concat(chunks))).rows).toHaveLength(20_000)
  })

  test('a reader that does not read keeps the source waiting', async () => {
    const batch = () =>
      Array.from({ length: 1000 }, (__, index): Row => [index, randomBytes(150).toString('base64'), true])
    const { seen, stream } = encode(Array.from({ length: 60 }, batch))
    const reader = stream[Symbol.asyncIterator]()
    await reader.next()
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen.asked).toBeLessThanOrEqual(ahead)
    await reader.return!()
    await until(() => seen.returned)
  })

  test('an error of the source is the error of the stream', async () => {
    const failure = new Error('the source broke')
    await expect(textOf(encode([[[1, 'a', true]]], failure).stream)).rejects.toBe(failure)
  })

  test('a row of another width is refused, and the source is returned', async () => {
    const { seen, stream } = encode([[[1, 'a', true]], [[2, 'b']], [[3, 'c', true]]])
    await expect(textOf(stream)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('Row 2') as string,
    })
    expect(seen).toEqual({ asked: 2, returned: true })
  })

  test('destroying the stream returns the source, also one that never answers', async () => {
    let returned = false
    const hanging: AsyncIterable<readonly Row[]> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => {
          returned = true
          return new Promise(() => undefined)
        },
      }),
    }
    const stream = format.encode(hanging, options)
    const closed = new Promise((resolve) => stream.once('close', resolve))
    stream.read()
    stream.destroy()
    await closed
    expect(returned).toBe(true)
  })
})

test.each([
  ['CSV', 'id,text,flag\n', 'id,text,flag\n1,a,t\n'],
  ['NDJSON', '', '{"id":1,"text":"a","flag":true}\n'],
  ['JSON', '[]\n', '[\n{"id":1,"text":"a","flag":true}\n]\n'],
])('%s is text, to the byte', async (name, none, one) => {
  const encoded = (rows: Row[]) => textOf(formatNamed(name).encode(batchesOf([rows]).batches, options))
  expect(await encoded([])).toBe(none)
  expect(await encoded([[1, 'a', true]])).toBe(one)
})

test('there is no format of another name', () => {
  expect(() => formatNamed('XLS')).toThrow(RangeError)
})

test.each(CSV_DIALECTS)('CSV as %s: two parsers read the same', async (csvDialect) => {
  const { csvParse, papaparse } = await oracles()
  const text = await textOf(
    formatNamed('CSV').encode(batchesOf([HOSTILE_ROWS]).batches, {
      columns: TEXT_COLUMNS,
      csvDialect,
      timeZone: 'UTC',
    }),
  )
  const records = csvParse(text)
  expect(records).toHaveLength(HOSTILE_ROWS.length + 1)
  // papaparse guesses one line break for the whole text, so that a CR within quotes is left out of what it is shown.
  expect(papaparse(text.replace(/"[^"]*"/g, (cell) => cell.replaceAll('\r', ' ')))).toEqual(
    records.map((record) => record.map((cell) => cell.replaceAll('\r', ' '))),
  )
})
