import { describe, expect, test } from 'vitest'
import { formatNamed } from '../../src/formats/index.ts'
import { xlsx } from '../../src/formats/xlsx.ts'
import type { Cell, Column, ColumnType, Row } from '../../src/report-type/define.ts'
import { batchesOf, bytesOf, HOSTILE_TEXTS } from '../support/rows.ts'
import { readSheet, unzip, type SheetCell } from '../support/xlsx.ts'

const encode = (columns: readonly Column[], rows: readonly Row[], timeZone = 'UTC') =>
  bytesOf(xlsx.encode(batchesOf([rows]).batches, { columns, csvDialect: 'POSTGRES', timeZone }))

/** Each value as the one cell of a row: what a reader finds, and how it is shown. */
async function cellsOf(type: ColumnType, values: readonly Cell[], timeZone?: string): Promise<(SheetCell | null)[]> {
  const { rows } = readSheet(await encode([{ name: 'it', type }], values.map((value) => [value]), timeZone)) // prettier-ignore
  return rows.slice(1).map(([cell]) => cell ?? null)
}
const shown = (cells: (SheetCell | null)[]) => cells.map((cell) => cell && [cell.value, cell.format])

test('a workbook of one sheet whose bold header stays in view', async () => {
  const bytes = await encode([{ name: 'id', type: 'Int' }, { name: 'näme <&>', type: 'String' }], [[1, 'x']]) // prettier-ignore
  expect([...unzip(bytes).keys()]).toEqual([
    '[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml', 'xl/_rels/workbook.xml.rels', 'xl/styles.xml', 'xl/worksheets/sheet1.xml',
  ]) // prettier-ignore
  const { rows, frozenRows } = readSheet(bytes)
  expect(frozenRows).toBe(1)
  expect(rows[0]).toEqual([
    { type: 'inlineStr', value: 'id', format: '@', bold: true },
    { type: 'inlineStr', value: 'näme <&>', format: '@', bold: true },
  ])
  expect(rows[1]!.map((cell) => cell!.bold)).toEqual([false, false])
})

test('columns beyond Z have two and three letters', async () => {
  const columns = Array.from({ length: 800 }, (_, index): Column => ({ name: `c${index}`, type: 'Int' }))
  const { rows } = readSheet(await encode(columns, [columns.map((_, index) => index)]))
  expect(rows[1]!.map((cell) => cell!.value)).toEqual(columns.map((_, index) => index))
})

describe('numbers', () => {
  test('whole ones are numbers while a spreadsheet keeps all of their digits, else text', async () => {
    const exact = ['0', '1', '-1', '123456789012345', '-123456789012345', '999999999999999']
    const text = ['9007199254740991', '9007199254740993', '-9223372036854775808', '1234567890123456', '007', '']
    const cells = await cellsOf('BigInt', [...exact, ...text])
    expect(cells.map((cell) => [cell!.type, String(cell!.value)])).toEqual([
      ...exact.map((each) => ['n', each]),
      ...text.map((each) => ['inlineStr', each]),
    ])
    expect(shown(await cellsOf('BigInt', [12n, 2n ** 63n, 12]))).toEqual([
      [12, '0'], ['9223372036854775808', '@'], [12, '0'],
    ]) // prettier-ignore
  })

  test('decimals show the digits that they were written with', async () => {
    expect(shown(await cellsOf('Decimal', ['12.50', '0.1', '-0.00001', '100', '0.123456789012345', 1.5, '9999999999.99', '0.25000000000000000000']))).toEqual([
      [12.5, '0.00'], [0.1, '0.0'], [-0.00001, '0.00000'], [100, '0'], [0.123456789012345, '0.000000000000000'], [1.5, '0.0'], [9999999999.99, '0.00'], [0.25, '0.00'],
    ]) // prettier-ignore
    const text = ['123456789012345.67', '0.1234567890123456', '0.30000000000000004', 'NaN', 'Infinity', '1e5', '1,5']
    expect(shown(await cellsOf('Decimal', text))).toEqual(text.map((each) => [each, '@']))
  })

  test('every decimal that is a number is the same when it is written out again', async () => {
    const texts = Array.from({ length: 2000 }, (_, index) => {
      const digits = String((index * 7_919_000_003) % 999_999_999_999_999).padStart(15, '1')
      const place = index % 15
      return `${index % 2 ? '-' : ''}${digits.slice(0, place).replace(/^0+(?=\d)/, '') || '0'}.${digits.slice(place)}`
    })
    const cells = await cellsOf('Decimal', texts)
    for (const [index, cell] of cells.entries())
      expect(typeof cell!.value === 'number' ? cell!.value.toFixed(texts[index]!.split('.')[1]!.length) : cell!.value).toBe(texts[index]) // prettier-ignore
    expect(cells.filter((cell) => cell!.type === 'n').length).toBeGreaterThan(1500)
  })

  test('floats are doubles; what is none is text', async () => {
    expect(shown(await cellsOf('Float', [1.5, 1e300, 5e-324, 0.1 + 0.2, Number.NaN, Number.NEGATIVE_INFINITY]))).toEqual([
      [1.5, 'General'], [1e300, 'General'], [5e-324, 'General'], [0.30000000000000004, 'General'], ['NaN', '@'], ['-Infinity', '@'],
    ]) // prettier-ignore
  })
})

