import { describe, expect, test } from 'vitest'
import { CSV_DIALECTS, type Format, type FormatOptions } from '../../src/formats/format.ts'
import { FORMATS, formatNamed } from '../../src/formats/index.ts'
import type { Cell, Row } from '../../src/report-type/define.ts'
import { batchesOf, HOSTILE_ROWS, TEXT_COLUMNS, textOf } from '../support/rows.ts'
import { oracles } from '../support/oracles.ts'

const options: FormatOptions = { columns: TEXT_COLUMNS, csvDialect: 'POSTGRES' }

/** Reads a document back with somebody else's parser: rows of cells, null where a format can tell. */
async function readBack(format: Format, text: string): Promise<unknown[][]> {
  if (format.name === 'CSV') {
    const { csvParse } = await oracles()
    return csvParse(text).slice(1)
  }
  const objects =
    format.name === 'JSON'
      ? (JSON.parse(text) as object[])
      : text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as object)
  return objects.map((object) => {
    expect(Object.keys(object)).toEqual(TEXT_COLUMNS.map(({ name }) => name))
    return Object.values(object)
  })
}

/** What the parser is to find. CSV's parsers read all as text, and nothing for null. */
function expected(format: Format, rows: readonly Row[]): unknown[][] {
  const cell = (value: Cell) => (value === null ? '' : typeof value === 'boolean' ? (value ? 't' : 'f') : String(value))
  return rows.map((row) => (format.name === 'CSV' ? row.map(cell) : [...row]))
}

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

  test('no rows make a whole document', async () => {
    const whole = { CSV: 'id,text,flag\n', NDJSON: '', JSON: '[]\n' }
    expect(await textOf(encode([]).stream)).toBe(whole[format.name])
    expect(await textOf(encode([[], []]).stream)).toBe(whole[format.name])
  })

  test('one row', async () => {
    const whole = {
      CSV: 'id,text,flag\n1,a,t\n',
      NDJSON: '{"id":1,"text":"a","flag":true}\n',
      JSON: '[\n{"id":1,"text":"a","flag":true}\n]\n',
    }
    expect(await textOf(encode([[[1, 'a', true]]]).stream)).toBe(whole[format.name])
  })

  test('null and empty text are told apart', async () => {
    const text = await textOf(
      encode([
        [
          [1, null, null],
          [2, '', undefined],
        ],
      ]).stream,
    )
    expect(text).toContain({ CSV: '1,,\n2,"",\n', NDJSON: '"text":null', JSON: '"text":null' }[format.name])
    if (format.name !== 'CSV') expect(text).toContain('"text":""')
  })

  test('hostile text comes back as it was, however it was cut into batches', async () => {
    for (const size of [1, 7, HOSTILE_ROWS.length]) {
      const batches = Array.from({ length: Math.ceil(HOSTILE_ROWS.length / size) }, (__, index) =>
        HOSTILE_ROWS.slice(index * size, (index + 1) * size),
      )
      const text = await textOf(encode(batches).stream)
      expect(await readBack(format, text)).toEqual(expected(format, HOSTILE_ROWS))
    }
  })

  test('half a character is written as the replacement character or an escape, never as broken UTF-8', async () => {
    const { seen, stream } = encode([[[1, 'a\ud800b', null]]])
    const [, text] = (await readBack(format, await textOf(stream)))[0]!
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
    expect(await readBack(format, Buffer.concat(chunks).toString())).toHaveLength(20_000)
  })

  test('a reader that does not read keeps the source waiting', async () => {
    const batch = Array.from({ length: 1000 }, (__, index): Row => [index, 'x'.repeat(200), true])
    const { seen, stream } = encode(Array.from({ length: 50 }, () => batch))
    const reader = stream[Symbol.asyncIterator]()
    await reader.next()
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen.asked).toBeLessThanOrEqual(3)
    await reader.return!()
    expect(seen.returned).toBe(true)
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

test('there is no format of another name', () => {
  expect(() => formatNamed('XLS')).toThrow(RangeError)
})

test.each(CSV_DIALECTS)('CSV as %s: two parsers read the same', async (csvDialect) => {
  const { csvParse, papaparse } = await oracles()
  const text = await textOf(
    formatNamed('CSV').encode(batchesOf([HOSTILE_ROWS]).batches, { columns: TEXT_COLUMNS, csvDialect }),
  )
  const records = csvParse(text)
  expect(records).toHaveLength(HOSTILE_ROWS.length + 1)
  // papaparse guesses one line break for the whole text, so that a CR within quotes is left out of what it is shown.
  expect(papaparse(text.replace(/"[^"]*"/g, (cell) => cell.replaceAll('\r', ' ')))).toEqual(
    records.map((record) => record.map((cell) => cell.replaceAll('\r', ' '))),
  )
})