describe('dates', () => {
  const DAY = 'yyyy\\-mm\\-dd'
  const MOMENT = `${DAY}\\ hh:mm:ss`
  test('days are dates where a spreadsheet has them, else text', async () => {
    expect(shown(await cellsOf('Date', ['2026-11-21', '1900-03-01', '9999-12-31', '2024-02-29', new Date('2026-11-21T23:00:00Z')]))).toEqual([
      [46347, DAY], [61, DAY], [2958465, DAY], [45351, DAY], [46347, DAY],
    ]) // prettier-ignore
    const text = ['1900-02-28', '1850-01-01', '10000-01-01', 'infinity', '0044-03-15 BC', '2026-02-29', '2026-13-01']
    expect(shown(await cellsOf('Date', text))).toEqual(text.map((each) => [each, '@']))
  })

  test('instants are on the clock of the report’s zone, through gaps and folds', async () => {
    const instants = [
      '2026-01-01T00:00:00Z',
      '2026-03-29T00:59:59Z',
      '2026-03-29T01:00:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z',
    ]
    const local = [
      '2026-01-01 02:00:00',
      '2026-03-29 02:59:59',
      '2026-03-29 04:00:00',
      '2026-10-25 03:30:00',
      '2026-10-25 03:30:00',
    ]
    const cells = await cellsOf('DateTime', instants, 'Europe/Vilnius')
    expect(cells.map((cell) => new Date(Math.round(((cell!.value as number) - 25569) * 86_400) * 1000).toISOString().slice(0, 19).replace('T', ' '))).toEqual(local) // prettier-ignore
    expect(new Set(cells.map((cell) => cell!.format))).toEqual(new Set([MOMENT]))
    // Of a zone whose clocks were moved by seconds.
    const [before, after] = await cellsOf('DateTime', ['1937-06-30T23:40:27Z', '1937-06-30T23:59:59Z'], 'Europe/Amsterdam') // prettier-ignore
    const wall = (cell: SheetCell | null | undefined) => Math.round(((cell!.value as number) % 1) * 86_400)
    const told = (iso: string) => {
      const parts = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Amsterdam', timeStyle: 'medium' }).format(new Date(iso)) // prettier-ignore
      return parts.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
    }
    expect([wall(before), wall(after)]).toEqual([told('1937-06-30T23:40:27Z'), told('1937-06-30T23:59:59Z')])
  })

  test('fractions are kept to the microsecond, and shown', async () => {
    const [cell, whole] = await cellsOf('DateTime', ['2026-11-21T09:30:00.123456Z', new Date('2026-11-21T09:30:00.5Z')])
    expect(cell!.format).toBe(`${MOMENT}.000`)
    expect(Math.round(((cell!.value as number) - 46347) * 86_400e6)).toBeCloseTo(34_200_123_456, -1)
    expect(whole!.value).toBe(46347 + 34_200.5 / 86_400)
  })

  test('what is no date of a spreadsheet is text that says its zone', async () => {
    const text = [
      '1700-01-01T00:00:00Z',
      'infinity',
      '-infinity',
      '0044-03-15 12:00:00+00 BC',
      '294276-12-31 00:00:00+00',
    ]
    expect(shown(await cellsOf('DateTime', text, 'Asia/Kolkata'))).toEqual(text.map((each) => [each, '@']))
  })

  test('moments and times without a zone stay as they are', async () => {
    expect(shown(await cellsOf('LocalDateTime', ['2026-11-21 09:30:00', '2026-11-21 12:00:00.5', 'infinity'], 'Asia/Tokyo'))).toEqual([
      [46347 + 34_200 / 86_400, MOMENT], [46347 + 43_200.5 / 86_400, `${MOMENT}.000`], ['infinity', '@'],
    ]) // prettier-ignore
    expect(shown(await cellsOf('Time', ['06:00:00', '12:00:00.25', '24:00:00', '09:30:00+02']))).toEqual([
      [0.25, 'hh:mm:ss'], [43_200.25 / 86_400, 'hh:mm:ss.000'], ['24:00:00', '@'], ['09:30:00+02', '@'],
    ]) // prettier-ignore
  })
})

describe('text', () => {
  test('is never a formula, whatever it begins with', async () => {
    const bytes = await encode([{ name: '=1+1', type: 'String' }], HOSTILE_TEXTS.map((text) => [text])) // prettier-ignore
    expect(unzip(bytes).get('xl/worksheets/sheet1.xml')!.toString()).not.toContain('<f')
    expect(readSheet(bytes).rows.flat().map((cell) => cell!.type)).toEqual(Array(HOSTILE_TEXTS.length + 1).fill('inlineStr')) // prettier-ignore
  })

  test('control characters, and what looks like their escapes, come back', async () => {
    const all = Array.from({ length: 33 }, (_, code) => `a${String.fromCharCode(code)}b`)
    const texts = [
      ...all,
      '_x0041_',
      '_x000D_',
      '__x0041__',
      '_x00',
      '\ufffe\uffff',
      '\u007f\u0085\u2028',
      ']]>',
      '&amp;',
    ]
    expect((await cellsOf('String', texts)).map((cell) => cell!.value)).toEqual(texts)
  })

  test('other types are text: uuids, JSON, lists, bytes', async () => {
    expect((await cellsOf('ID', ['00000000-0000-4000-8000-000000000001', '0042'])).map((cell) => cell!.value)).toEqual(['00000000-0000-4000-8000-000000000001', '0042']) // prettier-ignore
    expect((await cellsOf('JSON', [{ a: [1, null] }, 'text'])).map((cell) => cell!.value)).toEqual(['{"a":[1,null]}', '"text"']) // prettier-ignore
    expect((await cellsOf('List', [['a', 'b c'], '{1,2}'])).map((cell) => cell!.value)).toEqual(['{a,"b c"}', '{1,2}'])
    expect((await cellsOf('Bytes', [Buffer.from('hi') as never])).map((cell) => cell!.value)).toEqual(['\\x6869'])
    expect((await cellsOf('Int', ['no number', true])).map((cell) => cell!.value)).toEqual(['no number', true])
  })
})

describe('what a sheet has no room for is a failure, never a cut', () => {
  const one: Column[] = [{ name: 'note', type: 'String' }]
  const two: Column[] = [{ name: 'n', type: 'Int' }]
  async function* many(count: number): AsyncGenerator<readonly Row[]> {
    const batch = Array.from({ length: 1024 }, (): Row => [1])
    for (let left = count; left > 0; left -= batch.length) yield left < batch.length ? batch.slice(0, left) : batch
  }
  const drain = async (rows: AsyncIterable<readonly Row[]>) => {
    let last: Buffer = Buffer.alloc(0)
    const options = { columns: two, csvDialect: 'POSTGRES', timeZone: 'UTC' } as const
    for await (const chunk of formatNamed('XLSX').encode(rows, options)) last = chunk as Buffer
    return last
  }

  test('a cell of 32,767 characters is the longest', async () => {
    const longest = '<'.repeat(32_767)
    expect(readSheet(await encode(one, [[longest]])).rows[1]![0]!.value).toBe(longest)
    await expect(encode(one, [['x'], [`${longest}x`]])).rejects.toMatchObject({
      code: 'FORMAT_LIMIT', retryable: false, message: 'A cell of XLSX holds 32,767 characters; A3 (column "note") has 32,768. Ask for another format.',
    }) // prettier-ignore
  })

  test('1,048,575 rows and the header are a full sheet; one more is ROW_LIMIT', async () => {
    expect((await drain(many(1_048_575))).includes('PK\x05\x06')).toBe(true)
    await expect(drain(many(1_048_576))).rejects.toMatchObject({ code: 'ROW_LIMIT', message: expect.stringContaining('1,048,576 rows') as string }) // prettier-ignore
  })

  test('16,384 columns are the most', async () => {
    const columns = Array.from({ length: 16_385 }, (_, index): Column => ({ name: `c${index}`, type: 'Int' }))
    await expect(encode(columns, [columns.map(() => 1)])).rejects.toMatchObject({ code: 'FORMAT_LIMIT' })
    await expect(encode(columns, [])).rejects.toMatchObject({ code: 'FORMAT_LIMIT' })
  })
})
